"""Proof of the intervals: how often they cover the correlations of a known population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mamviz.errors import StatisticsError
from mamviz.schema import BlockStatistics, Choices, Coverage, Floats, IntervalMethod, Progress, silent
from mamviz.stats.bounds import to_z
from mamviz.stats.intervals import draw_replicates, estimate_intervals
from mamviz.validation.simulation import Design, Population, draw_population, draw_statistics, true_correlations

TABLES = (
    Choices(sign="signed", estimand="mean", view="full"),
    Choices(sign="signed", estimand="contrast", view="full"),
    Choices(sign="signed", estimand="adjusted", view="full"),
    Choices(),
    Choices(sign="signed", estimand="across", view="full"),
    Choices(sign="signed", estimand="image", view="full"),
)


@dataclass(frozen=True, kw_only=True)
class CoverageSettings:
    """What is simulated: `n_datasets` data sets of each of `n_populations` populations, at least two of each.

    tables     the choices whose intervals are measured, each by every method
    """

    design: Design = field(default_factory=Design)
    n_populations: int = 20
    n_datasets: int = 15
    n_replicates: int = 300
    level: float = 0.95
    tables: tuple[Choices, ...] = TABLES
    methods: tuple[IntervalMethod, ...] = ("corrected", "percentile", "bca")

    def __post_init__(self) -> None:
        if self.n_populations < 2 or self.n_datasets < 2:
            raise StatisticsError(
                f"Expected at least 2 populations with 2 data sets each, got {self.n_populations} and "
                f"{self.n_datasets}. The spread between them is the error of the coverage."
            )


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """Estimates (table, data set, pair) in z, and limits in r, (table, method, data set, pair)."""

    z: Floats
    low: Floats
    high: Floats


def measure_coverage(
    settings: CoverageSettings, *, generator: np.random.Generator, progress: Progress = silent
) -> tuple[Coverage, ...]:
    """Return how often intervals cover the true correlations, for each table and method.

    The truth is that of the population's own maps, without the noise of any data set. For the estimand image, which
    has no closed form, it is the mean z over the population's data sets; what an estimate deviates from that, times
    sqrt(n / (n - 1)), has the variance of what it deviates from the truth.
    Images, persons and replicates are drawn from `generator` in turn: one seed, one answer.
    """
    total = settings.n_populations * settings.n_datasets
    outcomes, truths = [], []
    for number in range(settings.n_populations):
        population = draw_population(settings.design, generator)
        datasets = []
        for dataset in range(settings.n_datasets):
            datasets.append(_measure(draw_statistics(population, generator), settings, generator))
            progress(number * settings.n_datasets + dataset + 1, total, "data sets")
        outcome = _Outcome(
            z=np.stack([each.z for each in datasets], axis=1),
            low=np.stack([each.low for each in datasets], axis=2),
            high=np.stack([each.high for each in datasets], axis=2),
        )
        outcomes.append(outcome)
        truths.append(np.stack([_truth(population, *pair) for pair in zip(settings.tables, outcome.z, strict=True)]))
    return tuple(
        _summarise(settings, outcomes, truths, (table, method))
        for table in range(len(settings.tables))
        for method in range(len(settings.methods))
    )


def _measure(stats: BlockStatistics, settings: CoverageSettings, generator: np.random.Generator) -> _Outcome:
    """Estimate every table of one data set by every method: z (table, pair), limits (table, method, pair)."""
    pairs = np.triu_indices(len(stats.attributes), 1)
    z, low, high = [], [], []
    for table in settings.tables:
        replicates = draw_replicates(stats, table, generator=generator, n_replicates=settings.n_replicates)
        found = [estimate_intervals(replicates, method=each, level=settings.level) for each in settings.methods]
        z.append(to_z(replicates.correlation.values[pairs]))
        low.append([each.low[pairs] for each in found])
        high.append([each.high[pairs] for each in found])
    return _Outcome(z=np.array(z), low=np.array(low), high=np.array(high))


def _truth(population: Population, table: Choices, z: Floats) -> Floats:
    """Return the true r of every pair for each data set, (data set, pair)."""
    if table.estimand == "image":
        mean = z.mean(axis=0)
        return np.asarray(np.tanh(z + (mean - z) * np.sqrt(len(z) / (len(z) - 1))))
    values = true_correlations(population, table)
    return np.broadcast_to(values[np.triu_indices(len(values), 1)], z.shape)


def _summarise(
    settings: CoverageSettings, outcomes: Sequence[_Outcome], truths: Sequence[Floats], which: tuple[int, int]
) -> Coverage:
    """Count for one table and method; `which` are their numbers."""
    table, _ = which
    low, high = (np.stack([getattr(each, end)[which] for each in outcomes]) for end in ("low", "high"))
    true = np.stack([each[table] for each in truths])  # (population, data set, pair)
    known = np.isfinite(low)
    inside = np.where(known, (low <= true) & (true <= high), np.nan)
    by_population = np.nanmean(inside, axis=(1, 2))
    return Coverage(
        choices=settings.tables[table],
        method=settings.methods[which[1]],
        level=settings.level,
        covered=float(np.nanmean(inside)),
        error=float(by_population.std(ddof=1) / np.sqrt(len(by_population))),
        below=float((true < low)[known].mean()),
        above=float((true > high)[known].mean()),
        width=float((high - low)[known].mean()),
        defined=float(known.mean()),
        n_datasets=settings.n_populations * settings.n_datasets,
        n_pairs=low.shape[2],
        n_images=settings.design.n_images,
    )
