"""The layout of masks.h5: its datasets' shapes and types, the check before reading, and the room it takes."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from mamviz.errors import MaskFileError
from mamviz.schema import CENTRINGS, MAPS, VIEWS


def size_on_disk(n_blocks: int, n_attributes: int, grid: tuple[int, int, int], *, n_raw: int, n_images: int) -> int:
    """Return the bytes that a masks file of these dimensions takes, names apart."""
    shapes = block_shapes(n_blocks, n_attributes, grid)
    blocks = sum(int(np.prod(shape)) * np.dtype(dtype).itemsize for shape, dtype in shapes.values())
    return blocks + 2 * n_raw * n_attributes * int(np.prod(grid)) + n_images * n_attributes * 9


def block_shapes(
    n_blocks: int, n_attributes: int, grid: tuple[int, int, int]
) -> dict[str, tuple[tuple[int, ...], type[np.generic]]]:
    """Return shape and type of every dataset of /blocks; big sums are float64 sums rounded once to float32."""
    pairs = (n_attributes, n_attributes)
    shapes: dict[str, tuple[tuple[int, ...], type[np.generic]]] = {
        "count": ((n_blocks,), np.float64),
        "positives": ((n_blocks, n_attributes), np.float64),
        "weight_sum": ((n_blocks, n_attributes), np.float64),
        "label_gram": ((n_blocks, *pairs), np.float64),
        "feature_sum": ((n_blocks, *grid), np.float64),
    }
    for each in MAPS:
        for name in ("total", "positive", "adjusted"):
            shapes[f"{each}/{name}"] = ((n_blocks, n_attributes, *grid), np.float32)
        shapes[f"{each}/attribute_gram"] = ((n_blocks, len(VIEWS), *pairs), np.float64)
        shapes[f"{each}/channel_gram"] = ((n_blocks, grid[0], grid[0]), np.float64)
        for name in ("image_r", "image_count"):
            shapes[f"{each}/{name}"] = ((n_blocks, len(VIEWS), len(CENTRINGS), *pairs), np.float64)
    return shapes


def check_layout(handle: h5py.File, file: Path) -> tuple[tuple[str, ...], tuple[int, int, int]]:
    """Return attributes and grid; compare every shape before anything is allocated.

    Raises MaskFileError where a part is missing, a shape doesn't fit, or blocks are not done yet.
    """
    try:
        attributes = tuple(handle["attributes"].asstr()[:])
        grid = (int(handle.attrs["C"]), int(handle.attrs["H"]), int(handle.attrs["W"]))
        n_blocks, done = len(handle["blocks/done"]), int(handle["blocks/done"][:].sum())
        expected = {
            f"blocks/{name}": shape for name, (shape, _) in block_shapes(n_blocks, len(attributes), grid).items()
        }
        expected |= _image_shapes(handle, len(attributes), grid)
        for name, shape in expected.items():
            got = handle[name].shape
            if got != shape:
                raise MaskFileError(f"{file}: expected /{name} of shape {shape}, got {got}. Export again.")
    except KeyError as error:
        raise MaskFileError(f"{file}: a part is missing ({error.args[0]}). Export again.") from error
    if done < n_blocks:
        raise MaskFileError(f"{file}: {done} of {n_blocks} blocks are done. Finish it with `mamviz extract-masks`.")
    return attributes, grid


def _image_shapes(handle: h5py.File, n_attributes: int, grid: tuple[int, int, int]) -> dict[str, tuple[int, ...]]:
    """Return the shape of every dataset of /images; the file says how many images, and how many have raw masks."""
    n_images, n_raw = int(handle.attrs["n_images"]), len(handle["images/mask_row"])
    return {
        "images/name": (n_images,),
        "images/block": (n_images,),
        "images/label": (n_images, n_attributes),
        "images/logit": (n_images, n_attributes),
        "images/mask": (n_raw, n_attributes, *grid),
    }
