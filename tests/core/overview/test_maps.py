from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mamviz.overview.maps import largest, limit_maps, map_attributes, range_masks
from mamviz.schema import Floats
from mamviz.store.masks import read_images, read_raw
from tests.core.stats.raw import ATTRIBUTES, Raw, fill, make_raw

# Block sums are float32 where they come from a file; here they are float64.
EXACT = 1e-12


def slow_mean(raw: Raw, k: int) -> Floats:
    """The mean mask of one attribute, cell by cell."""
    n, _, c, h, w = raw.mask.shape
    cells = np.zeros((h, w))
    for y in range(h):
        for x in range(w):
            cells[y, x] = sum(raw.mask[i, k, channel, y, x] for i in range(n) for channel in range(c)) / (n * c)
    return cells


def slow_difference(maps: Floats, labels: Floats, k: int) -> Floats:
    """Images with the attribute minus those without, (C, H, W), image by image."""
    totals, counts = [np.zeros(maps.shape[2:]), np.zeros(maps.shape[2:])], [0, 0]
    for image, label in zip(maps[:, k], labels[:, k], strict=True):
        totals[int(label)] += image
        counts[int(label)] += 1
    return totals[1] / counts[1] - totals[0] / counts[0]


def test_maps_are_the_means_of_every_image_by_a_slow_loop() -> None:
    raw = make_raw(3)
    for k, maps in enumerate(map_attributes(fill(raw))):
        np.testing.assert_allclose(maps.mask, slow_mean(raw, k), atol=EXACT)
        contrast = slow_difference(raw.mask, raw.labels, k)
        np.testing.assert_allclose(maps.contrast, sum(contrast) / len(contrast), atol=EXACT)
        evidence = slow_difference(raw.evidence, raw.labels, k)
        np.testing.assert_allclose(maps.evidence, sum(evidence), atol=EXACT)


def test_maps_of_a_run_are_those_of_its_raw_masks(world, overview) -> None:
    names, raw = read_raw(world.run.masks_file)
    images = read_images(world.run.masks_file)
    assert images.names == names
    for k, each in enumerate(overview.attributes):
        has = images.labels[:, k] == 1
        own = raw[:, k].astype(np.float64)
        np.testing.assert_allclose(each.maps.mask, own.mean(axis=(0, 1)), atol=1e-3)  # raw masks are float16
        expected = own[has].mean(axis=(0, 1)) - own[~has].mean(axis=(0, 1))
        np.testing.assert_allclose(each.maps.contrast, expected, atol=1e-3)


def test_the_order_of_images_changes_no_map() -> None:
    raw = make_raw(4)
    order = np.random.default_rng(0).permutation(len(raw.labels)).tolist()
    for first, second in zip(map_attributes(fill(raw)), map_attributes(fill(raw.reordered(order))), strict=True):
        np.testing.assert_allclose(first.contrast, second.contrast, atol=EXACT)
        np.testing.assert_allclose(first.evidence, second.evidence, atol=EXACT)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_a_label_that_never_changes_has_a_mean_mask_and_no_contrast(label: float) -> None:
    raw = make_raw(5)
    labels = raw.labels.copy()
    labels[:, 2] = label
    maps = map_attributes(fill(replace(raw, labels=labels)))
    assert np.isfinite(maps[2].mask).all()
    assert np.isnan(maps[2].contrast).all()
    assert np.isnan(maps[2].evidence).all()
    assert all(np.isfinite(maps[k].contrast).all() for k in range(len(ATTRIBUTES)) if k != 2)
    assert np.isfinite(limit_maps(maps)).all()


def test_limits_are_the_largest_of_all_attributes() -> None:
    maps = map_attributes(fill(make_raw(6)))
    assert limit_maps(maps) == (
        max(abs(value) for each in maps for value in each.contrast.ravel()),
        max(abs(value) for each in maps for value in each.evidence.ravel()),
    )
    assert range_masks(maps) == (
        min(value for each in maps for value in each.mask.ravel()),
        max(value for each in maps for value in each.mask.ravel()),
    )


@pytest.mark.parametrize("arrays", [[], [np.zeros((2, 2))], [np.full((2, 2), np.nan)]])
def test_a_scale_of_nothing_ends_at_one(arrays: list[Floats]) -> None:
    assert largest(arrays) == 1.0


def test_nan_is_left_out_of_a_scale() -> None:
    assert largest([np.array([np.nan, -3.0]), np.array([2.0])]) == 3.0
