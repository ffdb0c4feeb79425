from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from mamviz.schema import Choices
from mamviz.stats.correlation import dataset_maps
from mamviz.validation.recovery import (
    adjusted_maps,
    compare_tables,
    explain_by_labels,
    recover,
)
from mamviz.validation.regions import describe_regions, relate_maps
from tests.core.stats.raw import fill, make_raw, pearson


def symmetric(seed: int, size: int = 6) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(size, size))
    return values + values.T


def truth_of(seed: int):
    rng = np.random.default_rng(seed)
    regions = rng.random((5, 6, 3, 3))
    return describe_regions(regions, np.ones((5, 6)), attributes=tuple("abcdef"))


def test_tables_are_compared_by_spearman_over_pairs():
    a, b = symmetric(0), symmetric(1)
    pairs = [(k, other) for k in range(6) for other in range(k)]
    x, y = [a[pair] for pair in pairs], [b[pair] for pair in pairs]
    assert compare_tables(a, b) == pytest.approx(pearson(rankdata(x), rankdata(y)))
    assert compare_tables(a, b) == pytest.approx(spearmanr(x, y).statistic)
    order = [3, 1, 5, 0, 2, 4]
    assert compare_tables(a[np.ix_(order, order)], b[np.ix_(order, order)]) == pytest.approx(compare_tables(a, b))
    assert compare_tables(a, np.exp(a)) == pytest.approx(1)


def test_only_pairs_defined_in_both_count():
    a, b = symmetric(0), symmetric(1)
    b[2] = b[:, 2] = np.nan
    kept = [0, 1, 3, 4, 5]
    assert compare_tables(a, b) == pytest.approx(compare_tables(a[np.ix_(kept, kept)], b[np.ix_(kept, kept)]))


@pytest.mark.parametrize("size", [1, 2])
def test_too_few_pairs_say_nothing(size):
    assert np.isnan(compare_tables(symmetric(0, size), symmetric(1, size)))


def test_a_table_of_equal_numbers_says_nothing():
    assert np.isnan(compare_tables(np.ones((6, 6)), symmetric(1)))


def test_adjusted_maps_are_those_of_the_block_statistics():
    """Ours are made from sums over blocks; maps of single images, weighed the same way, must give the same."""
    raw = make_raw(3)
    for channel in range(2):
        got = adjusted_maps(raw.mask[:, :, channel], raw.labels)
        assert np.allclose(got, dataset_maps(fill(raw), Choices())[:, channel], atol=1e-10)


def test_adjusted_maps_are_absolute_least_squares_coefficients():
    raw = make_raw(4)
    design = np.column_stack([np.ones(len(raw.labels)), raw.labels])
    maps = raw.mask[:, :, 0]
    got = adjusted_maps(maps, raw.labels)
    for k in range(len(raw.labels[0])):
        slopes = np.linalg.lstsq(design, maps[:, k].reshape(len(maps), -1), rcond=None)[0][1 + k]
        assert np.allclose(got[k].ravel(), np.abs(slopes), atol=1e-8)


def test_an_attribute_that_all_images_have_has_no_adjusted_map():
    raw = make_raw(4)
    raw.labels[:, 2] = 1
    got = adjusted_maps(raw.mask[:, :, 0], raw.labels)
    assert np.isnan(got[2]).all()
    assert np.isfinite(np.delete(got, 2, axis=0)).all()


def test_maps_that_are_the_regions_are_recovered_whole():
    truth = truth_of(0)
    found = recover(2 * truth.mean + 1, truth, method="mask", kind="absolute adjusted", images="fresh faces")
    assert found.map_r == pytest.approx(np.ones(6))
    assert (found.mean_r, found.graph) == (pytest.approx(1), pytest.approx(1))


def test_recovery_is_r_over_cells_and_spearman_over_pairs():
    truth, maps = truth_of(0), np.random.default_rng(9).random((6, 3, 3))
    maps[4] = 0.5  # constant: no r, no pair
    found = recover(maps, truth, method="GradCAM", kind="mean absolute", images="fresh faces")
    kept = [0, 1, 2, 3, 5]
    each = [pearson(maps[k].ravel(), truth.mean[k].ravel()) for k in kept]
    assert found.map_r[kept] == pytest.approx(each)
    assert np.isnan(found.map_r[4])
    assert found.mean_r == pytest.approx(np.mean(each))
    expected = compare_tables(relate_maps(maps)[np.ix_(kept, kept)], truth.relation[np.ix_(kept, kept)])
    assert found.graph == pytest.approx(expected)


def test_a_table_that_is_given_is_compared_instead_of_the_maps_own():
    truth, maps = truth_of(0), np.random.default_rng(9).random((6, 3, 3))
    found = recover(maps, truth, method="mask", kind="absolute adjusted", images="masks.h5", table=truth.relation)
    assert found.graph == pytest.approx(1)


def test_label_explanation_asks_both_tables_the_same_question():
    truth, phi, table = truth_of(1), symmetric(2), symmetric(3)
    table[0] = table[:, 0] = np.nan
    found = explain_by_labels(table, truth, phi)
    rows, columns = np.triu_indices(5, 1)
    part = [each[1:, 1:][rows, columns] for each in (table, truth.relation, phi)]
    assert found.table_size == pytest.approx(spearmanr(part[0], np.abs(part[2])).statistic)
    assert found.truth_size == pytest.approx(spearmanr(part[1], np.abs(part[2])).statistic)
    assert found.table_signed == pytest.approx(spearmanr(part[0], part[2]).statistic)
    assert found.truth_signed == pytest.approx(spearmanr(part[1], part[2]).statistic)
    assert found.excess == pytest.approx(found.table_size - found.truth_size)
