"""Sums on the device against the brute-force statistics that the stats room's own tests rest on."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch

from mamviz.extraction import sums as sums_module
from mamviz.extraction.sums import add_images, start_sums, to_statistics
from mamviz.models.network import Masks
from mamviz.schema import BlockStatistics, BlockSums
from mamviz.stats.moments import adjusted_weights
from tests.core.stats.raw import ATTRIBUTES, Raw, fill, make_raw


def sum_in_batches(raw: Raw, batch_size: int) -> BlockStatistics:
    n_images, n_attributes = raw.labels.shape
    weights = adjusted_weights(raw.labels).values
    sums = start_sums(n_attributes, raw.mask.shape[2:], device="cpu")
    for start in range(0, n_images, batch_size):
        rows = slice(start, start + batch_size)
        tensors = [torch.from_numpy(values[rows]) for values in (raw.mask, raw.evidence, raw.features, raw.labels)]
        masks = Masks(tensors[0], tensors[1], tensors[2], torch.zeros(len(tensors[0]), n_attributes))
        add_images(sums, masks, labels=tensors[3], weights=torch.from_numpy(weights[rows]))
    return to_statistics(sums, ATTRIBUTES)


def assert_equal(got: BlockStatistics, expected: BlockStatistics) -> None:
    apart = ~np.eye(len(ATTRIBUTES), dtype=bool)
    for name in ("count", "positives", "weight_sum", "label_gram", "feature_sum"):
        np.testing.assert_allclose(getattr(got, name), getattr(expected, name), rtol=1e-10, atol=1e-12, err_msg=name)
    for each in ("mask", "evidence"):
        for entry in fields(BlockSums):
            ours, theirs = getattr(got.sums(each), entry.name), getattr(expected.sums(each), entry.name)
            if entry.name.startswith("image"):  # the diagonal carries nothing
                ours, theirs = ours[..., apart], theirs[..., apart]
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10, err_msg=f"{each} {entry.name}")


@pytest.mark.parametrize("batch_size", [1, 7, 256])
def test_sums_equal_brute_force_for_every_batch_size(batch_size: int) -> None:
    raw = make_raw(3)
    one_block = Raw(raw.mask, raw.features, raw.readout, raw.labels, np.zeros(len(raw.labels), np.int64))
    assert_equal(sum_in_batches(raw, batch_size), fill(one_block, n_blocks=1))


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_sums_equal_brute_force_where_symmetric_matrices_are_made_in_blocks(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with more attributes or channels than TRIANGLE_ROWS; the last block is whole or not."""
    monkeypatch.setattr(sums_module, "TRIANGLE_ROWS", rows)
    raw = make_raw(3)
    assert raw.mask.shape[1] > rows
    one_block = Raw(raw.mask, raw.features, raw.readout, raw.labels, np.zeros(len(raw.labels), np.int64))
    assert_equal(sum_in_batches(raw, 7), fill(one_block, n_blocks=1))


def test_a_constant_map_counts_in_no_correlation_within_its_image() -> None:
    raw = make_raw(4)
    raw.mask[:, 2] = 0.5
    constant = sum_in_batches(raw, 16).mask
    np.testing.assert_array_equal(constant.image_count[0, 0, 0, 2], 0)
    assert constant.image_count[0, 0, 0, 0, 1] == len(raw.labels)
    assert np.isfinite(constant.image_r).all()


def test_float32_maps_that_hardly_vary_keep_what_varies() -> None:
    """In float32 a product of masks near 0.5 loses what lies seven digits below: here variances are 1e-6 of squares."""
    raw = make_raw(5)
    rng = np.random.default_rng(0)
    flat = (0.5 + 5e-4 * rng.standard_normal(raw.mask.shape)).astype(np.float32)
    expected = sum_in_batches(Raw(flat.astype(np.float64), raw.features, raw.readout, raw.labels, raw.blocks), 16)
    weights = torch.from_numpy(adjusted_weights(raw.labels).values)
    sums = start_sums(raw.labels.shape[1], raw.mask.shape[2:], device="cpu")
    masks = Masks(*(torch.from_numpy(each) for each in (flat, flat, raw.features)), torch.zeros(1))
    add_images(sums, masks, labels=torch.from_numpy(raw.labels), weights=weights)
    got = to_statistics(sums, ATTRIBUTES).mask
    apart = ~np.eye(len(ATTRIBUTES), dtype=bool)
    assert np.abs(expected.mask.image_r[..., apart]).max() > 1
    np.testing.assert_allclose(got.image_r[..., apart], expected.mask.image_r[..., apart], atol=1e-3)
    for name in ("total", "positive", "attribute_gram", "channel_gram"):
        np.testing.assert_allclose(getattr(got, name), getattr(expected.mask, name), rtol=1e-6, err_msg=name)
