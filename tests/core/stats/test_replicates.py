from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mamviz.errors import StatisticsError
from mamviz.schema import CENTRINGS, MAPS, VIEWS, Axis, BlockStatistics, Choices, Correlation, Estimand, Floats
from mamviz.stats import replicates
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.stats.moments import select_blocks
from mamviz.stats.replicates import bootstrap_weights, jackknife_weights, replicate_correlations
from tests.core.stats.raw import fill, make_raw

OF_MAPS: tuple[Estimand, ...] = ("mean", "contrast", "adjusted")
OTHERS: tuple[Estimand, ...] = ("image", "across")
SIGNED = [
    Choices(map=m, sign="signed", estimand=e, view=v, centring=c)
    for m, e, v, c in product(MAPS, (*OF_MAPS, *OTHERS), VIEWS, CENTRINGS)
]
ABSOLUTE = [
    Choices(map=m, sign="absolute", estimand=e, view=v, centring=c)
    for m, e, v, c in product(MAPS, OF_MAPS, VIEWS, CENTRINGS)
]
BETWEEN_CHANNELS = [
    each
    for each in (*SIGNED, *ABSOLUTE)
    if each.estimand != "image" and (each.estimand != "across" or each.view == "full")
]
CASES: list[tuple[Axis, Choices]] = [
    *(("attribute", each) for each in (*SIGNED, *ABSOLUTE)),
    *(("channel", each) for each in BETWEEN_CHANNELS),
]


def name_case(case: tuple[Axis, Choices]) -> str:
    axis, choices = case
    return f"{axis}-{choices.map}-{choices.sign}-{choices.estimand}-{choices.view}-{choices.centring}"


def correlate(stats: BlockStatistics, choices: Choices, axis: Axis) -> Correlation:
    return (correlate_attributes if axis == "attribute" else correlate_channels)(stats, choices)


@pytest.fixture(scope="module")
def stats() -> BlockStatistics:
    return fill(make_raw(0))


@pytest.mark.parametrize("case", CASES, ids=name_case)
def test_replicates_equal_correlations_of_chosen_blocks(stats: BlockStatistics, case: tuple[Axis, Choices]) -> None:
    """The other path: blocks are copied as often as they are drawn, and correlated as if there were no weights."""
    axis, choices = case
    weights = np.vstack([bootstrap_weights(6, 7, np.random.default_rng(1)), jackknife_weights(6)])
    found = replicate_correlations(stats, choices, weights, axis=axis)
    for row, values in zip(weights, found, strict=True):
        drawn = select_blocks(stats, np.repeat(np.arange(6), row.astype(int)))
        np.testing.assert_allclose(values, correlate(drawn, choices, axis).values, atol=1e-10)


@given(seed=st.integers(0, 2**32 - 1), case=st.sampled_from(CASES), factor=st.floats(0.1, 1000))
@settings(max_examples=40, deadline=None)
def test_only_the_ratios_of_weights_count(seed: int, case: tuple[Axis, Choices], factor: float) -> None:
    axis, choices = case
    stats = fill(make_raw(seed))
    weights = np.random.default_rng(seed).exponential(size=(3, 6)) + 0.1
    once, scaled = (replicate_correlations(stats, choices, w, axis=axis) for w in (weights, factor * weights))
    np.testing.assert_allclose(once, scaled, atol=1e-9)


@pytest.mark.parametrize("case", CASES[::7], ids=name_case)
def test_pieces_of_replicates_give_the_same(
    stats: BlockStatistics, case: tuple[Axis, Choices], monkeypatch: pytest.MonkeyPatch
) -> None:
    axis, choices = case
    weights = bootstrap_weights(6, 20, np.random.default_rng(2))
    at_once = replicate_correlations(stats, choices, weights, axis=axis)
    monkeypatch.setattr(replicates, "CHUNK_CELLS", 400)
    np.testing.assert_allclose(replicate_correlations(stats, choices, weights, axis=axis), at_once, atol=1e-12)


@pytest.mark.parametrize("axis", ["attribute", "channel"])
@pytest.mark.parametrize("estimand", ["contrast", "adjusted"])
def test_a_label_that_is_constant_in_one_replicate_is_undefined_in_that_one(estimand: Estimand, axis: Axis) -> None:
    raw = make_raw(4)
    raw.labels[raw.blocks != 2, 0] = 0  # only block 2 has images with the first attribute
    stats = fill(raw)
    choices = Choices(map="mask", sign="absolute", estimand=estimand, view="full", centring="common")
    found = replicate_correlations(stats, choices, jackknife_weights(6), axis=axis)
    for block, values in enumerate(found):
        rest = select_blocks(stats, [each for each in range(6) if each != block])
        np.testing.assert_allclose(values, correlate(rest, choices, axis).values, atol=1e-10)
    if axis == "attribute":
        assert np.isnan(found[2, 0]).all()
        assert np.isfinite(found[2, 1:, 1:]).all()
        assert np.isfinite(found[[0, 1, 3, 4, 5]]).all()


@pytest.mark.parametrize("case", CASES[::5], ids=name_case)
def test_a_replicate_without_images_is_undefined(stats: BlockStatistics, case: tuple[Axis, Choices]) -> None:
    axis, choices = case
    found = replicate_correlations(stats, choices, np.vstack([np.zeros(6), np.ones(6)]), axis=axis)
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()


def test_no_replicates_are_an_empty_answer(stats: BlockStatistics) -> None:
    for estimand in (*OF_MAPS, *OTHERS):
        choices = Choices(sign="signed", estimand=estimand)
        assert replicate_correlations(stats, choices, np.empty((0, 6))).shape == (0, 5, 5)


@pytest.mark.parametrize(
    "weights",
    [np.ones(6), np.ones((2, 5)), np.full((1, 6), np.nan), -np.eye(6)],
    ids=["one row", "five", "nan", "minus"],
)
def test_weights_that_do_not_fit_are_refused(stats: BlockStatistics, weights: Floats) -> None:
    with pytest.raises(StatisticsError, match=r"0 or more of shape \(replicates, 6 blocks\)"):
        replicate_correlations(stats, Choices(), weights)


def test_channels_without_sums_are_refused(stats: BlockStatistics) -> None:
    with pytest.raises(StatisticsError, match="Between channels there are no sums"):
        replicate_correlations(stats, Choices(sign="signed", estimand="image"), np.ones((1, 6)), axis="channel")


def test_the_jackknife_leaves_out_each_block_once() -> None:
    np.testing.assert_array_equal(jackknife_weights(3), [[0, 1, 1], [1, 0, 1], [1, 1, 0]])


def test_the_bootstrap_draws_whole_counts() -> None:
    weights = bootstrap_weights(8, 100, np.random.default_rng(5))
    np.testing.assert_array_equal(weights.sum(axis=1), 8)
    assert len(np.unique(weights, axis=0)) > 90
    np.testing.assert_array_equal(weights, np.round(weights))
