"""Where each attribute looks: its data-set maps, and the scale that all of them share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from mamviz.schema import AttributeMaps, BlockStatistics, Choices, Estimand, Floats, Map
from mamviz.stats.correlation import dataset_maps


def map_attributes(stats: BlockStatistics) -> tuple[AttributeMaps, ...]:
    """Return the maps of every attribute, (H, W) each, from block statistics.

    A label that all images have, or none, has no contrast and no evidence: NaN. Raises StatisticsError where there is
    no image.
    """
    masks = signed_maps(stats, "mask", "mean").mean(axis=1)  # over channels
    contrasts = signed_maps(stats, "mask", "contrast").mean(axis=1)
    evidence = signed_maps(stats, "evidence", "contrast").sum(axis=1)
    rows = zip(masks, contrasts, evidence, strict=True)
    return tuple(AttributeMaps(mask=mask, contrast=contrast, evidence=each) for mask, contrast, each in rows)


def signed_maps(stats: BlockStatistics, map: Map, estimand: Estimand) -> Floats:
    """Return data-set maps with their signs, (attribute, channel, height, width)."""
    return dataset_maps(stats, Choices(map=map, estimand=estimand, sign="signed", view="full"))


def limit_maps(maps: Sequence[AttributeMaps]) -> tuple[float, float]:
    """Return the largest |contrast| and |evidence| of any cell: ends of scales, 1 where every cell is 0 or NaN."""
    return largest(each.contrast for each in maps), largest(each.evidence for each in maps)


def range_masks(maps: Sequence[AttributeMaps]) -> tuple[float, float]:
    """Return the lowest and the highest cell of all mean masks."""
    return min(float(each.mask.min()) for each in maps), max(float(each.mask.max()) for each in maps)


def largest(arrays: Iterable[Floats]) -> float:
    """Return the largest absolute value of some arrays, NaN left out; 1 where there is none, or it is 0."""
    sizes = (float(np.nanmax(np.abs(array))) for array in arrays if np.isfinite(array).any())
    return max(sizes, default=0.0) or 1.0
