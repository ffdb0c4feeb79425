"""Correlations between attributes, and between channels, from block statistics.

Between channels the roles of attribute and channel are exchanged: a channel's map has cells (attribute,
height, width). The view "full" then keeps every attribute and position, "channel" keeps one value per
attribute (summed over positions), and "spatial" is summed over attributes.
"""

from __future__ import annotations

import numpy as np

from mamviz.errors import StatisticsError
from mamviz.schema import Axis, BlockStatistics, Choices, Correlation, Floats
from mamviz.stats.maps import split_maps, weigh_maps
from mamviz.stats.replicates import replicate_correlations


def dataset_maps(stats: BlockStatistics, choices: Choices) -> Floats:
    """Return one map per attribute, (attribute, channel, height, width), float64.

    Estimands mean, contrast and adjusted; the absolute value is taken here, view and centring are not.
    An attribute that all images have, or none, has no contrast and no adjusted map: NaN.
    Raises StatisticsError for the estimands image and across, and where there is no image.
    """
    _require_images(stats, 1)
    maps: Floats = weigh_maps(split_maps(stats, choices), _all_blocks(stats))[0]
    return maps


def correlate_attributes(stats: BlockStatistics, choices: Choices) -> Correlation:
    """Correlate the maps of every pair of attributes.

    An attribute whose map is constant (up to float32 rounding), or whose label is where the estimand needs it
    to change, has no correlation: NaN row and column, name in `undefined`.
    For the estimand image a pair never defined in the same image is NaN too.
    Raises StatisticsError where there is no image (across: fewer than two).
    """
    return _correlate(stats, choices, "attribute", stats.attributes)


def correlate_channels(stats: BlockStatistics, choices: Choices) -> Correlation:
    """Correlate the maps of every pair of channels; names are channel numbers.

    Attributes without a map (constant label) are left out of the cells. Undefined as for attributes.
    Raises StatisticsError for the estimand image, and for across in another view than full.
    """
    return _correlate(stats, choices, "channel", tuple(str(channel) for channel in range(stats.grid[0])))


def _correlate(stats: BlockStatistics, choices: Choices, axis: Axis, names: tuple[str, ...]) -> Correlation:
    _require_images(stats, 2 if choices.estimand == "across" else 1)
    values: Floats = replicate_correlations(stats, choices, _all_blocks(stats), axis=axis)[0]
    missing = np.flatnonzero(np.isnan(values).all(axis=1))
    undefined = tuple(names[index] for index in missing)
    return Correlation(
        axis=axis, names=names, values=values, choices=choices, n_images=stats.n_images, undefined=undefined
    )


def _all_blocks(stats: BlockStatistics) -> Floats:
    """Return the weighting in which every block counts once, (1, B)."""
    return np.ones((1, stats.n_blocks))


def _require_images(stats: BlockStatistics, least: int) -> None:
    if stats.n_images < least:
        raise StatisticsError(
            f"Expected statistics of at least {least} image(s), got {stats.n_images}. "
            "Extract masks of more images, or keep more blocks."
        )
