"""Arrays that take minutes, computed in pieces that are kept: a stopped job goes on with the next one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from mamviz.run import written_whole
from mamviz.schema import Array, Progress, silent

PIECE = 64  # rows


def compute_pieces(
    make: Callable[[slice], Array],
    n_rows: int,
    *,
    folder: Path | None = None,
    name: str,
    progress: Progress = silent,
) -> Array:
    """Return the rows that `make` gives for each slice of 0 ... n_rows, under each other.

    folder   of the pieces kept so far, `name`-00000.npy and so on: see `keep_piece`
    """
    pieces = []
    for start in range(0, n_rows, PIECE):
        rows = slice(start, min(start + PIECE, n_rows))

        def make_rows(rows: slice = rows) -> Array:
            return make(rows)

        pieces.append(keep_piece(make_rows, folder=folder, name=f"{name}-{start:05d}", n_rows=rows.stop - start))
        progress(rows.stop, n_rows, name)
    return np.concatenate(pieces)


def keep_piece(make: Callable[[], Array], *, folder: Path | None, name: str, n_rows: int) -> Array:
    """Return the array that was kept under a name, or make it and keep it.

    folder   of `name`.npy; None keeps nothing. It must be another one, or the name, wherever the array would be
             another: the caller's key stands there. A file that can't be read, or not of n_rows rows, is made anew.
    """
    file = folder / f"{name}.npy" if folder is not None else None
    piece = _read(file)
    if piece is None or piece.ndim == 0 or len(piece) != n_rows:
        piece = make()
        if file is not None:
            with written_whole(file) as partial:
                np.save(partial, piece)
    return piece


def _read(file: Path | None) -> Array | None:
    if file is None or not file.is_file():
        return None
    try:
        piece: Array = np.load(file)
    except (OSError, ValueError, EOFError):
        return None
    return piece
