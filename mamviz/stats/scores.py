"""How well attributes are classified, with intervals from resampled images or identities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import Array, AttributeScore, Evaluation, Floats, Interval
from mamviz.stats.resampling import draw_units

# Cells (images x replicates) computed at once; 2**21 of them need about 100 MB.
CHUNK_CELLS = 2**21


@dataclass(frozen=True, kw_only=True)
class WeightedScores:
    """Scores of each attribute under each weighting of the images, (K, R); NaN where undefined."""

    accuracy: Floats
    balanced_accuracy: Floats
    average_precision: Floats
    auroc: Floats


def score_weighted(logits: npt.ArrayLike, labels: npt.ArrayLike, weights: npt.ArrayLike) -> WeightedScores:
    """Score every attribute under every weighting of the images.

    logits    (N, K); above 0 means yes
    labels    (N, K), 0 or 1
    weights   (N, R), how often each image counts: ones, or drawn counts

    Equal logits are one threshold, as in scikit-learn: half a win in AUROC, one step in average precision.
    Without both labels there is no AUROC and no balanced accuracy, without a positive no average precision,
    without any image no accuracy: NaN.
    """
    scores, truth = _checked(logits, labels)
    counts = np.asarray(weights, dtype=np.int64)
    yes = scores > 0
    total = counts.sum(axis=0).astype(np.float64)
    # float64 products of whole numbers: exact, and BLAS has none for integers
    exact = counts.astype(np.float64)
    positive = truth.T.astype(np.float64) @ exact  # (K, R)
    hits = (truth & yes).T.astype(np.float64) @ exact
    rejections = (~truth & ~yes).T.astype(np.float64) @ exact
    ranked = [_rank_scores(scores[:, k], truth[:, k], counts) for k in range(scores.shape[1])]
    return WeightedScores(
        accuracy=_divide(hits + rejections, total),
        balanced_accuracy=(_divide(hits, positive) + _divide(rejections, total - positive)) / 2,
        average_precision=np.array([pair[0] for pair in ranked]),
        auroc=np.array([pair[1] for pair in ranked]),
    )


def evaluate(
    logits: npt.ArrayLike,
    labels: npt.ArrayLike,
    units: npt.ArrayLike,
    attributes: Sequence[str],
    *,
    generator: np.random.Generator,
    protocol: str,
    n_replicates: int = 1000,
    level: float = 0.95,
) -> Evaluation:
    """Score every attribute, with percentile intervals from resampled units.

    units   (N,) anything that tells apart what is drawn: identities, or numbers of images

    A replicate without both labels of an attribute is left out of that attribute's interval, and the attribute
    out of that replicate's mean. With one unit, or no replicates, intervals are NaN.
    """
    scores, truth = _checked(logits, labels)
    names, place = np.unique(np.asarray(units), return_inverse=True)
    if truth.shape[1] != len(attributes) or place.shape != (len(truth),) or not 0 < level < 1:
        raise StatisticsError(
            f"Expected a unit for each of {len(truth)} images, a name for each of {truth.shape[1]} attributes and a "
            f"level between 0 and 1, got {place.shape}, {len(attributes)} and {level}. Give one of each."
        )
    value = score_weighted(scores, truth, np.ones((len(truth), 1)))
    replicates = _resample(scores, truth, place, n_replicates if len(names) > 1 else 0, generator)
    intervals = {spec.name: _intervals(value, replicates, spec.name, level) for spec in fields(WeightedScores)}
    prevalence = truth.mean(axis=0)
    majority = np.maximum(prevalence, 1 - prevalence)
    return Evaluation(
        scores=tuple(
            AttributeScore(
                attribute=name,
                prevalence=float(prevalence[k]),
                majority=float(majority[k]),
                **{kind: intervals[kind][k] for kind in intervals},
            )
            for k, name in enumerate(attributes)
        ),
        mean_accuracy=intervals["accuracy"][-1],
        mean_balanced_accuracy=intervals["balanced_accuracy"][-1],
        mean_average_precision=intervals["average_precision"][-1],
        mean_auroc=intervals["auroc"][-1],
        mean_majority=float(majority.mean()),
        n_images=len(truth),
        n_units=len(names),
        unit="image" if len(names) == len(truth) else "identity",
        level=level,
        n_replicates=n_replicates,
        protocol=protocol,
    )


def _rank_scores(scores: Floats, truth: npt.NDArray[np.bool_], counts: Array) -> tuple[Floats, Floats]:
    """Return average precision and AUROC of one attribute, each (R,).

    A positive at a threshold that `lower` images are under wins against `lower` and half of those at it.
    Summed over positives, wins against other positives are half the square of their number.
    """
    order = np.argsort(scores, kind="stable")
    ranked, positives = scores[order], np.flatnonzero(truth[order])
    below = np.concatenate([np.zeros((1, counts.shape[1]), dtype=np.int64), np.cumsum(counts[order], axis=0)])
    lower = below[np.searchsorted(ranked, ranked[positives], side="left")].astype(np.float64)
    upto = below[np.searchsorted(ranked, ranked[positives], side="right")].astype(np.float64)
    weight = counts[order[positives]].astype(np.float64)  # (positive, R)
    n_all, n_positive = below[-1].astype(np.float64), weight.sum(axis=0)
    wins = (weight * (lower + upto)).sum(axis=0) / 2 - n_positive**2 / 2
    auroc = _divide(wins, n_positive * (n_all - n_positive))
    under = np.concatenate([np.zeros((1, counts.shape[1])), np.cumsum(weight, axis=0)])
    first = np.searchsorted(ranked[positives], ranked[positives], side="left")
    precision = _divide(n_positive - under[first], n_all - lower, empty=0.0)
    return _divide((weight * precision).sum(axis=0), n_positive), auroc


def _resample(
    scores: Floats, truth: npt.NDArray[np.bool_], place: Array, n_replicates: int, generator: np.random.Generator
) -> WeightedScores:
    """Score replicates, a few at a time."""
    step = max(1, CHUNK_CELLS // len(scores))
    parts = []
    for start in range(0, n_replicates, step):
        counts = draw_units(int(place.max()) + 1, min(step, n_replicates - start), generator)
        parts.append(score_weighted(scores, truth, counts.T[place]))
    empty = np.empty((scores.shape[1], 0))
    return WeightedScores(
        **{
            spec.name: np.hstack([empty, *(getattr(part, spec.name) for part in parts)])
            for spec in fields(WeightedScores)
        }
    )


def _intervals(value: WeightedScores, replicates: WeightedScores, kind: str, level: float) -> list[Interval]:
    """Return the interval of every attribute, and of their mean as the last."""
    point, drawn = getattr(value, kind), getattr(replicates, kind)
    rows = zip([*point[:, 0], _mean(point)[0]], [*drawn, _mean(drawn)], strict=True)
    return [_interval(float(centre), row[np.isfinite(row)], level) for centre, row in rows]


def _interval(value: float, drawn: Floats, level: float) -> Interval:
    if np.isnan(value) or len(drawn) == 0:
        return Interval(value, np.nan, np.nan)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))


def _mean(values: Floats) -> Floats:
    """Return the mean over attributes where defined, (R,)."""
    return _divide(np.nansum(values, axis=0), np.isfinite(values).sum(axis=0))


def _divide(part: Array, whole: Array, *, empty: float = np.nan) -> Floats:
    """Divide, with `empty` where there is nothing to divide by."""
    part, whole = np.broadcast_arrays(np.asarray(part, dtype=np.float64), whole)
    quotient: Floats = np.divide(part, whole, out=np.full(part.shape, empty), where=whole > 0)
    return quotient


def _checked(logits: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Floats, npt.NDArray[np.bool_]]:
    scores, truth = np.asarray(logits, dtype=np.float64), np.asarray(labels)
    if scores.ndim != 2 or scores.shape != truth.shape or scores.size == 0:
        raise StatisticsError(
            f"Expected logits and labels of one shape (images, attributes), got {scores.shape} and {truth.shape}. "
            "Evaluate the images whose labels you give."
        )
    if not np.isfinite(scores).all() or not np.isin(truth, (0, 1)).all():
        raise StatisticsError(
            "Expected finite logits and labels of 0 and 1, got others. Check the model's loss and the label table."
        )
    return scores, truth.astype(np.bool_)
