from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta, norm

from mamviz.errors import StatisticsError
from mamviz.schema import Choices, Interval
from mamviz.stats.correlation import dataset_maps
from mamviz.validation.false_positives import (
    FalsePositiveSettings,
    forget_labels,
    mean_of,
    measure_false_positives,
    share_of,
)
from mamviz.validation.simulation import Design, draw_population, draw_statistics

# Fewer attributes and cells than by default, and effects three times as large: seconds, and still a power near 1.
SMALL = FalsePositiveSettings(
    design=Design(n_attributes=5, grid=(4, 3, 3), n_images=400, n_persons=200, n_blocks=40, own=0.2, others=0.0),
    n_datasets=30,
    n_mixed=10,
    per_population=5,
    n_knowing=3,
    n_replicates=499,
    tables=(Choices(sign="signed", view="full"), Choices()),
)


def test_masks_that_know_nothing_have_few_survivors_and_those_that_know_many() -> None:
    """With a chance of 5 %, eight or more of thirty data sets have one in 0.02 % of such tests."""
    for found in measure_false_positives(SMALL, generator=np.random.default_rng(0)):
        assert found.any_survivor.value <= 7 / 30
        assert found.any_discovery.value <= 7 / 30
        assert 0 < found.pairs.value < 0.12
        assert found.among_ignorant.value <= 4 / 10
        assert found.false_discoveries.value <= 4 / 10
        assert found.holds
        if found.choices.sign == "signed":
            assert found.power.value > 0.3
            assert found.power.value > found.with_ignorant.value


def test_a_null_that_is_not_the_tables_own_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nulls of half the spread would call noise related in most data sets."""
    import mamviz.validation.false_positives as proof

    honest = proof.null_correlations

    def narrow(*data: object, **options: object) -> object:
        return np.tanh(0.5 * np.arctanh(np.clip(honest(*data, **options), -0.999, 0.999)))  # type: ignore[arg-type]

    monkeypatch.setattr(proof, "null_correlations", narrow)
    settings = replace(SMALL, n_datasets=10, n_mixed=6, tables=(Choices(sign="signed", view="full"),))
    (found,) = measure_false_positives(settings, generator=np.random.default_rng(0))
    assert found.any_survivor.value > 0.3
    assert not found.holds


def test_forgotten_labels_leave_no_trace_and_kept_ones_do() -> None:
    """Of images without noise, the map of an attribute that knows nothing is 0."""
    design = Design(n_attributes=4, grid=(2, 2, 2), n_images=2000, n_persons=500, noise=1e-9)
    population = forget_labels(draw_population(design, np.random.default_rng(0)), 2)
    maps = dataset_maps(draw_statistics(population, np.random.default_rng(1)), Choices(sign="signed", view="full"))
    assert np.abs(maps[2:]).max() < 1e-8
    assert np.abs(maps[:2]).max(axis=(1, 2, 3)).min() > 1e-3


def test_one_seed_gives_one_answer_and_progress_counts_data_sets() -> None:
    settings = replace(SMALL, n_datasets=3, n_mixed=2, per_population=1, n_replicates=19, tables=(Choices(),))
    seen: list[tuple[int, int]] = []
    first = measure_false_positives(
        settings,
        generator=np.random.default_rng(0),
        progress=lambda done, total, note="": seen.append((done, total)),
    )
    assert seen == [(number, 5) for number in (1, 2, 3, 4, 5)]
    assert first == measure_false_positives(settings, generator=np.random.default_rng(0))
    (found,) = first
    assert (found.n_datasets, found.n_mixed, found.n_replicates, found.level) == (3, 2, 19, 0.05)


def test_shares_have_wilsons_interval() -> None:
    hits = np.array([True] * 7 + [False] * 93)
    z = norm.ppf(0.975)
    centre = (0.07 + z**2 / 200) / (1 + z**2 / 100)
    half = z * np.sqrt(0.07 * 0.93 / 100 + z**2 / 40000) / (1 + z**2 / 100)
    found = share_of(hits)
    assert (found.value, found.low, found.high) == pytest.approx((0.07, centre - half, centre + half))
    assert found.low > beta.ppf(0.025, 7, 94)  # exact limits are wider


def test_means_have_their_standard_error_and_stay_within_0_and_1() -> None:
    values = np.array([0.1, 0.2, 0.6, 0.5])
    found = mean_of(values)
    error = 1.96 * np.sqrt(sum((value - 0.35) ** 2 for value in values) / 3 / 4)
    assert (found.value, found.low, found.high) == pytest.approx((0.35, 0.35 - error, 0.35 + error))
    pairs = mean_of(np.array([0.1, 0.3, 0.6, 0.6, 0.8]), per_population=2)
    error = 1.96 * np.std([0.2, 0.6, 0.8], ddof=1) / 3**0.5
    assert (pairs.value, pairs.low) == pytest.approx((0.48, max(0.48 - error, 0)))
    assert mean_of(values, per_population=4) == found
    assert mean_of(np.array([0.0, 0.0, 0.1])).low == 0
    assert mean_of(np.array([1.0, 1.0, 0.9])).high == 1


@pytest.mark.parametrize("name", ["any_survivor", "pairs", "any_discovery", "among_ignorant", "false_discoveries"])
def test_a_share_whose_interval_is_above_the_level_does_not_hold(name: str) -> None:
    settings = replace(SMALL, n_datasets=2, n_mixed=2, per_population=1, n_replicates=19, tables=(Choices(),))
    (found,) = measure_false_positives(settings, generator=np.random.default_rng(0))
    fine = replace(found, **dict.fromkeys(("any_survivor", "pairs", "any_discovery"), Interval(0.06, 0.05, 0.07)))
    fine = replace(fine, among_ignorant=Interval(0.0, 0.0, 0.1), false_discoveries=Interval(0.0, 0.0, 0.1))
    assert fine.holds
    assert not replace(fine, **{name: Interval(0.06, 0.051, 0.07)}).holds


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"n_mixed": 1}, "2 data sets"), ({"n_knowing": 1}, "n_knowing"), ({"n_knowing": 4}, "n_knowing")],
)
def test_settings_that_measure_nothing_are_refused(changes: dict[str, int], words: str) -> None:
    with pytest.raises(StatisticsError, match=words):
        replace(SMALL, **changes)  # type: ignore[arg-type]
