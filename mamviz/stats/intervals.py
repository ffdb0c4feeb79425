"""Intervals of correlations and of their differences, from resampled blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from mamviz.errors import StatisticsError
from mamviz.schema import (
    Axis,
    BlockStatistics,
    Bounds,
    Choices,
    Correlation,
    Difference,
    Floats,
    IntervalMethod,
    Intervals,
    Replicates,
)
from mamviz.stats.bounds import bound, to_z
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.stats.moments import select_blocks
from mamviz.stats.names import suggest_names
from mamviz.stats.replicates import bootstrap_weights, jackknife_weights, replicate_correlations
from mamviz.stats.rows import RowReplicates, require_units, rows_of


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
    filled = require_units(stats, n_replicates)
    n_blocks = len(filled)
    used = stats if n_blocks == stats.n_blocks else select_blocks(stats, filled)
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
    bounds = [bound_rows(part, values[part.rows], method=method, level=level) for part in rows_of(replicates)]
    return join_rows(
        replicates.correlation,
        bounds,
        method=method,
        level=level,
        n_replicates=len(replicates.drawn),
        n_blocks=replicates.n_blocks,
    )


def bound_rows(part: RowReplicates, values: Floats, *, method: IntervalMethod, level: float) -> Bounds:
    """Return limits of the correlations (m, n) of some rows, in Fisher's z."""
    return bound(to_z(values), part.drawn, part.left_out, method=method, level=level)


def join_rows(
    correlation: Correlation,
    bounds: Sequence[Bounds],
    *,
    method: IntervalMethod,
    level: float,
    n_replicates: int,
    n_blocks: int,
) -> Intervals:
    """Put limits of rows, in Fisher's z, under each other and return the intervals of the table."""
    off = np.where(np.eye(len(correlation.names), dtype=np.bool_), np.nan, 1.0)
    whole = {
        field.name: np.concatenate([getattr(each, field.name) for each in bounds]) * off for field in fields(Bounds)
    }
    return Intervals(
        correlation=correlation,
        low=np.tanh(whole["low"]),
        high=np.tanh(whole["high"]),
        standard_error=whole["standard_error"],
        jackknife_error=whole["jackknife_error"],
        bias=whole["bias"],
        level=level,
        method=method,
        n_replicates=n_replicates,
        n_blocks=n_blocks,
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
