"""Packed images on disk: written in pieces that survive a kill, renamed when whole, mapped into memory."""

from __future__ import annotations

import io
import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import numpy as np
import numpy.typing as npt

from mamviz.data.journal import Bad, Entry, append_entry, read_journal
from mamviz.data.slot import Slot
from mamviz.errors import DataError
from mamviz.run import write_json, written_whole
from mamviz.schema import Progress

LAYOUT_VERSION = 1

Pixels = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Chunk:
    """Images made at one go; `bad` are (index, reason) of those that couldn't be, their pixels are 0."""

    images: Pixels
    bad: Bad = ()


Make = Callable[[int, int], Chunk]


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A whole cache file.

    images   (n, size, size, 3) mapped read-only
    kept     (n,) indices of the images asked for
    bad      (index, reason) of those left out
    """

    images: Pixels
    kept: Indices
    bad: Bad


def open_packed(slot: Slot) -> Packed | None:
    """Open a cache that is whole, or return None.

    A file of another layout version, shape or length is not whole; a job that fills the slot writes it anew.
    """
    try:
        index = json.loads(slot.index.read_text(encoding="utf-8"))
        bad = tuple((int(image), str(reason)) for image, reason in index["bad"])
        if index["layout_version"] != LAYOUT_VERSION:
            return None
        kept = np.delete(np.arange(slot.n_images), [image for image, _ in bad])
        header = _header(len(kept), slot.size)
        shape = (len(kept), slot.size, slot.size, 3)
        if slot.file.stat().st_size != len(header) + int(np.prod(shape)):
            return None
        with slot.file.open("rb") as handle:
            if handle.read(len(header)) != header:
                return None
    except (FileNotFoundError, ValueError, KeyError, TypeError, IndexError):
        return None
    images = np.load(slot.file, mmap_mode="r") if len(kept) else np.zeros(shape, np.uint8)
    return Packed(images=images, kept=kept, bad=bad)


def fill(slot: Slot, make: Make, *, progress: Progress, note: str) -> Bad:
    """Make all chunks that don't stand in the partial file yet; return the bad images.

    Stopped at any moment, it goes on from the last whole chunk: a chunk counts once its journal line is
    there and its checksum fits. Images that were bad are tried again: they may have been repaired. Two
    processes may fill the same slot: what both make is the same bytes at the same place, and each passes
    over what the other has ready. Raises DataError first where the disk has too little room.
    """
    slot.folder.mkdir(parents=True, exist_ok=True)
    _check_room(slot)
    bad: dict[int, str] = {}
    with _open_partial(slot) as handle:
        for start, stop in slot.chunks():
            entry = read_journal(slot.journal).get(start)
            if entry is None or zlib.crc32(_read_at(handle, slot, start, stop)) != entry.checksum:
                entry = _write_chunk(handle, slot, start, make(start, stop))
            elif entry.bad:
                entry = _retry(handle, slot, (start, stop), entry.bad, make)
            bad.update(entry.bad)
            progress(stop, slot.n_images, note)
    return tuple(sorted(bad.items()))


def finish(slot: Slot, bad: Bad) -> Packed:
    """Turn a partial file without gaps into a whole cache of the images that are not bad."""
    write_json(slot.index, {"layout_version": LAYOUT_VERSION, "bad": bad})
    try:
        if bad:
            _copy_good(slot, {image for image, _ in bad})
            slot.partial.unlink()
        else:
            with slot.partial.open("rb") as handle:
                os.fsync(handle.fileno())
            slot.partial.replace(slot.file)
    except FileNotFoundError:
        pass  # another process that filled the same slot was first; what it left is checked below
    slot.journal.unlink(missing_ok=True)
    packed = open_packed(slot)
    if packed is None:
        raise DataError(f"{slot.file}: expected a whole cache, another process changed it. Start again.")
    return packed


def _copy_good(slot: Slot, bad: set[int]) -> None:
    header = _header(slot.n_images - len(bad), slot.size)
    with slot.partial.open("r+b") as source, written_whole(slot.file) as path, path.open("wb") as target:
        target.write(header)
        for start, stop in slot.chunks():
            pixels = np.frombuffer(_read_at(source, slot, start, stop), np.uint8).reshape(stop - start, -1)
            good = [image - start for image in range(start, stop) if image not in bad]
            target.write(pixels[good].tobytes())


def _header(n_images: int, size: int) -> bytes:
    header = io.BytesIO()
    shape = (n_images, size, size, 3)
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return header.getvalue()


def _check_room(slot: Slot) -> None:
    try:
        taken = slot.partial.stat().st_blocks * 512
    except FileNotFoundError:  # not begun, or just renamed by another process that fills the same slot
        taken = 0
    needed = slot.n_images * slot.image_bytes - taken
    free = shutil.disk_usage(slot.folder).free
    if needed > free:
        raise DataError(
            f"{slot.folder}: expected {needed / 1e9:,.2f} GB of free space for {slot.n_images:,} images of "
            f"{slot.size} px, got {free / 1e9:,.2f} GB. Free some, take a smaller size or another cache folder."
        )


@contextmanager
def _open_partial(slot: Slot) -> Iterator[IO[bytes]]:
    # Created or not, grown or not: the same after it, so two processes may both do this.
    handle = os.fdopen(os.open(slot.partial, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    with handle:
        header = _header(slot.n_images, slot.size)
        handle.write(header)
        handle.truncate(len(header) + slot.n_images * slot.image_bytes)
        yield handle


def _read_at(handle: IO[bytes], slot: Slot, start: int, stop: int) -> bytes:
    handle.seek(len(_header(slot.n_images, slot.size)) + start * slot.image_bytes)
    return handle.read((stop - start) * slot.image_bytes)


def _write_chunk(handle: IO[bytes], slot: Slot, start: int, chunk: Chunk) -> Entry:
    pixels = chunk.images.tobytes()
    handle.seek(len(_header(slot.n_images, slot.size)) + start * slot.image_bytes)
    handle.write(pixels)
    handle.flush()
    entry = Entry(start, zlib.crc32(pixels), chunk.bad)
    append_entry(slot.journal, entry)
    return entry


def _retry(handle: IO[bytes], slot: Slot, images: tuple[int, int], bad: Bad, make: Make) -> Entry:
    start, stop = images
    pixels = np.frombuffer(_read_at(handle, slot, start, stop), np.uint8).reshape(-1, slot.size, slot.size, 3).copy()
    chunks = {image: make(image, image + 1) for image, _ in bad}
    for image, chunk in chunks.items():
        pixels[image - start] = chunk.images[0]
    still_bad = tuple(reason for chunk in chunks.values() for reason in chunk.bad)
    return _write_chunk(handle, slot, start, Chunk(pixels, still_bad))
