from __future__ import annotations

import numpy as np
import pytest

from mamviz.errors import StatisticsError
from mamviz.schema import Choices, Coverage
from mamviz.validation.coverage import CoverageSettings, measure_coverage
from mamviz.validation.simulation import Design

MEAN = Choices(sign="signed", estimand="mean", view="full")
IMAGE = Choices(sign="signed", estimand="image", view="full")
FULL = Choices(view="full")
SETTINGS = CoverageSettings(
    design=Design(n_attributes=5, grid=(3, 3, 3), n_images=500, n_persons=250, n_blocks=32, own=0.03),
    n_populations=6,
    n_datasets=6,
    n_replicates=60,
    tables=(MEAN, IMAGE, FULL),
)


@pytest.fixture(scope="module")
def found() -> dict[tuple[Choices, str], Coverage]:
    measured = measure_coverage(SETTINGS, generator=np.random.default_rng(0))
    assert len(measured) == 9
    return {(each.choices, each.method): each for each in measured}


def test_every_table_is_measured_by_every_method(found: dict[tuple[Choices, str], Coverage]) -> None:
    assert set(found) == {(table, method) for table in SETTINGS.tables for method in SETTINGS.methods}
    for each in found.values():
        assert each.covered + each.below + each.above == pytest.approx(1.0)
        assert (each.n_datasets, each.n_pairs, each.n_images, each.defined) == (36, 10, 500, 1.0)


@pytest.mark.parametrize("table", [MEAN, IMAGE], ids=["mean", "image"])
def test_tables_without_bias_are_covered_as_often_as_they_say(
    found: dict[tuple[Choices, str], Coverage], table: Choices
) -> None:
    """36 data sets of ten pairs that are not independent: 95 % within four standard errors or 6 %."""
    each = found[table, "corrected"]
    assert abs(each.covered - 0.95) < max(4 * each.error, 0.06)


def test_percentiles_of_a_biased_table_miss_where_corrected_limits_cover(
    found: dict[tuple[Choices, str], Coverage],
) -> None:
    """Absolute maps of few images look less alike than they are here, and their replicates still less."""
    corrected, percentile = found[FULL, "corrected"], found[FULL, "percentile"]
    assert corrected.covered > 0.85
    assert percentile.covered < corrected.covered - 0.2
    assert percentile.below == 0.0
    assert percentile.above > 0.25


def test_the_same_seed_gives_the_same_coverage_and_progress_is_told() -> None:
    small = CoverageSettings(
        design=SETTINGS.design, n_populations=2, n_datasets=2, n_replicates=20, tables=(MEAN,), methods=("corrected",)
    )
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int, note: str = "") -> None:
        told.append((done, total))

    first = measure_coverage(small, generator=np.random.default_rng(7), progress=progress)
    assert first == measure_coverage(small, generator=np.random.default_rng(7))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(("populations", "datasets"), [(1, 5), (5, 1)])
def test_a_spread_needs_two_of_each(populations: int, datasets: int) -> None:
    with pytest.raises(StatisticsError, match="at least 2 populations with 2 data sets each"):
        CoverageSettings(n_populations=populations, n_datasets=datasets)
