"""Correlations between attributes, and between channels, from block statistics.

Between channels the roles of attribute and channel are exchanged: a channel's map has cells (attribute,
height, width). The view "full" then keeps every attribute and position, "channel" keeps one value per
attribute (summed over positions), and "spatial" is summed over attributes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import CENTRINGS, VIEWS, Axis, BlockStatistics, Choices, Correlation, Floats, View

# A map is constant where its spread over cells is below this share of the masks or evidence it was made of:
# block sums are kept in float32, whose rounding leaves 1e-7.
CONSTANT_MAP = 1e-6

# The same for the variance across images, as a share of the mean square, by the precision of the sums.
CONSTANT_ACROSS_SINGLE = 1e-7
CONSTANT_ACROSS_DOUBLE = 1e-12


def dataset_maps(stats: BlockStatistics, choices: Choices) -> Floats:
    """Return one map per attribute, (attribute, channel, height, width), float64.

    Estimands mean, contrast and adjusted; the absolute value is taken here, view and centring are not.
    An attribute that all images have, or none, has no contrast and no adjusted map: NaN.
    Raises StatisticsError for the estimands image and across, and where there is no image.
    """
    _require_images(stats, 1)
    sums = stats.sums(choices.map)
    total: Floats = sums.total.sum(axis=0, dtype=np.float64)
    if choices.estimand == "mean":
        maps: Floats = total / stats.n_images
    elif choices.estimand == "contrast":
        with_it = sums.positive.sum(axis=0, dtype=np.float64)
        counts = np.where(_constant_labels(stats), np.nan, stats.positives.sum(axis=0))[:, None, None, None]
        maps = with_it / counts - (total - with_it) / (stats.n_images - counts)
    elif choices.estimand == "adjusted":
        # w adds up to 0 over all blocks only: blocks chosen from them need the mean map taken off
        weight = stats.weight_sum.sum(axis=0)[:, None, None, None]
        maps = sums.adjusted.sum(axis=0, dtype=np.float64) - weight * total / stats.n_images
        maps[_constant_labels(stats)] = np.nan
    else:
        raise StatisticsError(
            f"The estimand {choices.estimand!r} has no data-set map. Use mean, contrast or adjusted for maps."
        )
    return np.abs(maps) if choices.sign == "absolute" else maps


def correlate_attributes(stats: BlockStatistics, choices: Choices) -> Correlation:
    """Correlate the maps of every pair of attributes.

    An attribute whose map is constant (up to float32 rounding), or whose label is where the estimand needs it
    to change, has no correlation: NaN row and column, name in `undefined`.
    For the estimand image a pair never defined in the same image is NaN too.
    Raises StatisticsError where there is no image (across: fewer than two).
    """
    if choices.estimand == "image":
        values = _within_images(stats, choices)
    elif choices.estimand == "across":
        gram = stats.sums(choices.map).attribute_gram.sum(axis=0)[VIEWS.index(choices.view)]
        values = _across_images(stats, choices, gram, "attribute")
    else:
        values = _between_maps(stats, choices, "attribute")
    return _named("attribute", stats.attributes, values, choices, stats.n_images)


def correlate_channels(stats: BlockStatistics, choices: Choices) -> Correlation:
    """Correlate the maps of every pair of channels; names are channel numbers.

    Attributes without a map (constant label) are left out of the cells. Undefined as for attributes.
    Raises StatisticsError for the estimand image, and for across in another view than full.
    """
    if choices.estimand == "image" or (choices.estimand == "across" and choices.view != "full"):
        raise StatisticsError(
            f"Between channels there are no sums for the estimand {choices.estimand!r} in the view {choices.view!r}. "
            "Use --estimand across --view full, or the estimand mean, contrast or adjusted in any view."
        )
    if choices.estimand == "across":
        gram = stats.sums(choices.map).channel_gram.sum(axis=0)
        values = _across_images(stats, choices, gram, "channel")
    else:
        values = _between_maps(stats, choices, "channel")
    names = tuple(str(channel) for channel in range(stats.grid[0]))
    return _named("channel", names, values, choices, stats.n_images)


def _between_maps(stats: BlockStatistics, choices: Choices, axis: Axis) -> Floats:
    """Correlate data-set maps over their cells."""
    maps = dataset_maps(stats, choices)
    size = np.abs(stats.sums(choices.map).total.sum(axis=0, dtype=np.float64)) / stats.n_images
    if axis == "channel":
        with_map = ~np.isnan(maps).any(axis=(1, 2, 3))
        maps, size = maps[with_map].swapaxes(0, 1), size[with_map].swapaxes(0, 1)
    rows = _view(maps, choices.view)
    values = np.full((len(rows), len(rows)), np.nan)
    known = ~np.isnan(rows).any(axis=1)
    if rows.shape[1] == 0 or not known.any():
        return values
    rows, scale = rows[known], _view(size, choices.view)[known].max(axis=1)
    if choices.centring == "common":
        rows = rows - rows.mean(axis=0)
        scale = np.full_like(scale, scale.max())
    rows = rows - rows.mean(axis=1, keepdims=True)
    spread = np.sqrt((rows**2).mean(axis=1))
    defined = spread > CONSTANT_MAP * scale
    unit = rows[defined] / (spread[defined, None] * np.sqrt(rows.shape[1]))
    place = np.flatnonzero(known)[defined]
    values[np.ix_(place, place)] = unit @ unit.T
    return values


def _across_images(stats: BlockStatistics, choices: Choices, gram: Floats, axis: Axis) -> Floats:
    """Pool the covariance over cells, and divide by the pooled variances."""
    _require_images(stats, 2)
    total = stats.sums(choices.map).total
    mean = total.sum(axis=0, dtype=np.float64) / stats.n_images
    rows = _view(mean if axis == "attribute" else mean.swapaxes(0, 1), choices.view)
    covariance = gram - stats.n_images * (rows @ rows.T)
    scale = np.diag(gram).copy()
    if choices.centring == "common":
        centre = np.eye(len(gram)) - 1 / len(gram)
        covariance = centre @ covariance @ centre
        scale[:] = scale.max()
    single = total.dtype != np.float64
    variance = np.diag(covariance)
    defined = variance > (CONSTANT_ACROSS_SINGLE if single else CONSTANT_ACROSS_DOUBLE) * scale
    deviation = np.sqrt(np.where(defined, variance, np.nan))
    return np.asarray(covariance / deviation[:, None] / deviation[None, :])


def _within_images(stats: BlockStatistics, choices: Choices) -> Floats:
    """Average the r of each image by Fisher's z."""
    _require_images(stats, 1)
    sums = stats.sums(choices.map)
    which = (VIEWS.index(choices.view), CENTRINGS.index(choices.centring))
    count = sums.image_count.sum(axis=0)[which]
    mean: Floats = sums.image_r.sum(axis=0)[which] / np.where(count > 0, count, np.nan)
    return np.tanh(mean)


def _view(maps: Floats, view: View) -> Floats:
    """Return (n, cells) of maps (n, other, height, width)."""
    if view == "channel":
        maps = maps.sum(axis=(2, 3))
    elif view == "spatial":
        maps = maps.sum(axis=1)
    return maps.reshape(len(maps), -1)


def _named(axis: Axis, names: tuple[str, ...], values: Floats, choices: Choices, n_images: int) -> Correlation:
    """Round off what arithmetic leaves: exactly symmetric, exactly 1 on the diagonal, within [-1, 1]."""
    values = np.clip((values + values.T) / 2, -1.0, 1.0)
    missing = np.asarray(np.isnan(values).all(axis=1))
    np.fill_diagonal(values, np.where(missing, np.nan, 1.0))
    undefined = tuple(name for name, gone in zip(names, missing, strict=True) if gone)
    return Correlation(axis=axis, names=names, values=values, choices=choices, n_images=n_images, undefined=undefined)


def _constant_labels(stats: BlockStatistics) -> npt.NDArray[np.bool_]:
    positives = stats.positives.sum(axis=0)
    return np.asarray((positives <= 0) | (positives >= stats.n_images))


def _require_images(stats: BlockStatistics, least: int) -> None:
    if stats.n_images < least:
        raise StatisticsError(
            f"Expected statistics of at least {least} image(s), got {stats.n_images}. "
            "Extract masks of more images, or keep more blocks."
        )
