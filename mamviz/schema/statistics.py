"""Sums of masks and evidence over the images of each block."""

from __future__ import annotations

from dataclasses import dataclass

from mamviz.schema.arrays import Array, Floats
from mamviz.schema.choices import Map


@dataclass(frozen=True, kw_only=True)
class BlockSums:
    """Sums of one map (mask or evidence) over the images of each block; B blocks.

    total, positive, adjusted   (B, K, C, H, W): over all images; over images with attribute k;
                                weighted by w_k(n) (see `stats.moments.adjusted_weights`)
    attribute_gram              (B, 3, K, K): sums over images of inner products of attributes' maps, by view (VIEWS)
    channel_gram                (B, C, C): the same between channels, full view: cells are (attribute, height, width)
    image_r                     (B, 3, 2, K, K): sums of arctanh(r) within an image, by view and centring (CENTRINGS)
    image_count                 (B, 3, 2, K, K): number of images with a defined r there
    """

    total: Array
    positive: Array
    adjusted: Array
    attribute_gram: Floats
    channel_gram: Floats
    image_r: Floats
    image_count: Floats


@dataclass(frozen=True, kw_only=True)
class BlockStatistics:
    """Everything that is kept of the masks of a data set; blocks add up.

    count (B), positives (B, K), weight_sum (B, K), label_gram (B, K, K), feature_sum (B, C, H, W)
    """

    attributes: tuple[str, ...]
    grid: tuple[int, int, int]
    count: Floats
    positives: Floats
    weight_sum: Floats
    label_gram: Floats
    feature_sum: Array
    mask: BlockSums
    evidence: BlockSums

    @property
    def n_images(self) -> int:
        """Number of images over all blocks."""
        return int(self.count.sum())

    @property
    def n_blocks(self) -> int:
        """Number of blocks, the empty ones included."""
        return len(self.count)

    def sums(self, map: Map) -> BlockSums:
        """Return the sums of one map."""
        return self.mask if map == "mask" else self.evidence
