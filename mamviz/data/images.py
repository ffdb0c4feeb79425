"""Image files packed once into a memory-mapped array of small squares."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from mamviz.config import Crop
from mamviz.data.cache import LAYOUT_VERSION, Chunk, Make, fill, finish, open_packed
from mamviz.data.decoding import decode_image
from mamviz.data.problems import settle_problems
from mamviz.data.slot import Slot
from mamviz.errors import DataError
from mamviz.schema import Progress, silent

Indices = npt.NDArray[np.int64]

_PIECE = 32  # images a thread decodes before it asks for more


@dataclass(frozen=True, kw_only=True)
class PackedFiles:
    """Files as pixels.

    images    (n, size, size, 3) uint8, mapped read-only
    kept      (n,) which of the files asked for
    sizes     (n,) bytes of each file
    skipped   what was left out, and why
    """

    images: npt.NDArray[np.uint8]
    kept: Indices
    sizes: Indices
    skipped: tuple[str, ...]


def pack(
    files: Sequence[Path],
    *,
    size: int,
    crop: Crop,
    folder: Path,
    threads: int = 1,
    skip_bad: bool = False,
    progress: Progress = silent,
) -> PackedFiles:
    """Decode `files` into a cache file under `folder`, or open the one that is there.

    The cache goes by names, sizes and times of the files, by crop and size: a changed file is decoded anew.
    Stopped, it goes on where it was. Every file is tried; then raises one DataError for all that can't be
    read, or leaves them out with `skip_bad`. Raises DataError first where the disk has too little room.
    """
    states = _stat_files(files)
    slot = Slot(folder=folder, key=_key(files, states, f"{crop} {size}"), n_images=len(files), size=size)
    packed = open_packed(slot)
    if packed is None:
        Image.preinit()  # here, so that no two threads load Pillow's readers at once
        with ThreadPoolExecutor(threads) as pool:
            bad = fill(slot, _decoder(files, size, crop, pool), progress=progress, note="packing images")
        settle_problems(_describe(files, bad), source="images", skip_bad=skip_bad)
        packed = finish(slot, bad)
    skipped = settle_problems(_describe(files, packed.bad), source="images", skip_bad=skip_bad)
    if not len(packed.kept):
        raise DataError(f"expected images, none of {len(files):,} can be read: {skipped[0]}. Check the folder.")
    return PackedFiles(
        images=packed.images,
        kept=packed.kept,
        sizes=states[packed.kept, 0],
        skipped=skipped,
    )


def _stat_files(files: Sequence[Path]) -> Indices:
    """Return size in bytes and time of change in ns of each file, (N, 2); -1 for one that isn't there."""
    states = np.full((len(files), 2), -1, np.int64)
    for row, file in enumerate(files):
        try:
            state = file.stat()
        except OSError:
            continue  # decoding it tells why
        states[row] = state.st_size, state.st_mtime_ns
    return states


def _key(files: Sequence[Path], states: Indices, cut: str) -> str:
    """Name the cache by all that its pixels come from; not by where the folder lies."""
    paths = [str(file) for file in files]
    folder = os.path.commonpath(paths)
    digest = hashlib.sha256(f"{LAYOUT_VERSION} {cut}\0".encode())
    digest.update("\0".join(path[len(folder) :] for path in paths).encode("utf-8", "surrogateescape"))
    digest.update(states.astype("<i8").tobytes())
    return f"images-{digest.hexdigest()[:24]}"


def _decoder(files: Sequence[Path], size: int, crop: Crop, pool: ThreadPoolExecutor) -> Make:
    def decode_piece(images: npt.NDArray[np.uint8], start: int) -> list[tuple[int, str]]:
        bad = []
        for row in range(len(images)):
            try:
                images[row] = decode_image(files[start + row], size=size, crop=crop)
            except DataError as error:
                bad.append((start + row, str(error)))
        return bad

    def decode(start: int, stop: int) -> Chunk:
        images = np.zeros((stop - start, size, size, 3), np.uint8)
        pieces = range(0, len(images), _PIECE)
        found = pool.map(lambda piece: decode_piece(images[piece : piece + _PIECE], start + piece), pieces)
        return Chunk(images, tuple(chain.from_iterable(found)))

    return decode


def _describe(files: Sequence[Path], bad: Sequence[tuple[int, str]]) -> list[str]:
    return [f"{files[image].name} {reason}" for image, reason in bad]
