"""Correlations across images: covariances pooled over cells, from sums of products and of maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mamviz.schema import VIEWS, Axis, BlockStatistics, Centring, Choices, Floats
from mamviz.stats.maps import view_maps

# A variance across images below this share of the mean square is rounding, by the precision of the sums.
CONSTANT_SINGLE = 1e-7
CONSTANT_DOUBLE = 1e-12

# Numbers of one array computed at once, 64 MB: sums of all names in some replicates.
CHUNK_NUMBERS = 2**23


@dataclass(frozen=True, kw_only=True)
class AcrossSums:
    """What correlations across images are made of, block by block.

    gram     (B, n, n) sums of products of the maps; total (B, n, cells) sums of them; count (B,) images
    least    a variance below this share of the mean square is none
    """

    gram: Floats
    total: Floats
    count: Floats
    least: float


def across_sums(stats: BlockStatistics, choices: Choices, *, axis: Axis) -> AcrossSums:
    """Take from block statistics what correlations across images are made of."""
    sums = stats.sums(choices.map)
    return AcrossSums(
        gram=sums.attribute_gram[:, VIEWS.index(choices.view)] if axis == "attribute" else sums.channel_gram,
        total=view_maps(sums.total.astype(np.float64), choices.view, axis=axis),
        count=stats.count,
        least=CONSTANT_DOUBLE if sums.total.dtype == np.float64 else CONSTANT_SINGLE,
    )


def correlate_across(sums: AcrossSums, weights: Floats, *, centring: Centring = "none") -> Floats:
    """Pool the covariance over cells, and divide by the pooled variances: (R, n, n); needs two images."""
    n = sums.gram.shape[-1]
    counts = _counts(sums, weights)
    covariance = np.asarray(np.tensordot(weights, sums.gram, axes=1))
    scale = np.diagonal(covariance, axis1=1, axis2=2).copy()
    for part in _chunks(len(weights), max(sums.total[0].size, n * n)):
        rows = np.tensordot(weights[part], sums.total, axes=1)
        covariance[part] -= rows @ rows.swapaxes(1, 2) / counts[part]
    if centring == "common":
        centre = np.eye(n) - 1 / n
        for table in covariance:
            table[:] = centre @ table @ centre
        scale[:] = scale.max(axis=1, keepdims=True)
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    deviation = np.sqrt(np.where(variance > sums.least * scale, variance, np.nan))
    covariance /= deviation[:, :, None]
    covariance /= deviation[:, None, :]
    return covariance


def correlate_across_rows(sums: AcrossSums, weights: Floats, rows: slice) -> Floats:
    """Return some rows of `correlate_across` without centring, (R, m, n), up to rounding; no whole table is made."""
    counts = _counts(sums, weights)
    covariance = np.asarray(np.tensordot(weights, sums.gram[:, rows], axes=1))
    square = weights @ np.diagonal(sums.gram, axis1=1, axis2=2)
    variance = square.copy()
    for part in _chunks(len(weights), max(sums.total[0].size, covariance[0].size)):
        total = np.tensordot(weights[part], sums.total, axes=1)
        covariance[part] -= total[:, rows] @ total.swapaxes(1, 2) / counts[part]
        variance[part] -= np.einsum("rnc,rnc->rn", total, total) / counts[part, 0]
    deviation = np.sqrt(np.where(variance > sums.least * square, variance, np.nan))
    covariance /= deviation[:, rows, None]
    covariance /= deviation[:, None, :]
    return covariance


def _counts(sums: AcrossSums, weights: Floats) -> Floats:
    n_images = weights @ sums.count
    return np.where(n_images >= 2, n_images, np.nan)[:, None, None]


def _chunks(n_replicates: int, each: int) -> Iterator[slice]:
    """Cut replicates into pieces that are computed at once."""
    step = max(1, CHUNK_NUMBERS // max(each, 1))
    return (slice(start, start + step) for start in range(0, n_replicates, step))
