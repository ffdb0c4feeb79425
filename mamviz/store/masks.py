"""masks.h5: block statistics of a data set's masks, its images' logits, and raw masks on request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mamviz.errors import MaskFileError
from mamviz.run import written_whole
from mamviz.schema import MAPS, Array, BlockStatistics, BlockSums, Provenance
from mamviz.store.hdf5 import STRING, allocate, opened, read_provenance, take, write_provenance
from mamviz.store.layout import block_shapes, check_layout

KIND = "masks"
PLAIN = ("count", "positives", "weight_sum", "label_gram", "feature_sum")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a masks.h5 will hold; two runs with the same plan may finish each other's file.

    names, labels, blocks    of the images, sorted by block: (N), (N, K), (N)
    n_raw                    raw masks are stored of the images whose `raw` is set
    """

    provenance: Provenance
    attributes: tuple[str, ...]
    grid: tuple[int, int, int]
    n_blocks: int
    names: tuple[str, ...]
    labels: Array
    blocks: Array
    raw: Array

    def rows_of(self, block: int) -> slice:
        """Return the rows of the images of one block."""
        start, stop = np.searchsorted(self.blocks, [block, block + 1])
        return slice(int(start), int(stop))


@dataclass(frozen=True, kw_only=True)
class ImageRows:
    """The images of a masks.h5, sorted by block: names, labels (N, K), logits (N, K), block (N)."""

    names: tuple[str, ...]
    labels: Array
    logits: Array
    blocks: Array


def create_masks(file: Path, plan: Plan) -> None:
    """Create a masks file of `plan` with empty blocks, all its space taken."""
    n_images, n_attributes, n_blocks = len(plan.names), len(plan.attributes), plan.n_blocks
    with written_whole(file) as partial, h5py.File(partial, "x") as handle:
        write_provenance(handle, plan.provenance, kind=KIND)
        for name, value in zip("KCHW", (n_attributes, *plan.grid), strict=True):
            handle.attrs[name] = value
        handle.create_dataset("attributes", data=np.array(plan.attributes, dtype=object), dtype=STRING)
        images = handle.create_group("images")
        images.create_dataset("name", data=np.array(plan.names, dtype=object), dtype=STRING)
        images.create_dataset("label", data=plan.labels.astype(np.uint8))
        images.create_dataset("block", data=plan.blocks.astype(np.int32))
        allocate(images, "logit", (n_images, n_attributes), np.float64)
        raw_rows = np.flatnonzero(plan.raw)
        images.create_dataset("mask_row", data=raw_rows.astype(np.int64))
        allocate(images, "mask", (len(raw_rows), n_attributes, *plan.grid), np.float16, chunk=True)
        blocks = handle.create_group("blocks")
        allocate(blocks, "done", (n_blocks,), np.uint8)
        for name, (shape, dtype) in block_shapes(n_blocks, n_attributes, plan.grid).items():
            allocate(blocks, name, shape, dtype)


@dataclass(frozen=True)
class Writer:
    """An open masks file whose blocks are being filled."""

    handle: h5py.File

    def write_logits(self, rows: slice, logits: Array) -> None:
        """Write logits (n, K) of the images at `rows`."""
        self.handle["images/logit"][rows] = logits

    def write_raw(self, rows: slice, masks: Any, chosen: Array) -> None:
        """Write the masks (n, K, C, H, W) of those of the images at `rows` that are `chosen`, as float16.

        masks    a torch tensor or an array; only the chosen are converted
        """
        for offset in np.flatnonzero(chosen):
            place = int(np.searchsorted(self.handle["images/mask_row"][:], rows.start + offset))
            image = masks[int(offset)]
            self.handle["images/mask"][place] = image.cpu().numpy() if hasattr(image, "cpu") else image

    def write_block(self, block: int, part: BlockStatistics) -> None:
        """Write one block's sums, then mark it done; `part` has this one block."""
        blocks = self.handle["blocks"]
        for name in PLAIN:
            blocks[name][block] = getattr(part, name)[0]
        for each in MAPS:
            for entry in fields(BlockSums):
                blocks[f"{each}/{entry.name}"][block] = getattr(part.sums(each), entry.name)[0]
        self.handle.flush()
        blocks["done"][block] = 1
        self.handle.flush()


@contextmanager
def writing(file: Path) -> Iterator[Writer]:
    """Open a masks file to fill its blocks."""
    with opened(file, kind=KIND, mode="r+") as handle:
        yield Writer(handle)


def same_plan(file: Path, plan: Plan) -> bool:
    """Tell whether `file` is a readable masks file that was made for `plan`, however its data are called."""
    try:
        with opened(file, kind=KIND) as handle:
            return bool(
                read_provenance(handle).same_numbers(plan.provenance)
                and len(handle["blocks/done"]) == plan.n_blocks
                and tuple(handle["attributes"].asstr()[:]) == plan.attributes
                and np.array_equal(handle["images/block"][:], plan.blocks)
                and np.array_equal(handle["images/mask_row"][:], np.flatnonzero(plan.raw))
            )
    except (MaskFileError, KeyError, OSError):
        return False


def unfinished_blocks(file: Path) -> tuple[int, ...]:
    """Return the blocks that a masks file still lacks."""
    with opened(file, kind=KIND) as handle:
        return tuple(int(block) for block in np.flatnonzero(handle["blocks/done"][:] == 0))


def join_masks(file: Path, parts: Sequence[Path]) -> None:
    """Add to `file` the finished blocks that it lacks and that `parts`, made for the same plan, have.

    Raw masks of other parts are copied in whole images.
    """
    with opened(file, kind=KIND, mode="r+") as handle:
        for part in parts:
            with opened(part, kind=KIND) as other:
                fresh = np.flatnonzero(other["blocks/done"][:] & (1 - handle["blocks/done"][:]))
                for block in fresh:
                    _copy_block(other, handle, int(block))


def read_statistics(file: Path) -> BlockStatistics:
    """Read all block statistics.

    Large sums are read from the file as they are used: replace such a file, don't write into it.

    Raises MaskFileError where the file is truncated, of another version, unfinished, or its shapes don't fit.
    """
    with opened(file, kind=KIND) as handle:
        attributes, grid = check_layout(handle, file)
        blocks = handle["blocks"]
        sums = {
            each: BlockSums(**{entry.name: take(blocks[each][entry.name]) for entry in fields(BlockSums)})
            for each in MAPS
        }
        plain = {name: take(blocks[name]) for name in PLAIN}
    return BlockStatistics(attributes=attributes, grid=grid, mask=sums["mask"], evidence=sums["evidence"], **plain)


def read_images(file: Path) -> ImageRows:
    """Read names, labels, logits and blocks of the images."""
    with opened(file, kind=KIND) as handle:
        check_layout(handle, file)
        images = handle["images"]
        return ImageRows(
            names=tuple(images["name"].asstr()[:]),
            labels=images["label"][:],
            logits=images["logit"][:],
            blocks=images["block"][:],
        )


def read_raw(file: Path, names: Sequence[str] | None = None) -> tuple[tuple[str, ...], Array]:
    """Read raw masks (n, K, C, H, W) float16 of the images `names`, or of all that have them, with their names.

    Raises MaskFileError where a name has none.
    """
    with opened(file, kind=KIND) as handle:
        check_layout(handle, file)
        rows = handle["images/mask_row"][:]
        stored = [str(handle["images/name"].asstr()[row]) for row in rows]
        if names is None:
            return tuple(stored), handle["images/mask"][:]
        missing = [name for name in names if name not in stored]
        if missing:
            raise MaskFileError(
                f"{file} has no raw masks of {missing[0]!r} ({len(stored)} images have). "
                "Write them with `mamviz extract-masks --raw all`."
            )
        places = [stored.index(name) for name in names]
        return tuple(names), np.stack([handle["images/mask"][place] for place in places])


def mask_provenance(file: Path) -> Provenance:
    """Return where the numbers of a masks file come from."""
    with opened(file, kind=KIND) as handle:
        return read_provenance(handle)


def _copy_block(source: h5py.File, target: h5py.File, block: int) -> None:
    n_attributes, channels, height, width = (int(target.attrs[name]) for name in "KCHW")
    for name in block_shapes(1, n_attributes, (channels, height, width)):
        target[f"blocks/{name}"][block] = source[f"blocks/{name}"][block]
    rows = np.flatnonzero(target["images/block"][:] == block)
    if len(rows):
        target["images/logit"][rows] = source["images/logit"][rows]
        own, others = target["images/mask_row"][:], source["images/mask_row"][:]
        for row in np.intersect1d(own, rows):
            place, other = np.searchsorted(own, row), np.searchsorted(others, row)
            target["images/mask"][place] = source["images/mask"][other]
    target.flush()
    target["blocks/done"][block] = 1
    target.flush()
