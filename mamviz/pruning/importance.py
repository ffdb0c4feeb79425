"""How much each channel is used, and by which attributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mamviz.errors import StatisticsError
from mamviz.schema import BlockStatistics, Floats

# A channel used less than this, as a share of the mean over channels, is dead: rounding of float32 sums.
DEAD_USAGE = 1e-6


@dataclass(frozen=True, kw_only=True)
class ChannelImportance:
    """What a channel contributes, from the statistics of all images.

    mean_mask     (C,) mean of the mask over images, attributes and positions, in (0, 1)
    usage         (K, C) absolute evidence of an image, summed over positions, mean over images; logit units
    share         (C,) of all usage; adds up to 1, or is 0 where no channel is used
    activation    (C,) mean of the feature over images and positions
    dead          channels that are never active, or that no attribute uses
    """

    mean_mask: Floats
    usage: Floats
    share: Floats
    activation: Floats
    dead: tuple[int, ...]


def channel_importance(stats: BlockStatistics) -> ChannelImportance:
    """Measure how much each channel is used.

    The mean of |evidence| is taken as |mean of evidence|: for one attribute and channel evidence never
    changes its sign, since masks and features are never negative and the readout is one number.
    Raises StatisticsError where there is no image.
    """
    if stats.n_images == 0:
        raise StatisticsError("Expected statistics of at least 1 image, got none. Extract masks of some images first.")
    n_channels, height, width = stats.grid
    n_cells = stats.n_images * height * width
    mask = stats.mask.total.sum(axis=(0, 3, 4), dtype=np.float64)  # (attribute, channel)
    usage = np.abs(stats.evidence.total.sum(axis=(0, 3, 4), dtype=np.float64)) / stats.n_images
    activation = stats.feature_sum.sum(axis=(0, 2, 3), dtype=np.float64) / n_cells
    used = usage.sum(axis=0)
    total = used.sum()
    dead = used <= DEAD_USAGE * used.mean()  # a channel that is never active has no evidence either
    return ChannelImportance(
        mean_mask=mask.mean(axis=0) / n_cells,
        usage=usage,
        share=used / total if total > 0 else np.zeros(n_channels),
        activation=activation,
        dead=tuple(int(channel) for channel in np.flatnonzero(dead)),
    )


def channel_contrast(stats: BlockStatistics) -> Floats:
    """Return how far each channel's evidence tells each attribute's labels apart, (K, C), logit units, 0 or more.

    |mean evidence of images with the attribute - of those without| times the labels' standard deviation, which is
    |cov(evidence, label)| / sd(label): evidence that is the same in all images tells nothing, however much it is.
    An attribute that all images have, or none, is told apart by nothing: zeros. Raises StatisticsError where there is
    no image.
    """
    if stats.n_images == 0:
        raise StatisticsError("Expected statistics of at least 1 image, got none. Extract masks of some images first.")
    total = stats.evidence.total.sum(axis=(0, 3, 4), dtype=np.float64)  # (attribute, channel)
    positive = stats.evidence.positive.sum(axis=(0, 3, 4), dtype=np.float64)
    share = stats.positives.sum(axis=0, dtype=np.float64)[:, None] / stats.n_images
    covariance = np.abs(positive - share * total) / stats.n_images
    deviation = np.sqrt(share * (1 - share))
    contrast: Floats = np.divide(covariance, deviation, out=np.zeros_like(covariance), where=deviation > 0)
    return contrast
