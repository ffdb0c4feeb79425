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

    folder   of the pieces kept so far, `name`-00000.npy and so on; None keeps nothing. It must be another one wherever
             the rows would be others: the caller's key stands in its name. A file that can't be read is made anew.
    """
    pieces = []
    for start in range(0, n_rows, PIECE):
        rows = slice(start, min(start + PIECE, n_rows))
        file = folder / f"{name}-{start:05d}.npy" if folder is not None else None
        piece = _read(file)
        if piece is None or len(piece) != rows.stop - start:
            piece = make(rows)
            if file is not None:
                with written_whole(file) as partial:
                    np.save(partial, piece)
        pieces.append(piece)
        progress(rows.stop, n_rows, name)
    return np.concatenate(pieces)


def _read(file: Path | None) -> Array | None:
    if file is None or not file.is_file():
        return None
    try:
        piece: Array = np.load(file)
    except (OSError, ValueError, EOFError):
        return None
    return piece
