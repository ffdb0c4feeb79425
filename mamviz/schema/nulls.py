"""Data-set maps of labels that were really shuffled, or swapped between attributes."""

from __future__ import annotations

from dataclasses import dataclass

from mamviz.schema.arrays import Floats
from mamviz.schema.choices import Map


@dataclass(frozen=True, kw_only=True)
class NullSums:
    """Null maps of masks, or of evidence; P shuffles. NaN for an attribute that all images have, or none.

    mean                             (K, C, H, W) over all images
    contrast, adjusted               (P, K, C, H, W) signed maps of shuffled labels; rows of labels are kept whole
    swapped_contrast, swapped_adjusted   (K, K, C, H, W) [k, l]: masks of attribute l with labels of attribute k; the
                                     diagonal is the map itself
    """

    mean: Floats
    contrast: Floats
    adjusted: Floats
    swapped_contrast: Floats
    swapped_adjusted: Floats


@dataclass(frozen=True, kw_only=True)
class NullMaps:
    """Maps that know nothing of the labels, from one pass over the images."""

    attributes: tuple[str, ...]
    n_images: int
    mask: NullSums
    evidence: NullSums

    def sums(self, map: Map) -> NullSums:
        """Return the maps of masks, or of evidence."""
        return self.mask if map == "mask" else self.evidence
