"""Proof of the significance: how often masks that know nothing of the labels are said to be related."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from mamviz.errors import StatisticsError
from mamviz.schema import BlockStatistics, Choices, FalsePositives, Floats, Interval, Progress, Significance, silent
from mamviz.stats.correlation import correlate_attributes
from mamviz.stats.multiplicity import test_against_null
from mamviz.stats.nulls import null_correlations
from mamviz.validation.simulation import Design, Population, draw_population, draw_statistics

TABLES = (
    Choices(sign="signed", estimand="contrast", view="full"),
    Choices(sign="signed", estimand="adjusted", view="full"),
    Choices(estimand="contrast"),
    Choices(),
)


@dataclass(frozen=True, kw_only=True)
class FalsePositiveSettings:
    """What is simulated: data sets in which no mask knows its label, and `n_mixed` in which the first few do.

    design         size of the data sets; every population is drawn anew for each `per_population` of them
    n_knowing      attributes whose masks know their labels in the mixed data sets
    n_replicates   of the null
    """

    design: Design = field(default_factory=lambda: Design(n_images=1000, n_persons=400))
    n_datasets: int = 240
    n_mixed: int = 120
    per_population: int = 10
    n_knowing: int = 5
    n_replicates: int = 999
    level: float = 0.05
    tables: tuple[Choices, ...] = TABLES

    def __post_init__(self) -> None:
        if min(self.n_datasets, self.n_mixed) < 2 or self.per_population < 1:
            raise StatisticsError(
                f"Expected 2 data sets or more of each kind, got {self.n_datasets} and {self.n_mixed}, "
                f"{self.per_population} a population. The spread between them is the error of the shares."
            )
        if not 2 <= self.n_knowing <= self.design.n_attributes - 2:
            raise StatisticsError(
                f"n_knowing: expected 2 to {self.design.n_attributes - 2} of {self.design.n_attributes} attributes, "
                f"got {self.n_knowing}. Leave two that know something and two that do not."
            )


def measure_false_positives(
    settings: FalsePositiveSettings, *, generator: np.random.Generator, progress: Progress = silent
) -> tuple[FalsePositives, ...]:
    """Return how often tests call relations that are not there, and those that are, one record a table.

    Labels are correlated, masks are correlated over cells and attributes and alike within a person, as real ones are.
    Everything is drawn from `generator` in turn: one seed, one answer.
    """
    before = _shift(progress, 0, settings.n_mixed)
    after = _shift(progress, settings.n_datasets, 0)
    ignorant = _simulate(settings, settings.n_datasets, 0, generator, progress=before)
    mixed = _simulate(settings, settings.n_mixed, settings.n_knowing, generator, progress=after)
    return tuple(
        _summarise(settings, choices, [row[number] for row in ignorant], [row[number] for row in mixed])
        for number, choices in enumerate(settings.tables)
    )


def _simulate(
    settings: FalsePositiveSettings,
    n_datasets: int,
    n_knowing: int,
    generator: np.random.Generator,
    *,
    progress: Progress,
) -> list[list[Significance]]:
    """Return the significance of each table, data set by data set."""
    found = []
    population = None
    for number in range(n_datasets):
        if population is None or number % settings.per_population == 0:
            population = forget_labels(draw_population(settings.design, generator), n_knowing)
        stats = draw_statistics(population, generator)
        found.append([_test(stats, choices, settings, generator) for choices in settings.tables])
        progress(number + 1, n_datasets, "data sets")
    return found


def forget_labels(population: Population, n_knowing: int) -> Population:
    """Leave labels' effects on the masks of the first `n_knowing` attributes only."""
    knows = np.arange(population.design.n_attributes) < n_knowing
    return replace(population, effect=population.effect * knows[:, None, None])


def _test(
    stats: BlockStatistics, choices: Choices, settings: FalsePositiveSettings, generator: np.random.Generator
) -> Significance:
    null = null_correlations(stats, choices, n_replicates=settings.n_replicates, generator=generator)
    return test_against_null(correlate_attributes(stats, choices).values, null, level=settings.level)


def _summarise(
    settings: FalsePositiveSettings,
    choices: Choices,
    ignorant: Sequence[Significance],
    mixed: Sequence[Significance],
) -> FalsePositives:
    level, n = settings.level, settings.design.n_attributes
    first, second = np.triu_indices(n, k=1)
    knowing = (first < settings.n_knowing).astype(int) + (second < settings.n_knowing)

    def flags(results: Sequence[Significance], name: str) -> npt.NDArray[np.bool_]:
        """Tell what is at most the level, (data set, pair); what is undefined is not."""
        return np.array([getattr(each, name)[first, second] <= level for each in results], dtype=np.bool_)

    def average(values: Floats) -> Interval:
        return mean_of(values, per_population=settings.per_population)

    survives, found = flags(mixed, "p_max"), flags(mixed, "q")
    false, true = found[:, knowing == 0].sum(axis=1), found[:, knowing == 2].sum(axis=1)
    return FalsePositives(
        choices=choices,
        level=level,
        n_datasets=len(ignorant),
        n_mixed=len(mixed),
        n_replicates=settings.n_replicates,
        any_survivor=share_of(np.any(flags(ignorant, "p_max"), axis=1)),
        pairs=average(flags(ignorant, "p").mean(axis=1)),
        any_discovery=share_of(np.any(flags(ignorant, "q"), axis=1)),
        among_ignorant=share_of(np.any(survives[:, knowing == 0], axis=1)),
        with_ignorant=average(survives[:, knowing == 1].mean(axis=1)),
        power=average(survives[:, knowing == 2].mean(axis=1)),
        false_discoveries=average(false / np.maximum(false + true, 1)),
    )


def share_of(hits: npt.NDArray[np.bool_]) -> Interval:
    """Return the share of data sets with a hit, with Wilson's 95 % interval."""
    test = binomtest(int(hits.sum()), len(hits)).proportion_ci(0.95, method="wilson")
    return Interval(float(hits.mean()), float(test.low), float(test.high))


def mean_of(values: Floats, *, per_population: int = 1) -> Interval:
    """Return the mean over data sets with 1.96 standard errors on both sides, within [0, 1].

    values    (data set,), of which `per_population` after each other share a population: the error is that of the
              populations' means, or of single data sets where there is one population. Two values or more.
    """
    per_population = per_population if len(values) > per_population else 1
    groups = [values[start : start + per_population].mean() for start in range(0, len(values), per_population)]
    error = 1.96 * np.std(groups, ddof=1) / np.sqrt(len(groups))
    mean = values.mean()
    return Interval(float(mean), float(np.maximum(mean - error, 0.0)), float(np.minimum(mean + error, 1.0)))


def _shift(progress: Progress, before: int, after: int) -> Progress:
    def shifted(done: int, total: int, note: str = "") -> None:
        progress(before + done, before + total + after, note)

    return shifted
