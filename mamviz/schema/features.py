"""Sums of products of several networks' features over the same images."""

from __future__ import annotations

from dataclasses import dataclass

from mamviz.schema.arrays import Floats


@dataclass(frozen=True, kw_only=True)
class FeatureProducts:
    """Sums over observations of the features of several networks, side by side; sums of disjoint images add up.

    An observation is a cell of an image where all networks have one grid, else an image (features averaged over cells).

    channels   number of channels of each network; they stand one network after the other on the axes below
    count      number of observations
    total      (sum of channels,) float64: sums of the features
    gram       (sum of channels, sum of channels) float64: sums of products
    """

    channels: tuple[int, ...]
    n_images: int
    count: int
    total: Floats
    gram: Floats

    def slice_of(self, network: int) -> slice:
        """Return where a network's channels stand on the axes of `total` and `gram`."""
        start = sum(self.channels[:network])
        return slice(start, start + self.channels[network])
