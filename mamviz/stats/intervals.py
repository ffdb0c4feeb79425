"""Intervals of correlations and of their differences, from resampled blocks."""

from __future__ import annotations

import numpy as np

from mamviz.errors import StatisticsError
from mamviz.schema import (
    Axis,
    BlockStatistics,
    Choices,
    Correlation,
    Difference,
    IntervalMethod,
    Intervals,
    Replicates,
)
from mamviz.stats.bounds import bound, to_z
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.stats.moments import select_blocks
from mamviz.stats.names import suggest_names
from mamviz.stats.replicates import bootstrap_weights, jackknife_weights, replicate_correlations

FEWEST_UNITS = 10


def draw_replicates(
    stats: BlockStatistics,
    choices: Choices,
    *,
    generator: np.random.Generator,
    axis: Axis = "attribute",
    n_replicates: int = 1000,
) -> Replicates:
    """Correlate, then draw the blocks again and again, and leave out each once.

    Blocks without images are left out: they are no units. Generators with one seed draw the same blocks of two
    files of the same images. Memory: n_replicates * n * n numbers.
    Raises StatisticsError for fewer than 10 blocks with images, and for choices that are not defined.
    """
    filled = stats.count > 0
    n_blocks = int(filled.sum())
    if n_blocks < FEWEST_UNITS or n_replicates < 1:
        raise StatisticsError(
            f"Expected at least {FEWEST_UNITS} blocks with images and 1 replicate, got {n_blocks} and {n_replicates}. "
            "Extract masks of more images or persons: an interval from so few units means little."
        )
    used = stats if filled.all() else select_blocks(stats, filled)
    weights = bootstrap_weights(n_blocks, n_replicates, generator)
    return Replicates(
        correlation=(correlate_attributes if axis == "attribute" else correlate_channels)(used, choices),
        weights=weights,
        drawn=replicate_correlations(used, choices, weights, axis=axis),
        left_out=replicate_correlations(used, choices, jackknife_weights(n_blocks), axis=axis),
    )


def estimate_intervals(
    replicates: Replicates, *, method: IntervalMethod = "corrected", level: float = 0.95
) -> Intervals:
    """Return the interval of every correlation for its value in infinitely many images of the same network.

    Computed in Fisher's z, so that limits stay within [-1, 1].
    """
    values = replicates.correlation.values
    bounds = bound(to_z(values), to_z(replicates.drawn), to_z(replicates.left_out), method=method, level=level)
    off = np.where(np.eye(len(values), dtype=np.bool_), np.nan, 1.0)
    return Intervals(
        correlation=replicates.correlation,
        low=np.tanh(bounds.low) * off,
        high=np.tanh(bounds.high) * off,
        standard_error=bounds.standard_error * off,
        jackknife_error=bounds.jackknife_error * off,
        bias=bounds.bias * off,
        level=level,
        method=method,
        n_replicates=len(replicates.drawn),
        n_blocks=replicates.n_blocks,
    )


def interval_of_difference(
    first: Replicates,
    second: Replicates,
    pairs: tuple[tuple[str, str], tuple[str, str]],
    *,
    paired: bool,
    level: float = 0.95,
) -> Difference:
    """Return how much r of one pair differs from r of another: of one table (give it twice) or of two runs.

    pairs     names of the pair in `first`, and of the pair in `second`
    paired    both files hold the same images (their data fingerprints are equal) and blocks; the same blocks must
              have been drawn for both, with generators of one seed. Otherwise the runs are independent

    The same limits as `corrected`, of the difference of r itself, within [-2, 2].
    Raises StatisticsError for an unknown name, and for paired replicates of different draws.
    """
    if len(first.drawn) != len(second.drawn) or (paired and not np.array_equal(first.weights, second.weights)):
        raise StatisticsError(
            f"Expected {'the same draws' if paired else 'equally many replicates'} of both tables, got "
            f"{first.weights.shape} and {second.weights.shape}. Draw them with generators of one seed."
        )
    a, b = (_place(each.correlation, pair) for each, pair in zip((first, second), pairs, strict=True))
    value = first.correlation.values[a] - second.correlation.values[b]
    rest_a, rest_b = first.left_out[:, *a], second.left_out[:, *b]
    # in independent runs each one's blocks are left out in turn, while the other stays whole
    alone = np.concatenate([rest_a - np.nanmean(rest_a), np.nanmean(rest_b) - rest_b])
    rest = rest_a - rest_b if paired else value + alone
    limits = bound(value, first.drawn[:, *a] - second.drawn[:, *b], rest, level=level)
    return Difference(
        value=float(value),
        low=float(np.maximum(limits.low, -2.0)),
        high=float(np.minimum(limits.high, 2.0)),
        standard_error=float(limits.standard_error),
        paired=paired,
        level=level,
    )


def _place(correlation: Correlation, pair: tuple[str, str]) -> tuple[int, int]:
    for name in pair:
        if name not in correlation.names:
            raise StatisticsError(
                f"pair: expected two of {len(correlation.names)} {correlation.axis} names, got {name!r}. "
                f"{suggest_names(name, correlation.names)}"
            )
    return correlation.names.index(pair[0]), correlation.names.index(pair[1])
