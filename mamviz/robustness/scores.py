"""Accuracy under noise and attacks, and what each transformation gains over none, with paired intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.schema import ATTACKS, Array, Floats, PerturbedScore, RobustnessSettings, TransformationScores
from mamviz.stats.bootstrap import draw_counts, to_interval, weigh_means


@dataclass(frozen=True)
class Replicates:
    """Means over attributes, (1 + R, T, L), under each weighting of the images; the first is of all images once."""

    accuracy: Floats
    balanced: Floats


def score_answers(
    right: npt.NDArray[np.bool_],
    labels: npt.NDArray[np.uint8],
    units: Array,
    settings: RobustnessSettings,
    *,
    generator: np.random.Generator,
) -> tuple[TransformationScores, ...]:
    """Score every transformation under every perturbation, and compare it with none.

    right    (n, T, L, K) as `answers.right_answers` gives them, none first; labels (n, K); units (n,) persons or images

    One draw of the units is used for everything, so a gain is paired image by image. The worst attack at an epsilon is
    the one with the lowest accuracy over all images; in a replicate it stays that one. Limits are NaN where there is
    only one unit.
    """
    n_replicates = settings.n_replicates if len(np.unique(units)) > 1 else 0
    drawn = replicate_scores(right, labels, draw_counts(units, n_replicates, generator))
    return tuple(_score_one(drawn, place, settings) for place in range(right.shape[1]))


def replicate_scores(right: npt.NDArray[np.bool_], labels: npt.NDArray[np.uint8], counts: Floats) -> Replicates:
    """Return accuracy and balanced accuracy (1 + R, T, L), means over attributes, for counts (1 + R, n).

    Balanced accuracy is the mean of the share of yes and the share of no that are found; an attribute without both
    labels is left out of it, replicate by replicate, and where none has both it is NaN.
    """
    n_images, n_transformations, n_levels, _ = right.shape
    accuracy = weigh_means(right.mean(axis=3).reshape(n_images, -1), counts)
    balanced = np.empty((len(counts), n_transformations, n_levels))
    groups = [part.astype(np.float64) for part in (labels == 1, labels == 0)]
    for place in range(n_transformations):
        for level in range(n_levels):
            values = right[:, place, level].astype(np.float64)
            found = sum(weigh_means(values, counts, among=group) for group in groups) / 2
            balanced[:, place, level] = _mean_defined(np.asarray(found))
    return Replicates(accuracy.reshape(balanced.shape), balanced)


def _score_one(drawn: Replicates, place: int, settings: RobustnessSettings) -> TransformationScores:
    level = settings.level
    gain, balanced_gain = (each[:, place] - each[:, 0] for each in (drawn.accuracy, drawn.balanced))
    scores = tuple(
        PerturbedScore(
            perturbation=perturbation,
            accuracy=to_interval(drawn.accuracy[:, place, column], level=level),
            balanced_accuracy=to_interval(drawn.balanced[:, place, column], level=level),
            gain=to_interval(gain[:, column], level=level),
            balanced_gain=to_interval(balanced_gain[:, column], level=level),
        )
        for column, perturbation in enumerate(settings.perturbations)
    )
    noisy = [column for column, each in enumerate(settings.perturbations) if each.kind == "noise"]
    through = [column for column, each in enumerate(settings.perturbations) if each.kind == "through"]
    worst = _worst_columns(drawn.accuracy[0, place], settings)
    hidden = drawn.accuracy[:, place][:, through] - drawn.accuracy[:, place][:, worst]
    return TransformationScores(
        transformation=settings.all_transformations[place],
        scores=scores,
        noise_gain=to_interval(gain[:, noisy].mean(axis=1), level=level),
        noise_balanced_gain=to_interval(balanced_gain[:, noisy].mean(axis=1), level=level),
        attack_gain=to_interval(gain[:, worst].mean(axis=1), level=level),
        attack_balanced_gain=to_interval(balanced_gain[:, worst].mean(axis=1), level=level),
        hidden=to_interval(hidden.mean(axis=1), level=level),
    )


def _worst_columns(accuracy: Floats, settings: RobustnessSettings) -> list[int]:
    """Return, for each epsilon, the column of the attack that leaves the lowest accuracy (L,), ties to the first."""
    columns = {(each.kind, each.strength): column for column, each in enumerate(settings.perturbations)}
    choices = [[columns[attack, epsilon] for attack in ATTACKS] for epsilon in settings.epsilons]
    return [min(group, key=lambda column: float(accuracy[column])) for group in choices]


def _mean_defined(values: Floats) -> Floats:
    known = np.isfinite(values)
    size = known.sum(axis=1)
    total = np.where(known, values, 0).sum(axis=1)
    return np.asarray(np.divide(total, size, out=np.full(len(values), np.nan), where=size > 0))
