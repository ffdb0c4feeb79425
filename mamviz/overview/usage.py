"""Which channels tell each attribute."""

from __future__ import annotations

import numpy as np

from mamviz.overview.maps import signed_maps
from mamviz.pruning.importance import channel_importance
from mamviz.schema import BlockStatistics, ChannelUse

TOP_CHANNELS = 8


def use_channels(stats: BlockStatistics, *, top: int = TOP_CHANNELS) -> tuple[tuple[ChannelUse, ...], ...]:
    """Return for each attribute the channels that tell it most: the largest |contrast| first, ties by number.

    A label that all images have, or none, has no contrast: its channels come by their share of the evidence.
    Raises StatisticsError where there is no image.
    """
    usage = channel_importance(stats).usage  # (attribute, channel)
    whole = usage.sum(axis=1, keepdims=True)
    shares = np.divide(usage, whole, out=np.zeros_like(usage), where=whole > 0)
    contrasts = signed_maps(stats, "evidence", "contrast").sum(axis=(2, 3))
    return tuple(
        tuple(
            ChannelUse(channel=int(channel), share=float(share[channel]), contrast=float(contrast[channel]))
            for channel in np.argsort(-(share if np.isnan(contrast).all() else np.abs(contrast)), kind="stable")[:top]
        )
        for share, contrast in zip(shares, contrasts, strict=True)
    )
