from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import spearmanr

from mamviz.errors import StatisticsError
from mamviz.schema import (
    BlockStatistics,
    Choices,
    Entanglement,
    EntanglementSettings,
    Floats,
    PairRelation,
    PairRule,
)
from mamviz.stats.association import associate_labels
from mamviz.stats.correlation import correlate_attributes
from mamviz.stats.entanglement import measure_entanglement, rank_pairs
from mamviz.stats.intervals import draw_replicates, estimate_intervals
from mamviz.stats.partial import partial_correlations
from tests.core.stats.raw import ATTRIBUTES, Raw, fill, make_raw

N_BLOCKS = 12
NAN = float("nan")
FEW = EntanglementSettings(n_replicates=60)
FIGURES = ("r", "phi", "tetrachoric", "partial_r", "partial_phi", "rank", "gap", "raw_gap")


def measure(
    stats: BlockStatistics, *, choices: Choices | None = None, settings: EntanglementSettings = FEW, seed: int = 0
) -> Entanglement:
    return measure_entanglement(stats, choices or Choices(), generator=np.random.default_rng(seed), settings=settings)


def by_names(found: Entanglement) -> dict[tuple[str, str], PairRelation]:
    return {(pair.first, pair.second): pair for pair in found.pairs}


@pytest.fixture(scope="module")
def raw() -> Raw:
    return make_raw(0, n_images=240, n_blocks=N_BLOCKS)


@pytest.fixture(scope="module")
def stats(raw: Raw) -> BlockStatistics:
    return fill(raw, n_blocks=N_BLOCKS)


@pytest.fixture(scope="module")
def found(stats: BlockStatistics) -> Entanglement:
    return measure(stats)


def slow_ranks(values: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Share of the others below, half of itself and of ties counted."""
    return {
        pair: (sum(other < value for other in values.values()) + sum(other == value for other in values.values()) / 2)
        / len(values)
        for pair, value in values.items()
    }


@pytest.mark.parametrize("choices", [Choices(), Choices(map="evidence", sign="signed", view="full")])
def test_each_figure_of_a_pair_is_that_of_its_own_statistic(stats: BlockStatistics, choices: Choices) -> None:
    pairs = by_names(measure(stats, choices=choices))
    r, labels = correlate_attributes(stats, choices).values, associate_labels(stats)
    partial = partial_correlations(r, ridge=FEW.ridge).values
    places = {(ATTRIBUTES[first], ATTRIBUTES[second]): (first, second) for first, second in combinations(range(5), 2)}
    assert pairs.keys() == places.keys()
    share = {names: abs(r[place]) if choices.sign == "signed" else r[place] for names, place in places.items()}
    size = {names: abs(labels.phi[place]) for names, place in places.items()}
    ranks, label_ranks = slow_ranks(share), slow_ranks(size)
    for names, place in places.items():
        pair = pairs[names]
        assert pair.r.value == pytest.approx(r[place], abs=1e-9)
        assert pair.phi.value == pytest.approx(labels.phi[place], abs=1e-12)
        assert pair.tetrachoric.value == pytest.approx(labels.tetrachoric[place], abs=1e-9)
        assert pair.partial_r.value == pytest.approx(partial[place], abs=1e-8)
        assert pair.partial_phi.value == pytest.approx(labels.partial[place], abs=1e-9)
        assert pair.rank.value == pytest.approx(ranks[names], abs=1e-12)
        assert pair.gap.value == pytest.approx(ranks[names] - label_ranks[names], abs=1e-12)
        assert pair.raw_gap.value == pytest.approx(share[names] - size[names], abs=1e-9)
        assert pair.empty_cell == labels.empty_cells[place]


def test_the_interval_of_r_is_that_of_the_same_draws_of_the_whole_table(
    stats: BlockStatistics, found: Entanglement
) -> None:
    drawn = draw_replicates(stats, Choices(), generator=np.random.default_rng(0), n_replicates=60)
    intervals = estimate_intervals(drawn)
    for first, second in combinations(range(5), 2):
        pair = by_names(found)[ATTRIBUTES[first], ATTRIBUTES[second]]
        assert pair.r.low == pytest.approx(intervals.low[first, second], abs=1e-9)
        assert pair.r.high == pytest.approx(intervals.high[first, second], abs=1e-9)


def test_intervals_hold_their_value_and_stay_within_their_range(found: Entanglement) -> None:
    for pair in found.pairs:
        for name in FIGURES:
            figure = getattr(pair, name)
            least = 0 if name == "rank" else -2 if name == "raw_gap" else -1
            largest = 2 if name == "raw_gap" else 1
            assert least <= figure.low <= figure.value <= figure.high <= largest
        assert pair.r.low < pair.r.high
        assert pair.gap.low < pair.gap.high


def test_an_interval_holds_its_rank_even_where_no_replicate_reaches_it(stats: BlockStatistics) -> None:
    found = measure(stats, settings=replace(FEW, n_replicates=2))
    assert all(getattr(pair, name).low <= getattr(pair, name).value for pair in found.pairs for name in ("rank", "gap"))
    assert all(
        getattr(pair, name).value <= getattr(pair, name).high for pair in found.pairs for name in ("rank", "gap")
    )


def test_a_lower_level_has_narrower_intervals_around_the_same_values(
    stats: BlockStatistics, found: Entanglement
) -> None:
    narrow = by_names(measure(stats, settings=replace(FEW, level=0.5)))
    for names, pair in by_names(found).items():
        for name in ("r", "phi", "gap", "raw_gap"):
            ours, theirs = getattr(pair, name), getattr(narrow[names], name)
            assert ours.value == theirs.value
            assert theirs.high - theirs.low < ours.high - ours.low


def test_one_seed_gives_one_result_and_another_seed_other_intervals(
    stats: BlockStatistics, found: Entanglement
) -> None:
    assert measure(stats).pairs == found.pairs
    other = by_names(measure(stats, seed=1))
    for names, pair in by_names(found).items():
        assert other[names].r.value == pair.r.value
        assert other[names].r.low != pair.r.low


@pytest.mark.parametrize(("scale", "name"), [("rank", "gap"), ("raw", "raw_gap")])
def test_pairs_come_by_the_gap_of_the_scale_asked_for(stats: BlockStatistics, scale, name: str) -> None:
    pairs = measure(stats, settings=replace(FEW, scale=scale)).pairs
    gaps = [getattr(pair, name).value for pair in pairs]
    assert gaps == sorted(gaps, reverse=True)
    assert len(set(gaps)) > 5


def plant(seed: int, *, shuffled: bool = False) -> Raw:
    """Bald and Bangs look at the same cells though their labels are independent; Goatee and Male the other way round.

    Bald and Young have labels that are related too, and cells that are not the furthest apart.

    shuffled   the labels are given to other images: masks know nothing of them
    """
    rng = np.random.default_rng(seed)
    n = 3000
    labels = (rng.random((n, 5)) < 0.5).astype(np.float64)
    for attribute, other in ((3, 2), (4, 0)):
        labels[:, attribute] = np.where(rng.random(n) < 0.8, labels[:, other], 1 - labels[:, other])
    looks = np.zeros((5, 9))
    for attribute, cells in enumerate(([0, 1, 2], [0, 1, 2], [3, 4, 5, 6], [0, 1, 2, 7, 8], [5, 6])):
        looks[attribute, cells] = 1
    own = looks.reshape(5, 1, 3, 3) * rng.uniform(0.5, 1.5, size=(5, 4, 1, 1))
    noise = 0.5 * rng.normal(size=(n, 5, 4, 3, 3))
    mask = 1 / (1 + np.exp(-(labels[:, :, None, None, None] * own + noise)))
    if shuffled:
        labels = labels[rng.permutation(n)]
    return Raw(mask, np.ones((n, 4, 3, 3)), rng.normal(size=(5, 4)), labels, rng.integers(20, size=n))


RULE = EntanglementSettings(
    n_replicates=60, rule=PairRule(independent=0.1, high=0.85, low=0.15)
)  # ten pairs: the first and the last


@pytest.fixture(scope="module")
def planted() -> BlockStatistics:
    return fill(plant(1), n_blocks=20)


def test_planted_pairs_are_found_and_no_others(planted: BlockStatistics) -> None:
    found = measure(planted, settings=RULE)
    assert [(pair.first, pair.second) for pair in found.shared] == [("Bald", "Bangs")]
    assert [(pair.first, pair.second) for pair in found.separate] == [("Goatee", "Male")]
    (shared,), (separate,) = found.shared, found.separate
    assert shared.r.value > 0.9
    assert shared.gap.low > 0
    assert separate.r.value < 0
    assert separate.phi.low > 0.5
    assert separate.gap.high < 0


def test_of_shuffled_labels_nothing_is_listed_as_shared() -> None:
    assert measure(fill(plant(1, shuffled=True), n_blocks=20), settings=RULE).shared == ()


def test_stricter_bounds_list_fewer(planted: BlockStatistics) -> None:
    strict = replace(RULE, rule=replace(RULE.rule, independent=0.001, related=0.9))
    found = measure(planted, settings=strict)
    assert (found.shared, found.separate) == ((), ())


def test_explanations_are_spearman_of_masks_and_labels(found: Entanglement) -> None:
    pairs = found.pairs
    expected = {
        "phi": spearmanr([p.r.value for p in pairs], [p.phi.value for p in pairs]),
        "size of phi": spearmanr([p.r.value for p in pairs], [abs(p.phi.value) for p in pairs]),
        "size of tetrachoric": spearmanr([p.r.value for p in pairs], [abs(p.tetrachoric.value) for p in pairs]),
    }
    assert [each.relation for each in found.explanations] == list(expected)
    for each in found.explanations:
        assert each.r.value == pytest.approx(expected[each.relation].statistic, abs=1e-9)
        assert -1 <= each.r.low < each.r.value < each.r.high <= 1
        assert 0 < each.p <= 1


def test_of_signed_tables_the_size_of_r_is_what_masks_share(stats: BlockStatistics) -> None:
    found = measure(stats, choices=Choices(sign="signed", view="full"))
    assert any(pair.r.value < 0 for pair in found.pairs)
    sizes = [abs(pair.r.value) for pair in found.pairs]
    explained = {each.relation: each.r.value for each in found.explanations}
    labels = [abs(pair.phi.value) for pair in found.pairs]
    assert explained["size of phi"] == pytest.approx(spearmanr(sizes, labels).statistic, abs=1e-9)
    signed = spearmanr([pair.r.value for pair in found.pairs], [pair.phi.value for pair in found.pairs])
    assert explained["phi"] == pytest.approx(signed.statistic, abs=1e-9)


def test_a_constant_label_is_undefined_last_and_never_listed(raw: Raw) -> None:
    labels = raw.labels.copy()
    labels[:, 1] = 0
    found = measure(fill(replace(raw, labels=labels), n_blocks=N_BLOCKS))
    assert found.labels.undefined == ("Bangs",)
    gone = [pair for pair in found.pairs if "Bangs" in (pair.first, pair.second)]
    assert list(found.pairs[-4:]) == gone
    assert all(np.isnan(getattr(pair, name).value) for pair in gone for name in FIGURES)
    assert all(pair.kind is None for pair in gone)
    ranks = sorted(pair.rank.value for pair in found.pairs[:-4])
    np.testing.assert_allclose(ranks, (np.arange(6) + 0.5) / 6)
    assert found.of("Bangs") == ()
    assert len(found.of("Male")) == 3


def test_blocks_without_images_are_no_units(raw: Raw, found: Entanglement) -> None:
    padded = measure(fill(raw, n_blocks=N_BLOCKS + 3))
    assert padded.n_blocks == found.n_blocks == N_BLOCKS
    for one, other in zip(padded.pairs, found.pairs, strict=True):
        for name in FIGURES:
            for end in ("value", "low", "high"):
                assert getattr(getattr(one, name), end) == pytest.approx(getattr(getattr(other, name), end), abs=1e-8)


def test_too_few_blocks_are_refused() -> None:
    with pytest.raises(StatisticsError, match="at least 10 blocks with images, got 6"):
        measure(fill(make_raw(0)))


def test_progress_ends_with_all_rows(stats: BlockStatistics) -> None:
    seen: list[tuple[int, int]] = []
    measure_entanglement(
        stats,
        Choices(),
        generator=np.random.default_rng(0),
        settings=FEW,
        progress=lambda done, total, note="": seen.append((done, total)),
    )
    assert seen[-1] == (1 + 60 + N_BLOCKS, 1 + 60 + N_BLOCKS)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len(seen) > 1


def slow_rank(values: Floats, place: int) -> float:
    known = values[~np.isnan(values)]
    return float((known < values[place]).sum() + (known == values[place]).sum() / 2) / len(known)


def test_ranks_are_shares_of_the_defined_pairs_ties_in_the_middle() -> None:
    values = np.array([[3.0, 1.0, NAN, 1.0, 2.0], [0.0, 0.0, 0.0, 0.0, NAN], [NAN] * 5])
    ranks = rank_pairs(values)
    for row, rank in zip(values, ranks, strict=True):
        for place in range(5):
            assert rank[place] == pytest.approx(NAN if np.isnan(row[place]) else slow_rank(row, place), nan_ok=True)
    np.testing.assert_allclose(rank_pairs(np.exp(values)), ranks)
