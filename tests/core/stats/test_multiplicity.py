from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from mamviz.errors import StatisticsError
from mamviz.schema import Floats
from mamviz.stats import multiplicity
from mamviz.stats.multiplicity import adjust_by_max_t, control_discoveries, pair_p_values, standardise

UPPER = np.triu_indices(5, k=1)


def tables(z: Floats) -> Floats:
    """(R, 5, 5) symmetric tables of Fisher's z of their 10 pairs (R, 10)."""
    filled = np.tile(np.eye(5), (len(z), 1, 1))
    filled[:, UPPER[0], UPPER[1]] = np.tanh(z)
    filled[:, UPPER[1], UPPER[0]] = np.tanh(z)
    return filled


def draw_null(seed: int, n_replicates: int = 99) -> Floats:
    """Correlated z, each pair with a mean and a spread of its own: (R, 10)."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(n_replicates, 10)) @ rng.normal(size=(10, 10))
    return np.asarray(np.linspace(-1, 2, 10) + 0.03 * mixed)


def test_p_of_a_pair_equals_a_loop_from_the_formula() -> None:
    """T = |z - mean| / sd with the observed among the R + 1, p = (1 + count) / (R + 1)."""
    z = draw_null(0, 60)
    found = multiplicity.test_against_null(tables(z)[0], tables(z)[1:])
    for pair, (row, column) in enumerate(zip(*UPPER, strict=True)):
        values = [float(v) for v in z[:, pair]]
        mean = sum(values) / len(values)
        sd = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
        t = [abs(v - mean) / sd for v in values]
        p = (1 + sum(other >= t[0] for other in t[1:])) / 60
        assert found.p[row, column] == pytest.approx(p, abs=1e-12)
        assert abs(found.t[row, column]) == pytest.approx(t[0], rel=1e-9)
        assert np.sign(found.t[row, column]) == np.sign(values[0] - mean)


def test_step_down_p_equals_westfall_and_youngs_algorithm_by_loops() -> None:
    strength = np.abs(standardise(draw_null(1)))
    order = sorted(range(10), key=lambda pair: -strength[0, pair])
    counts = [0] * 10
    for row in strength[1:]:
        largest = -np.inf
        for place in range(9, -1, -1):  # from the weakest pair up
            largest = max(largest, row[order[place]])
            counts[place] += largest >= strength[0, order[place]]
    expected, before = np.empty(10), 0.0
    for place, pair in enumerate(order):
        before = max(before, (1 + counts[place]) / 99)
        expected[pair] = before
    np.testing.assert_allclose(adjust_by_max_t(strength), expected, atol=1e-12)


def test_single_step_p_counts_the_largest_of_all_pairs() -> None:
    strength = np.abs(standardise(draw_null(2)))
    expected = [(1 + sum(max(row) >= t for row in strength[1:])) / 99 for t in strength[0]]
    np.testing.assert_allclose(adjust_by_max_t(strength, step_down=False), expected, atol=1e-12)


def test_adjusted_p_are_ordered_pair_then_step_down_then_single_step() -> None:
    for seed in range(20):
        strength = np.abs(standardise(draw_null(seed)))
        down, single = adjust_by_max_t(strength), adjust_by_max_t(strength, step_down=False)
        assert (pair_p_values(strength) <= down + 1e-12).all()
        assert (down <= single + 1e-12).all()
        strongest = strength[0].argmax()
        assert down[strongest] == single[strongest]


def test_p_of_one_pair_agrees_with_scipys_permutation_p() -> None:
    """A ratio of counts against scipy's own rank of the observed among the replicates."""
    z = draw_null(3, 500)[:, :1]
    strength = np.abs(standardise(z))
    rank = scipy_stats.percentileofscore(strength[:, 0], strength[0, 0], kind="strict") / 100
    assert pair_p_values(strength)[0] == pytest.approx(1 - rank, abs=1e-9)


def test_discoveries_equal_benjamini_and_hochbergs_steps_and_leave_nan_out() -> None:
    p = np.array([0.01, np.nan, 0.04, 0.03, 0.2, 0.03])
    sure = [0.01, 0.04, 0.03, 0.2, 0.03]
    ranked = sorted(sure)
    raw = [value * 5 / (ranked.index(value) + ranked.count(value)) for value in ranked]
    stepped = {value: min(raw[place:]) for place, value in enumerate(ranked)}
    expected = [np.nan if np.isnan(value) else min(1.0, stepped[value]) for value in p]
    np.testing.assert_allclose(control_discoveries(p), expected)


def test_no_p_means_no_discoveries() -> None:
    assert np.isnan(control_discoveries(np.full(3, np.nan))).all()
    assert control_discoveries(np.empty(0)).shape == (0,)


def test_a_pair_beyond_the_null_survives_and_the_others_do_not() -> None:
    z = draw_null(4, 200)
    z[0] = z[1:].mean(axis=0)
    z[0, 6] += 10 * z[1:, 6].std()
    found = multiplicity.test_against_null(tables(z)[0], tables(z)[1:])
    expected = np.zeros((5, 5), dtype=bool)
    expected[UPPER[0][6], UPPER[1][6]] = expected[UPPER[1][6], UPPER[0][6]] = True
    np.testing.assert_array_equal(found.survives, expected)
    assert found.p_max[UPPER[0][6], UPPER[1][6]] == pytest.approx(1 / 200)


def test_a_weak_correlation_survives_where_the_null_is_strong() -> None:
    """Two-sided around the null's own mean: r = 0 where noise alone shows 0.96."""
    z = draw_null(5, 200)
    z[0] = z[1:].mean(axis=0)
    z[0, 9] = 0.0
    found = multiplicity.test_against_null(tables(z)[0], tables(z)[1:])
    assert found.survives[3, 4]
    assert found.t[3, 4] < 0
    assert found.null_low[3, 4] > 0.9


def test_under_the_null_one_table_in_twenty_has_a_survivor() -> None:
    """The observed is one more draw: p is exact. 2,000 tables: five standard errors are 0.024."""
    hits = []
    for seed in range(2000):
        strength = np.abs(standardise(draw_null(seed, 40)))
        hits.append(adjust_by_max_t(strength).min() <= 0.05)
    assert abs(np.mean(hits) - 0.05) < 0.024


def test_bands_and_means_are_those_of_the_null_alone() -> None:
    z = draw_null(6, 400)
    z[0] = 50.0
    found = multiplicity.test_against_null(tables(z)[0], tables(z)[1:])
    low, high = np.quantile(np.tanh(z[1:, 2]), [0.025, 0.975])
    row, column = UPPER[0][2], UPPER[1][2]
    assert found.null_low[row, column] == pytest.approx(low, rel=1e-9)
    assert found.null_high[row, column] == pytest.approx(high, rel=1e-9)
    assert found.null_mean[row, column] == pytest.approx(np.tanh(z[1:, 2].mean()), rel=1e-9)


def test_renaming_attributes_renames_the_result() -> None:
    z = draw_null(7)
    order = [3, 0, 4, 1, 2]
    first = multiplicity.test_against_null(tables(z)[0], tables(z)[1:])
    moved = tables(z)[:, order][:, :, order]
    second = multiplicity.test_against_null(moved[0], moved[1:])
    for name in ("t", "p", "p_max", "q", "null_mean", "null_low", "null_high"):
        np.testing.assert_allclose(getattr(second, name), getattr(first, name)[np.ix_(order, order)], atol=1e-12)
        np.testing.assert_array_equal(getattr(first, name), getattr(first, name).T)
        assert np.isnan(np.diag(getattr(first, name))).all()


def test_what_is_undefined_is_nan_and_takes_no_part() -> None:
    z = draw_null(8, 100)
    full = tables(z)
    without = full.copy()
    without[:, 2, :] = without[:, :, 2] = np.nan
    rest = [0, 1, 3, 4]
    found = multiplicity.test_against_null(without[0], without[1:])
    smaller = multiplicity.test_against_null(full[0][np.ix_(rest, rest)], full[1:, rest][:, :, rest])
    assert np.isnan(found.p_max[2]).all()
    assert not found.survives[2].any()
    np.testing.assert_allclose(found.p_max[np.ix_(rest, rest)], smaller.p_max)
    np.testing.assert_allclose(found.q[np.ix_(rest, rest)], smaller.q)


def test_a_pair_undefined_in_some_replicates_is_tested_by_the_others_and_in_many_not_at_all() -> None:
    z = draw_null(9, 100)
    few, many = tables(z), tables(z)
    few[1:5, 0, 1] = few[1:5, 1, 0] = np.nan
    many[1:8, 0, 1] = many[1:8, 1, 0] = np.nan
    found = multiplicity.test_against_null(few[0], few[1:])
    kept = np.abs(standardise(np.delete(z[:, :1], [1, 2, 3, 4], axis=0)))
    assert found.p[0, 1] == pytest.approx(pair_p_values(kept)[0])
    assert np.isnan(multiplicity.test_against_null(many[0], many[1:]).p[0, 1])


def test_a_pair_that_never_moves_is_as_expected() -> None:
    z = draw_null(10, 50)
    z[:, 3] = 40.0  # the same map twice: r = 1 in the table and in every replicate
    found = multiplicity.test_against_null(tables(z)[0], tables(z)[1:])
    row, column = UPPER[0][3], UPPER[1][3]
    assert found.t[row, column] == 0
    assert found.p[row, column] == found.p_max[row, column] == 1


def test_a_table_without_pairs_has_no_significance() -> None:
    found = multiplicity.test_against_null(np.eye(1), np.ones((20, 1, 1)))
    assert np.isnan(found.p_max).all()
    assert np.isnan(multiplicity.test_against_null(np.full((3, 3), np.nan), np.zeros((20, 3, 3))).p).all()


@pytest.mark.parametrize(
    ("shape", "level", "words"),
    [((30, 4, 4), 0.05, "choices of the table"), ((18, 5, 5), 0.05, "19"), ((30, 5, 5), 1.0, "between 0 and 1")],
)
def test_what_can_not_be_tested_is_refused(shape: tuple[int, ...], level: float, words: str) -> None:
    with pytest.raises(StatisticsError, match=words):
        multiplicity.test_against_null(np.eye(5), np.zeros(shape), level=level)


def test_pairs_looked_at_a_few_at_a_time_are_those_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    z = np.random.default_rng(7).normal(size=(41, 10))
    z[3, 2], z[:4, 5], z[0, 7] = np.nan, np.nan, np.nan
    whole = tables(z)
    together = multiplicity.test_against_null(whole[0], whole[1:])
    monkeypatch.setattr("mamviz.stats.multiplicity.CHUNK_NUMBERS", 4 * 41)
    apart = multiplicity.compare_pairs(whole[0], whole[1:, *UPPER])
    for name in ("t", "p", "p_max", "q", "null_mean", "null_low", "null_high"):
        np.testing.assert_allclose(getattr(apart, name), getattr(together, name), atol=1e-12, err_msg=name)
    assert np.isnan(apart.p[UPPER]).sum() == 2
    with pytest.raises(StatisticsError, match="pairs"):
        multiplicity.compare_pairs(whole[0], whole[1:, *UPPER][:, 1:])
