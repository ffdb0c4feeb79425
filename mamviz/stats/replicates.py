"""Correlations of many bootstrap or jackknife replicates at once, from block statistics."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import CENTRINGS, VIEWS, Axis, BlockStatistics, BlockSums, Choices, Floats
from mamviz.stats.maps import correlate_rows, labels_vary, split_maps, view_maps, weigh_maps
from mamviz.stats.resampling import draw_units

# The same for the variance across images, as a share of the mean square, by the precision of the sums.
CONSTANT_ACROSS_SINGLE = 1e-7
CONSTANT_ACROSS_DOUBLE = 1e-12

# Numbers of one array computed at once; about five such arrays are held, 0.1 GB. Measured: at 2**22 an array passes the
# 32 MiB from which the C library takes fresh pages for each one, and tables of celeba-8k take up to twice as long.
CHUNK_CELLS = 2**21


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
    if axis == "channel":
        _require_channel_sums(choices)
    if choices.estimand == "image":
        values = _within_images(stats.sums(choices.map), choices, table)
    elif choices.estimand == "across":
        values = _across_images(stats, choices, table, axis)
    else:
        values = _between_maps(stats, choices, table, axis)
    return _rounded_off(values)


def _between_maps(stats: BlockStatistics, choices: Choices, weights: Floats, axis: Axis) -> Floats:
    """Correlate data-set maps; replicates in which the same labels vary are computed together."""
    n_attributes, n_channels = len(stats.attributes), stats.grid[0]
    n = n_attributes if axis == "attribute" else n_channels
    values = np.full((len(weights), n, n), np.nan)
    whole = split_maps(stats, choices, axis=axis)
    sizes = _sizes(stats, choices)
    patterns, member = np.unique(labels_vary(whole, weights), axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        known = np.flatnonzero(pattern)
        if len(known) == 0:
            continue
        blocks = whole if len(known) == n_attributes else split_maps(stats, choices, attributes=known, axis=axis)
        scale = view_maps(sizes[known], choices.view, axis=axis).max(axis=-1)
        place = known if axis == "attribute" else np.arange(n_channels)
        replicates = np.flatnonzero(member.ravel() == number)
        for part in _chunks(len(replicates), max(prod(blocks.own.shape[1:]), n * n)):
            rows = view_maps(weigh_maps(blocks, weights[replicates[part]]), choices.view, axis=axis)
            found = correlate_rows(rows, scale, centring=choices.centring)
            values[np.ix_(replicates[part], place, place)] = found
    return values


def _across_images(stats: BlockStatistics, choices: Choices, weights: Floats, axis: Axis) -> Floats:
    """Pool the covariance over cells, and divide by the pooled variances; needs two images."""
    sums = stats.sums(choices.map)
    gram = sums.attribute_gram[:, VIEWS.index(choices.view)] if axis == "attribute" else sums.channel_gram
    n = gram.shape[-1]
    total = view_maps(sums.total.astype(np.float64), choices.view, axis=axis)  # (block, n, cells)
    n_images = weights @ stats.count
    counts = np.where(n_images >= 2, n_images, np.nan)[:, None, None]
    covariance = np.asarray(np.tensordot(weights, gram, axes=1))
    scale = np.diagonal(covariance, axis1=1, axis2=2).copy()
    for part in _chunks(len(weights), prod(total.shape[1:])):
        rows = np.tensordot(weights[part], total, axes=1)
        covariance[part] -= rows @ rows.swapaxes(1, 2) / counts[part]
    if choices.centring == "common":
        centre = np.eye(n) - 1 / n
        covariance = centre @ covariance @ centre
        scale[:] = scale.max(axis=1, keepdims=True)
    least = CONSTANT_ACROSS_DOUBLE if sums.total.dtype == np.float64 else CONSTANT_ACROSS_SINGLE
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    deviation = np.sqrt(np.where(variance > least * scale, variance, np.nan))
    return np.asarray(covariance / deviation[:, :, None] / deviation[:, None, :])


def _within_images(sums: BlockSums, choices: Choices, weights: Floats) -> Floats:
    """Average the r of each image by Fisher's z."""
    which = (slice(None), VIEWS.index(choices.view), CENTRINGS.index(choices.centring))

    count = np.tensordot(weights, sums.image_count[which], axes=1)
    return np.tanh(np.tensordot(weights, sums.image_r[which], axes=1) / np.where(count > 0, count, np.nan))


def _rounded_off(values: Floats) -> Floats:
    """Round off what arithmetic leaves: exactly symmetric, exactly 1 on the diagonal, within [-1, 1]."""
    values = np.clip((values + values.swapaxes(1, 2)) / 2, -1.0, 1.0)
    diagonal = np.arange(values.shape[1])
    values[:, diagonal, diagonal] = np.where(np.isnan(values).all(axis=2), np.nan, 1.0)
    return values


def _sizes(stats: BlockStatistics, choices: Choices) -> Floats:
    """Return the size of the masks or evidence of all images, (attribute, channel, height, width)."""
    total: Floats = stats.sums(choices.map).total.sum(axis=0, dtype=np.float64)
    return np.abs(total) / max(stats.n_images, 1)


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
