"""masks.h5 in one call is the file that the parts write."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

import mamviz
from mamviz.data.dataset import ImageData
from mamviz.errors import DataError
from mamviz.extraction import extract_masks, plan_extraction
from mamviz.models.weights import load_network
from mamviz.run import Run
from mamviz.schema import BlockStatistics
from mamviz.training.fresh import train_run
from tests.core.made import make_config, make_data


@pytest.fixture(scope="module")
def data() -> ImageData:
    return make_data(60)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: ImageData) -> Run:
    return train_run(tmp_path_factory.mktemp("runs") / "made-1", make_config(), data)


def test_one_call_writes_the_sums_that_plan_and_pass_write(run: Run, data: ImageData) -> None:
    plan, indices = plan_extraction(run, data, split="test", n_raw=3, version="0", shape=load_network(run).shape)
    expected = mamviz.read_statistics(extract_masks(run, data, plan, indices))
    run.masks_file.unlink()
    found = mamviz.read_statistics(mamviz.write_masks(run, data, split="test", n_raw=3))
    for field in fields(BlockStatistics):
        first, second = getattr(expected, field.name), getattr(found, field.name)
        if isinstance(first, np.ndarray):
            np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(expected.mask.total, found.mask.total)
    assert found.count.sum() == 12
    assert len(mamviz.read_raw(run.masks_file)[0]) == 3


def test_without_more_words_all_images_are_summed_and_none_is_stored_raw(run: Run, data: ImageData) -> None:
    mamviz.write_masks(run, data)
    assert mamviz.read_statistics(run.masks_file).count.sum() == data.n_images
    assert len(mamviz.read_images(run.masks_file).names) == data.n_images


def test_a_part_without_images_is_refused(run: Run) -> None:
    few = make_data(5)  # none of the first five is for testing
    with pytest.raises(DataError, match="found none"):
        mamviz.write_masks(run, few, split="test")
