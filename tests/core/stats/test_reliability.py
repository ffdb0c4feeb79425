from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats as scipy_stats

from mamviz.errors import StatisticsError
from mamviz.schema import RELIABLE, Axis, BlockStatistics, Choices, Estimand, Floats, Interval, Sign, View
from mamviz.stats.correlation import correlate_attributes, correlate_channels, dataset_maps
from mamviz.stats.halves import cross_halves, repeat_maps, split_blocks
from mamviz.stats.moments import select_blocks
from mamviz.stats.reliability import (
    correlate_values,
    disattenuate,
    measure_reliability,
)
from tests.core.stats.raw import ATTRIBUTES, fill, make_raw, pearson, seen

N_SPLITS = 8


@pytest.fixture(scope="module")
def stats() -> BlockStatistics:
    return fill(make_raw(2, n_images=400, n_blocks=20), n_blocks=20)


def choose(
    estimand: Estimand = "adjusted", sign: Sign = "signed", view: View = "full", centring: str = "none"
) -> Choices:
    return Choices(map="mask", estimand=estimand, sign=sign, view=view, centring=centring)  # type: ignore[arg-type]


def halves(stats: BlockStatistics, n_splits: int = N_SPLITS) -> list[tuple[BlockStatistics, BlockStatistics]]:
    """The halves that seed 0 draws, as statistics of their own."""
    first, second = split_blocks(stats, n_splits, generator=np.random.default_rng(0))
    return [
        (select_blocks(stats, one > 0), select_blocks(stats, two > 0)) for one, two in zip(first, second, strict=True)
    ]


def stepped(values: list[float]) -> tuple[float, float, float]:
    """Spearman's and Brown's formula on the mean over splits, and on the ends of the middle 95 %."""
    mean, low, high = sum(values) / len(values), *np.quantile(values, [0.025, 0.975])
    return tuple(2 * r / (1 + r) for r in (mean, low, high))  # type: ignore[return-value]


def assert_interval(found: Interval, values: list[float]) -> None:
    np.testing.assert_allclose((found.value, found.low, found.high), stepped(values), atol=1e-9)


@pytest.mark.parametrize(
    "choices",
    [choose(), choose("contrast", "absolute", "spatial"), choose("mean", centring="common"), choose("across")],
    ids=lambda choices: f"{choices.estimand}-{choices.view}",
)
def test_rows_and_tables_equal_loops_over_the_halves(stats: BlockStatistics, choices: Choices) -> None:
    found = measure_reliability(stats, choices, n_splits=N_SPLITS, generator=np.random.default_rng(0))
    tables = [[correlate_attributes(half, choices).values for half in pair] for pair in halves(stats)]
    upper = [(k, m) for k in range(5) for m in range(k + 1, 5)]
    for k in range(5):
        others = [m for m in range(5) if m != k]
        assert_interval(found.rows[k], [pearson(one[k, others], two[k, others]) for one, two in tables])
    pairs = [([one[pair] for pair in upper], [two[pair] for pair in upper]) for one, two in tables]
    assert_interval(found.pearson, [pearson(np.array(one), np.array(two)) for one, two in pairs])
    spearman = [float(scipy_stats.spearmanr(one, two).statistic) for one, two in pairs]
    assert_interval(found.spearman, spearman)
    assert found.half_spearman == pytest.approx(np.mean(spearman))
    assert (found.names, found.n_images, found.n_splits, found.n_blocks) == (ATTRIBUTES, 400, N_SPLITS, 20)


@pytest.mark.parametrize("estimand", ["mean", "contrast", "adjusted"])
@pytest.mark.parametrize("sign", ["signed", "absolute"])
@pytest.mark.parametrize("view", ["full", "channel", "spatial"])
@pytest.mark.parametrize("centring", ["none", "common"])
def test_maps_of_halves_correlate_as_loops_say(
    stats: BlockStatistics, estimand: Estimand, sign: Sign, view: View, centring: str
) -> None:
    choices = choose(estimand, sign, view, centring)
    first, second = split_blocks(stats, 3, generator=np.random.default_rng(0))
    found = cross_halves(stats, choices, first, second)
    for values, pair in zip(found, halves(stats, 3), strict=True):
        rows = [seen(dataset_maps(half, choices), view) for half in pair]
        if centring == "common":
            rows = [each - each.mean(axis=0) for each in rows]
        for k in range(5):
            for other in range(5):
                assert values[k, other] == pytest.approx(pearson(rows[0][k], rows[1][other]), abs=1e-9)
    own = repeat_maps(stats, choices, first, second)
    np.testing.assert_allclose(own, np.diagonal(found, axis1=1, axis2=2), atol=1e-12)
    whole = measure_reliability(stats, choices, n_splits=3, generator=np.random.default_rng(0))
    for k in range(5):
        assert_interval(whole.maps[k], list(found[:, k, k]))


@pytest.mark.parametrize("sign", ["signed", "absolute"])
@pytest.mark.parametrize("view", ["full", "channel", "spatial"])
def test_between_channels_the_roles_change(stats: BlockStatistics, sign: Sign, view: View) -> None:
    choices = choose("contrast", sign, view)
    first, second = split_blocks(stats, 3, generator=np.random.default_rng(0))
    found = cross_halves(stats, choices, first, second, axis="channel")
    for values, pair in zip(found, halves(stats, 3), strict=True):
        one, two = (seen(dataset_maps(half, choices).swapaxes(0, 1), view) for half in pair)
        expected = [[pearson(a, b) for b in two] for a in one]
        np.testing.assert_allclose(values, expected, atol=1e-9)
    whole = measure_reliability(stats, choices, n_splits=3, generator=np.random.default_rng(0), axis="channel")
    assert whole.names == ("0", "1", "2", "3")
    tables = [[correlate_channels(half, choices).values for half in pair] for pair in halves(stats, 3)]
    others = [1, 2, 3]
    assert_interval(whole.rows[0], [pearson(one[0, others], two[0, others]) for one, two in tables])


def test_halves_have_half_the_filled_blocks_each_and_none_twice() -> None:
    stats = fill(make_raw(2, n_images=300, n_blocks=21), n_blocks=25)  # four blocks are empty
    first, second = split_blocks(stats, 50, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(first + second, np.tile(stats.count > 0, (50, 1)))
    assert set(first.sum(axis=1)) == {10}
    assert len(np.unique(first, axis=0)) == 50
    counts = first[:, :21].mean(axis=0)  # each is in the first half 10 of 21 times; five standard errors are 0.35
    assert np.abs(counts - 10 / 21).max() < 0.35


def test_maps_that_are_all_signal_are_reliable_and_all_noise_are_not() -> None:
    raw = make_raw(2, n_images=400, n_blocks=20)
    rng = np.random.default_rng(0)
    steady = replace(raw, mask=np.broadcast_to(raw.mask[:1], raw.mask.shape) * (1 + raw.labels[:, :, None, None, None]))
    noise = replace(raw, labels=raw.labels[rng.permutation(400)])
    good = measure_reliability(fill(steady, n_blocks=20), choose(), generator=np.random.default_rng(0))
    bad = measure_reliability(fill(noise, n_blocks=20), choose(), generator=np.random.default_rng(0))
    assert min(each.value for each in good.maps) > 0.999
    assert np.mean([each.value for each in bad.maps]) < 0.5
    assert good.reliable
    assert good.weak == ()
    assert not bad.reliable
    assert set(bad.weak) == {name for name, row in zip(ATTRIBUTES, bad.rows, strict=True) if row.value < RELIABLE}
    weakest = min(zip(ATTRIBUTES, bad.rows, strict=True), key=lambda pair: pair[1].value)[0]
    assert bad.weak[0] == weakest


def test_spearman_brown_tells_what_a_second_data_set_of_that_size_shows() -> None:
    """r of maps between two independent data sets, means of 12 pairs of data sets and five attributes.

    Per map its standard deviation is about 0.1, so that means are good to 0.03.
    """
    told, shown = [], []
    choices = choose("contrast")
    rng = np.random.default_rng(0)
    raw = make_raw(9, n_images=6000, n_blocks=20)
    noisy = replace(raw, mask=raw.mask + rng.normal(size=raw.mask.shape))
    for start in range(0, 6000, 500):
        one, two = (noisy.reordered(range(first, first + 250)) for first in (start, start + 250))
        maps = [dataset_maps(fill(each, n_blocks=20), choices).reshape(5, -1) for each in (one, two)]
        shown += [pearson(a, b) for a, b in zip(*maps, strict=True)]
        reliability = measure_reliability(
            fill(one, n_blocks=20), choices, n_splits=20, generator=np.random.default_rng(0)
        )
        told += [each.value for each in reliability.maps]
    assert 0.3 < np.mean(shown) < 0.95
    assert abs(np.mean(told) - np.mean(shown)) < 0.05


def test_disattenuated_correlations_equal_spearmans_formula(stats: BlockStatistics) -> None:
    found = disattenuate(stats, choose(), n_splits=N_SPLITS, generator=np.random.default_rng(0))
    rows = [[seen(dataset_maps(half, choose()), "full") for half in pair] for pair in halves(stats)]
    for k in range(5):
        for other in range(5):

            def mean(first: int, second: int) -> float:
                return float(np.mean([pearson(one[first], two[second]) for one, two in rows]))

            expected = (mean(k, other) + mean(other, k)) / 2 / (mean(k, k) * mean(other, other)) ** 0.5
            assert found.values[k, other] == pytest.approx(expected, abs=1e-9)
    np.testing.assert_array_equal(found.attenuated, correlate_attributes(stats, choose()).values)
    assert found.names == ATTRIBUTES


def test_disattenuation_finds_the_correlation_that_noise_hides() -> None:
    """Two attributes share a map up to r = 0.6 by design; noise all attributes share pulls r of maps elsewhere."""
    rng = np.random.default_rng(4)
    raw = make_raw(9, n_images=900, n_channels=20, side=4, n_blocks=20)
    shared = rng.normal(size=(20, 4, 4))
    own = rng.normal(size=(5, 20, 4, 4))
    own[1] = 0.6 * own[0] + 0.8 * own[1]
    labels = raw.labels[:, :, None, None, None]
    noise = 6.0 * (rng.normal(size=raw.mask.shape) + rng.normal(size=(900, 1, *shared.shape)))
    noisy = replace(raw, mask=labels * own + noise)
    found = disattenuate(fill(noisy, n_blocks=20), choose(), generator=np.random.default_rng(0))
    truth = pearson(own[0].ravel(), own[1].ravel())
    assert found.attenuated[0, 1] < truth - 0.15
    assert found.values[0, 1] == pytest.approx(truth, abs=0.12)
    assert np.diag(found.values) == pytest.approx(1)


def test_values_beyond_one_are_kept_and_told() -> None:
    raw = make_raw(9, n_images=300, n_channels=2, side=2, n_blocks=20)
    rng = np.random.default_rng(1)
    noisy = fill(replace(raw, mask=rng.normal(size=raw.mask.shape)), n_blocks=20)
    found = disattenuate(noisy, choose(), n_splits=20, generator=np.random.default_rng(0))
    apart = ~np.eye(5, dtype=bool)
    first, second = split_blocks(noisy, 20, generator=np.random.default_rng(0))
    lost = np.diag(cross_halves(noisy, choose(), first, second).mean(axis=0)) <= 0
    assert lost.any()
    assert np.isnan(found.values[lost]).all()
    assert np.isfinite(found.values[np.ix_(~lost, ~lost)]).all()
    np.testing.assert_array_equal(found.beyond[apart], np.abs(found.values[apart]) > 1)


@pytest.mark.parametrize(
    "choices", [choose(sign="absolute"), choose("image"), choose("across")], ids=["absolute", "image", "across"]
)
def test_tables_whose_noise_does_not_cancel_are_not_disattenuated(stats: BlockStatistics, choices: Choices) -> None:
    with pytest.raises(StatisticsError, match="Use --sign signed"):
        disattenuate(stats, choices, generator=np.random.default_rng(0))


@pytest.mark.parametrize("estimand", ["image", "across"])
def test_estimands_without_maps_have_rows_only(stats: BlockStatistics, estimand: Estimand) -> None:
    found = measure_reliability(stats, choose(estimand), n_splits=3, generator=np.random.default_rng(0))
    assert found.maps == ()
    assert np.isfinite([row.value for row in found.rows]).all()


@pytest.mark.parametrize("axis", ["attribute", "channel"])
def test_a_constant_label_has_no_reliability_and_leaves_the_others(axis: Axis) -> None:
    raw = make_raw(2, n_images=400, n_blocks=20)
    labels = raw.labels.copy()
    labels[:, 2] = 1
    stats = fill(replace(raw, labels=labels), n_blocks=20)
    found = measure_reliability(stats, choose(), n_splits=3, generator=np.random.default_rng(0), axis=axis)
    if axis == "attribute":
        assert np.isnan([found.rows[2].value, found.maps[2].value]).all()
        assert "Goatee" not in found.weak
    assert np.isfinite([found.rows[1].value, found.maps[1].value, found.spearman.value]).all()


def test_r_of_values_leaves_nan_out_and_needs_three() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 4, 6))
    first[1, :2] = np.nan
    second[1, 1:3] = np.nan
    first[2, :4] = np.nan
    first[3] = 0.1
    found = correlate_values(first, second)
    assert found[0] == pytest.approx(scipy_stats.pearsonr(first[0], second[0]).statistic)
    assert found[1] == pytest.approx(scipy_stats.pearsonr(first[1, 3:], second[1, 3:]).statistic)
    assert np.isnan(found[2:]).all()


def test_the_order_of_attributes_and_the_pieces_do_not_matter(
    stats: BlockStatistics, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure() -> Floats:
        found = measure_reliability(stats, choose(sign="absolute"), n_splits=5, generator=np.random.default_rng(0))
        return np.array([[each.value, each.low, each.high] for each in (*found.rows, *found.maps, found.spearman)])

    whole = measure()
    for module in ("reliability", "halves"):
        monkeypatch.setattr(f"mamviz.stats.{module}.CHUNK_CELLS", 400)
    np.testing.assert_allclose(measure(), whole, atol=1e-12)


def test_few_blocks_are_refused() -> None:
    few = fill(make_raw(2, n_images=60, n_blocks=9), n_blocks=20)
    with pytest.raises(StatisticsError, match="10 blocks"):
        measure_reliability(few, choose(), generator=np.random.default_rng(0))
