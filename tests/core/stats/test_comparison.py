from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from mamviz.schema import RECOMMENDED, Choices, FeatureProducts, Matching
from mamviz.stats import comparison
from mamviz.stats.agreement import pairs_of, rank_correlation
from mamviz.stats.comparison import AgreementSettings, compare_features, compare_tables, draw_table, match_tables
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.stats.matching import linear_cka, match_channels
from mamviz.stats.moments import select_blocks
from tests.core.stats.raw import fill, make_raw

STATS = fill(make_raw(2, n_images=120, n_blocks=15), n_blocks=20)  # five blocks are empty


def draw(seed: int = 0, *, n_replicates: int = 12, choices: Choices | None = None):
    return draw_table(
        STATS,
        choices or Choices(),
        axis="attribute",
        n_replicates=n_replicates,
        generator=np.random.default_rng(seed),
    )


def test_replicates_are_tables_of_filled_blocks_drawn_with_replacement() -> None:
    """Drawn again by hand: the empty blocks must not count among those drawn from."""
    drawn, again = draw(4), np.random.default_rng(4)
    np.testing.assert_array_equal(drawn.table.values, correlate_attributes(STATS, Choices()).values)
    assert drawn.n_blocks == 15
    filled = np.flatnonzero(STATS.count)
    for values in drawn.replicates:
        chosen = filled[again.integers(15, size=15)]
        expected = correlate_attributes(select_blocks(STATS, chosen), Choices()).values
        np.testing.assert_allclose(values, expected, atol=1e-6)  # kept as float32


def test_large_tables_have_fewer_replicates_but_not_fewer_than_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "MOST_CELLS", 5 * 5 * 130)
    assert len(draw(n_replicates=200).replicates) == 130
    assert len(draw(n_replicates=50).replicates) == 50
    monkeypatch.setattr(comparison, "MOST_CELLS", 1)
    assert len(draw(n_replicates=200).replicates) == 100


def test_an_agreement_takes_replicates_draw_by_draw() -> None:
    first, second = draw(1, n_replicates=300), draw(1, n_replicates=300, choices=Choices(view="full"))
    settings = AgreementSettings(n_permutations=19, top=2)
    found = compare_tables(first, second, names=("a", "b"), settings=settings, generator=np.random.default_rng(0))
    assert (found.first, found.second, found.n_pairs) == ("a", "b", 10)
    each = rank_correlation(pairs_of(first.replicates), pairs_of(second.replicates))
    z = np.arctanh(np.clip(each, -1 + 6 / 990, 1 - 6 / 990))
    reach = 2.1448 * z.std(ddof=1) * np.sqrt(15 / 14)  # t of 0.975 with 14 degrees of freedom, from a table
    assert np.arctanh(found.spearman.value) - np.arctanh(found.spearman.low) == pytest.approx(reach, rel=1e-4)
    short = compare_tables(
        replace(first, replicates=first.replicates[:200]),
        second,
        names=("a", "b"),
        settings=settings,
        generator=np.random.default_rng(0),
    )
    assert short.spearman.low == pytest.approx(found.spearman.low, abs=0.2)
    assert short.mantel == found.mantel


def test_matched_tables_have_their_channels_in_the_order_of_the_matching() -> None:
    drawn = draw_table(
        STATS, RECOMMENDED["channel"], axis="channel", n_replicates=3, generator=np.random.default_rng(0)
    )
    whole = correlate_channels(STATS, RECOMMENDED["channel"]).values
    matching = Matching(first=(0, 2, 3), second=(3, 1, 0), r=(1.0, 1.0, 1.0))
    for table, order in zip(match_tables(drawn, drawn, matching), ([0, 2, 3], [3, 1, 0]), strict=True):
        np.testing.assert_array_equal(table.table.values, whole[np.ix_(order, order)])
        for got, values in zip(table.replicates, drawn.replicates, strict=True):
            np.testing.assert_array_equal(got, values[np.ix_(order, order)])
    nothing = match_tables(drawn, drawn, Matching(first=(), second=(), r=()))[0]
    assert nothing.table.values.shape == (0, 0)
    found = compare_tables(
        nothing, nothing, names=("a", "b"), settings=AgreementSettings(), generator=np.random.default_rng(0)
    )
    assert np.isnan([found.spearman.value, found.mantel.p_greater, found.overlap.mean]).all()
    assert found.n_pairs == 0


def test_features_of_every_two_networks_are_compared() -> None:
    side = np.random.default_rng(0).normal(size=(50, 7))
    products = FeatureProducts(channels=(2, 3, 2), n_images=10, count=50, total=side.sum(axis=0), gram=side.T @ side)
    found = compare_features(products, ["a", "b", "c"])
    assert [(each.first, each.second) for each in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    for each, pair in zip(found, itertools.combinations(range(3), 2), strict=True):
        assert each.cka == linear_cka(products, *pair)
        assert each.matching == match_channels(products, *pair)
        assert each.n_images == 10
