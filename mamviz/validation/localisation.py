"""Whether the maps of single images lie on the region of the attribute: pointing game and energy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mamviz.schema import Array, Floats, Interval, Localisation, Method, TrueRegions, Variant

LEVEL = 0.95


def centre_maps(maps: Floats) -> Floats:
    """Take its mean over the images off each map (n, K, H, W): what is special about this image."""
    return np.asarray(maps - maps.mean(axis=0))


def vary(maps: Floats, variant: Variant, *, dataset_map: Floats) -> Floats:
    """Return maps of single images in one of their variants, (n, K, H, W).

    dataset_map   (K, H, W), at least 0: how much of each attribute's own effect is in a cell; NaN counts as none
    """
    if variant == "as it is":
        return maps
    centred = centre_maps(maps)
    return centred if variant == "centred" else centred * np.nan_to_num(dataset_map)


def point(maps: Floats, regions: Floats, labels: Array) -> Floats:
    """Say whether the strongest cell lies on the region, (n, K): 1 yes, 0 no, NaN where that is no question.

    maps, regions   (n, K, H, W); labels (n, K)

    Asked of images that have the attribute and show it (Zhang et al. 2016, Top-down neural attention by excitation
    backprop). A cell is on the region when any of its pixels is. Where several cells are strongest it is the share
    of them on the region: what a choice among them by lot would give.
    """
    strongest = maps == maps.max(axis=(2, 3), keepdims=True)
    hits = (strongest & (regions > 0)).sum(axis=(2, 3)) / np.maximum(strongest.sum(axis=(2, 3)), 1)
    return np.where(_visible(regions, labels), hits, np.nan)


def measure_energy(maps: Floats, regions: Floats, labels: Array) -> Floats:
    """Return the share of a map's positive part that lies on the region, (n, K), in [0, 1].

    maps, regions   (n, K, H, W); labels (n, K)

    Asked of the same images as `point`; a map with no positive part has no share: NaN (Wang et al. 2020, Score-CAM).
    """
    positive = np.maximum(maps, 0.0)
    total = positive.sum(axis=(2, 3))
    inside = (positive * (regions > 0)).sum(axis=(2, 3))
    asked = _visible(regions, labels) & (total > 0)
    return np.where(asked, inside / np.where(total > 0, total, 1.0), np.nan)


def localise(
    maps: Floats,
    regions: Floats,
    labels: Array,
    truth: TrueRegions,
    *,
    method: Method,
    variant: Variant,
    draws: npt.NDArray[np.int32],
) -> Localisation:
    """Measure how well one method's maps of single images lie on the regions.

    maps      (n, K, H, W) in the variant that is named
    draws     (replicate, n) how often each image counts in a bootstrap replicate: see `stats.resampling.draw_units`
    """
    hits, shares = point(maps, regions, labels), measure_energy(maps, regions, labels)
    local = np.isin(truth.attributes, truth.local)
    return Localisation(
        method=method,
        variant=variant,
        pointing=_mean_over_images(hits, np.ones((1, len(hits))))[0],
        energy=_mean_over_images(shares, np.ones((1, len(shares))))[0],
        local_pointing=mean_over_attributes(hits[:, local], draws),
        local_energy=mean_over_attributes(shares[:, local], draws),
    )


def mean_over_attributes(values: Floats, draws: npt.NDArray[np.int32]) -> Interval:
    """Average over images, then over attributes, with a 95 % percentile interval from resampled images.

    values   (n, K), NaN where there is nothing to count; an attribute without any is left out
    draws    (replicate, n); with none of them the interval is NaN
    """
    mean = _mean_or_nan(_mean_over_images(values, np.ones((1, len(values)))))
    replicates = _mean_or_nan(_mean_over_images(values, draws.astype(np.float64)))
    known = replicates[~np.isnan(replicates)]
    if not len(known):
        return Interval(float(mean[0]), float("nan"), float("nan"))
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(mean[0]), float(low), float(high))


def _visible(regions: Floats, labels: Array) -> npt.NDArray[np.bool_]:
    return np.asarray((labels == 1) & (regions > 0).any(axis=(2, 3)))


def _mean_over_images(values: Floats, weights: Floats) -> Floats:
    """Return weighted means of each column where it is known, (replicate, K); NaN without any."""
    known = ~np.isnan(values)
    count = weights @ known.astype(np.float64)
    return np.asarray(weights @ np.where(known, values, 0.0) / np.where(count > 0, count, np.nan))


def _mean_or_nan(rows: Floats) -> Floats:
    """Average what is known in each row, (replicate,); NaN where nothing is."""
    known = ~np.isnan(rows)
    count = known.sum(axis=1)
    return np.asarray(np.where(known, rows, 0.0).sum(axis=1) / np.where(count > 0, count, np.nan))
