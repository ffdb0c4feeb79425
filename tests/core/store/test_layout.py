from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from mamviz.store.layout import block_shapes, check_layout, size_on_disk
from mamviz.store.masks import create_masks, read_images, read_raw, read_statistics
from tests.core.store.drawn import ATTRIBUTES, GRID, N_BLOCKS, Reader, draw_plan, fill, refusal

READERS: list[Reader] = [read_statistics, read_images, read_raw]


def test_a_whole_file_tells_its_attributes_and_grid(whole: Path) -> None:
    with h5py.File(whole) as handle:
        assert check_layout(handle, whole) == (ATTRIBUTES, GRID)


def test_shapes_are_block_first_then_attribute_channel_height_width() -> None:
    shapes = {name: shape for name, (shape, _) in block_shapes(64, 40, (48, 8, 7)).items()}
    assert len(shapes) == 19
    assert shapes["count"] == (64,)
    assert shapes["label_gram"] == (64, 40, 40)
    assert shapes["feature_sum"] == (64, 48, 8, 7)
    assert shapes["mask/adjusted"] == shapes["evidence/total"] == (64, 40, 48, 8, 7)
    assert shapes["mask/attribute_gram"] == (64, 3, 40, 40)
    assert shapes["evidence/channel_gram"] == (64, 48, 48)
    assert shapes["evidence/image_r"] == shapes["mask/image_count"] == (64, 3, 2, 40, 40)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "name",
    ["blocks/mask/total", "blocks/evidence/image_r", "blocks/count", "images/logit", "images/mask", "images/name"],
)
def test_a_wrong_shape_is_refused_by_the_datasets_name(copy: Path, read: Reader, name: str) -> None:
    with h5py.File(copy, "r+") as handle:
        data = handle[name][:]
        del handle[name]
        handle[name] = np.concatenate([data, data])
    assert f"expected /{name} of shape" in refusal(read, copy)


@pytest.mark.parametrize("name", ["C", "n_images"])
def test_dimensions_that_do_not_fit_the_arrays_are_refused(copy: Path, name: str) -> None:
    with h5py.File(copy, "r+") as handle:
        handle.attrs[name] = 5
    assert "of shape" in refusal(read_statistics, copy)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", ["attributes", "blocks/mask", "images/label", "blocks"])
def test_a_missing_part_is_refused(copy: Path, read: Reader, name: str) -> None:
    with h5py.File(copy, "r+") as handle:
        del handle[name]
    assert "a part is missing" in refusal(read, copy)


def test_creating_leaves_no_half_file_and_takes_all_its_space(tmp_path: Path) -> None:
    file, plan = tmp_path / "masks.h5", draw_plan()
    create_masks(file, plan)
    assert list(tmp_path.iterdir()) == [file]
    size = file.stat().st_size
    fill(file, plan)
    assert file.stat().st_size == size
    predicted = size_on_disk(N_BLOCKS, len(ATTRIBUTES), GRID, n_raw=3, n_images=7)
    # HDF5's own headers: a few kB for each of some thirty small datasets.
    assert predicted <= size <= predicted + 64_000
