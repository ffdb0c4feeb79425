"""Correlations of many bootstrap or jackknife replicates at once, from block statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import CENTRINGS, VIEWS, Axis, BlockStatistics, BlockSums, Choices, Floats
from mamviz.stats.across import across_sums, correlate_across
from mamviz.stats.maps import (
    CHUNK_CELLS,
    BlockMaps,
    count_cells,
    labels_vary,
    mask_sizes,
    split_maps,
    unit_rows,
    view_maps,
    weigh_rows,
)
from mamviz.stats.resampling import draw_units


def bootstrap_weights(n_blocks: int, n_replicates: int, generator: np.random.Generator) -> Floats:
    """Return how often each block is drawn, with replacement, in each replicate: (R, B)."""
    return draw_units(n_blocks, n_replicates, generator).astype(np.float64)


def jackknife_weights(n_blocks: int) -> Floats:
    """Return weights that leave out one block each: (B, B)."""
    return 1.0 - np.eye(n_blocks)


def replicate_correlations(
    stats: BlockStatistics, choices: Choices, weights: npt.ArrayLike, *, axis: Axis = "attribute"
) -> Floats:
    """Correlate attributes, or channels, under each of R weightings of the blocks: (R, n, n).

    weights   (R, B), 0 or more, whole or not: how often each block counts

    Equals `correlate_attributes` (`correlate_channels`) of `select_blocks` for whole weights. What is undefined
    in a replicate is NaN there: a label that is constant in it, a constant map, no image.
    Raises StatisticsError for weights that don't fit the blocks, and for choices that `axis` has no sums for.
    """
    table = np.asarray(weights, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != stats.n_blocks or not np.isfinite(table).all() or (table < 0).any():
        raise StatisticsError(
            f"weights: expected numbers of 0 or more of shape (replicates, {stats.n_blocks} blocks), got shape "
            f"{table.shape}. Draw them with bootstrap_weights or jackknife_weights."
        )
    return prepare_tables(stats, choices, axis=axis)(table)


def prepare_tables(stats: BlockStatistics, choices: Choices, *, axis: Axis = "attribute") -> Callable[[Floats], Floats]:
    """Return `replicate_correlations` of these statistics as a function of the weights (R, B).

    For many calls with few weights each: what all of them need is taken from the statistics once.
    Raises StatisticsError for choices that `axis` has no sums for.
    """
    if axis == "channel":
        _require_channel_sums(choices)
    if choices.estimand == "image":
        return lambda weights: _rounded_off(_within_images(stats.sums(choices.map), choices, weights))
    if choices.estimand == "across":
        sums = across_sums(stats, choices, axis=axis)
        return lambda weights: _rounded_off(correlate_across(sums, weights, centring=choices.centring))
    whole = split_maps(stats, choices, axis=axis)
    return lambda weights: _rounded_off(_between_maps(stats, choices, whole, weights, axis))


def _between_maps(stats: BlockStatistics, choices: Choices, whole: BlockMaps, weights: Floats, axis: Axis) -> Floats:
    """Correlate data-set maps; replicates in which the same labels vary are computed together."""
    n_attributes, n_channels = len(stats.attributes), stats.grid[0]
    n = n_attributes if axis == "attribute" else n_channels
    values = np.full((len(weights), n, n), np.nan)
    sizes = mask_sizes(stats, choices)
    patterns, member = np.unique(labels_vary(whole, weights), axis=0, return_inverse=True)
    if axis == "attribute" and choices.centring == "none":
        # a map that is NaN has NaN row and column, and no others are made of it: no need to leave it out
        patterns, member = np.ones((1, n_attributes), dtype=np.bool_), np.zeros_like(member)
    for number, pattern in enumerate(patterns):
        known = np.flatnonzero(pattern)
        if len(known) == 0:
            continue
        blocks = whole if len(known) == n_attributes else split_maps(stats, choices, attributes=known, axis=axis)
        scale = view_maps(sizes[known], choices.view, axis=axis).max(axis=-1)
        place = known if axis == "attribute" else np.arange(n_channels)
        replicates = np.flatnonzero(member.ravel() == number)
        for part in _chunks(len(replicates), scale.size * count_cells(blocks, choices.view, axis=axis)):
            chosen = replicates[part]
            units = unit_rows(
                weigh_rows(blocks, weights[chosen], choices.view, axis=axis), scale, centring=choices.centring
            )
            for few in _chunks(len(chosen), n * n):
                values[np.ix_(chosen[few], place, place)] = units[few] @ units[few].swapaxes(1, 2)
    return values


def _within_images(sums: BlockSums, choices: Choices, weights: Floats) -> Floats:
    """Average the r of each image by Fisher's z."""
    which = (slice(None), VIEWS.index(choices.view), CENTRINGS.index(choices.centring))

    count = np.tensordot(weights, sums.image_count[which], axes=1)
    return np.tanh(np.tensordot(weights, sums.image_r[which], axes=1) / np.where(count > 0, count, np.nan))


def _rounded_off(values: Floats) -> Floats:
    """Round off, in its place, what arithmetic leaves: exactly symmetric, exactly 1 on the diagonal, in [-1, 1]."""
    for table in values:
        table[:] = np.clip((table + table.T) / 2, -1.0, 1.0)
        np.fill_diagonal(table, np.where(np.isnan(table).all(axis=1), np.nan, 1.0))
    return values


def _chunks(n_replicates: int, cells: int) -> Iterator[slice]:
    """Cut replicates into pieces that are computed at once."""
    step = max(1, CHUNK_CELLS // max(cells, 1))
    return (slice(start, start + step) for start in range(0, n_replicates, step))


def _require_channel_sums(choices: Choices) -> None:
    if choices.estimand == "image" or (choices.estimand == "across" and choices.view != "full"):
        raise StatisticsError(
            f"Between channels there are no sums for the estimand {choices.estimand!r} in the view {choices.view!r}. "
            "Use --estimand across --view full, or the estimand mean, contrast or adjusted in any view."
        )
