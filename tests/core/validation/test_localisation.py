from __future__ import annotations

import numpy as np
import pytest

from mamviz.stats.resampling import draw_units
from mamviz.validation.localisation import centre_maps, localise, mean_over_attributes, measure_energy, point, vary
from mamviz.validation.regions import describe_regions

K, SIDE = 3, 4


@pytest.fixture
def planted():
    """Maps that are strong on the region, with noise; the first attribute's region is a single cell."""
    rng = np.random.default_rng(4)
    labels = (rng.random((60, K)) < 0.5).astype(np.uint8)
    regions = np.zeros((60, K, SIDE, SIDE))
    for image in range(60):
        for k in range(K):
            row, column = rng.integers(SIDE, size=2)
            regions[image, k, row, column] = 0.3
            regions[image, k, 0, : 2 * k] = 1
    regions[5, 1] = 0
    maps = 2 * regions + rng.normal(size=regions.shape)
    return maps, regions, labels


def loop_point(maps, regions, labels, k):
    """The pointing game as it is told."""
    hits = []
    for image in range(len(maps)):
        if labels[image, k] == 1 and regions[image, k].any():
            row, column = np.unravel_index(np.argmax(maps[image, k]), maps.shape[2:])
            hits.append(regions[image, k, row, column] > 0)
    return hits


def loop_energy(maps, regions, labels, k):
    shares = []
    for image in range(len(maps)):
        if labels[image, k] == 1 and regions[image, k].any():
            inside = total = 0.0
            for value, region in zip(maps[image, k].ravel(), regions[image, k].ravel(), strict=True):
                if value > 0:
                    total += value
                    inside += value if region > 0 else 0
            if total > 0:
                shares.append(inside / total)
    return shares


@pytest.mark.parametrize(("measure", "loop"), [(point, loop_point), (measure_energy, loop_energy)])
def test_each_measure_is_that_of_a_loop(planted, measure, loop):
    got = measure(*planted)
    assert got.shape == (60, K)
    for k in range(K):
        expected = loop(*planted, k)
        values = got[:, k][~np.isnan(got[:, k])]
        assert len(values) == len(expected)
        assert values == pytest.approx(np.array(expected, float), abs=1e-12)


def test_a_map_that_is_the_region_points_always_and_a_shuffled_one_by_chance(planted):
    _, regions, labels = planted
    assert np.nanmin(point(regions, regions, labels)) == 1
    assert np.nanmin(measure_energy(regions, regions, labels)) == 1
    rng = np.random.default_rng(0)
    truth = describe_regions(regions, labels, attributes=("a", "b", "c"))
    noise = [np.nanmean(point(rng.random(regions.shape), regions, labels), axis=0) for _ in range(200)]
    assert np.mean(noise, axis=0) == pytest.approx(truth.chance, abs=0.03)  # 200 x 30 images: s.e. below 0.007


def test_equally_strong_cells_count_by_their_share_on_the_region():
    regions = np.array([[[[1, 0], [0.5, 0]]]])
    labels = np.ones((1, 1), np.uint8)
    assert point(np.zeros((1, 1, 2, 2)), regions, labels)[0, 0] == 0.5
    assert point(np.array([[[[3, 3], [0, 3]]]]), regions, labels)[0, 0] == pytest.approx(1 / 3)


def test_a_map_without_a_positive_part_has_no_energy():
    regions = np.array([[[[1, 0], [0, 0]]]])
    labels = np.ones((1, 1), np.uint8)
    assert np.isnan(measure_energy(-np.ones((1, 1, 2, 2)), regions, labels)[0, 0])
    assert point(-np.ones((1, 1, 2, 2)), regions, labels)[0, 0] == 0.25


def test_scaling_changes_no_measure_and_shifting_all_images_changes_no_centred_one(planted):
    maps, regions, labels = planted
    for measure in (point, measure_energy):
        assert np.allclose(measure(3 * maps, regions, labels), measure(maps, regions, labels), equal_nan=True)
        shifted = maps + np.random.default_rng(0).normal(size=maps.shape[1:])
        assert np.allclose(
            measure(centre_maps(shifted), regions, labels),
            measure(centre_maps(maps), regions, labels),
            atol=1e-10,
            equal_nan=True,
        )


def test_centring_finds_what_a_common_face_hides(planted):
    maps, regions, labels = planted
    hidden = maps.copy()
    hidden[:, :, 3, 3] += 100
    truth = describe_regions(regions, labels, attributes=("a", "b", "c"))
    draws = draw_units(60, 50, np.random.default_rng(0))
    found = {
        variant: localise(
            vary(hidden, variant, dataset_map=np.ones((3, *hidden.shape[2:]))),
            regions,
            labels,
            truth,
            method="mask",
            variant=variant,
            draws=draws,
        )
        for variant in ("as it is", "centred")
    }
    assert found["centred"].local_pointing.low > found["as it is"].local_pointing.high


def test_weighing_by_the_data_set_map_finds_what_a_loud_neighbour_hides():
    regions = np.zeros((40, 1, 2, 2))
    regions[:, 0, 1, 0] = 0.5
    labels = (np.arange(40) % 2)[:, None]
    maps = np.zeros((40, 1, 2, 2))
    maps[:, 0, 1, 0] = labels[:, 0]
    maps[:, 0, 0, 1] = 3 * np.where(np.arange(40) < 20, 1, -1)  # louder, and says nothing of the label
    usage = np.array([[[0.1, 0.1], [1.0, 0.1]]])
    hits = {}
    for variant in ("as it is", "centred", "weighed"):
        hits[variant] = np.nanmean(point(vary(maps, variant, dataset_map=usage), regions, labels))
    assert hits == {"as it is": 0.5, "centred": 0.5, "weighed": 1.0}


def test_an_attribute_without_a_data_set_map_is_weighed_by_nothing(planted):
    maps = planted[0]
    assert not vary(maps, "weighed", dataset_map=np.full(maps.shape[1:], np.nan)).any()


def test_the_mean_is_over_local_attributes_with_an_interval_of_resampled_images(planted):
    maps, regions, labels = planted
    truth = describe_regions(regions, labels, attributes=("a", "b", "c"))
    assert truth.local == ("a", "b")
    draws = draw_units(60, 400, np.random.default_rng(1))
    found = localise(maps, regions, labels, truth, method="evidence", variant="as it is", draws=draws)
    each = [np.mean(loop_point(maps, regions, labels, k)) for k in range(K)]
    assert found.pointing == pytest.approx(each)
    assert found.energy == pytest.approx([np.mean(loop_energy(maps, regions, labels, k)) for k in range(K)])
    assert found.local_pointing.value == pytest.approx((each[0] + each[1]) / 2)
    replicates = []
    for row in draws:  # the images written out as often as they were drawn
        chosen = np.repeat(np.arange(60), row)
        replicate = [np.mean(loop_point(maps[chosen], regions[chosen], labels[chosen], k)) for k in range(2)]
        replicates.append(np.mean(replicate))
    assert found.local_pointing.low == pytest.approx(np.quantile(replicates, 0.025))
    assert found.local_pointing.high == pytest.approx(np.quantile(replicates, 0.975))


def test_what_no_image_shows_is_left_out():
    values = np.array([[1, np.nan], [0, np.nan], [1, np.nan]])
    found = mean_over_attributes(values, np.ones((5, 3), np.int32))
    assert (found.value, found.low, found.high) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    nothing = mean_over_attributes(values[:, 1:], np.ones((5, 3), np.int32))
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()
