"""How labels go together: phi and tetrachoric correlations of every pair, from 2 x 2 tables.

Everything works over leading axes, so that all bootstrap replicates go through in one call.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from mamviz.schema import BlockStatistics, Floats, LabelAssociation
from mamviz.stats.binormal import binormal_correlation
from mamviz.stats.partial import partial_correlations

# What a cell without images counts as (Brown and Benedetti 1977, JASA 72, p. 352).
EMPTY_CELL = 0.5
# Fewer images than this in a cell are none: what real weights leave by rounding.
ROUNDING = 1e-6


@dataclass(frozen=True)
class LabelCounts:
    """The 2 x 2 tables of every pair of labels.

    n      (...) images, or their weights in a replicate
    both   (..., K, K) images with both labels; the diagonal holds those with the one
    """

    n: Floats
    both: Floats

    @property
    def positives(self) -> Floats:
        """Images with each label, (..., K)."""
        return np.diagonal(self.both, axis1=-2, axis2=-1)


def count_labels(stats: BlockStatistics, weights: Floats | None = None) -> LabelCounts:
    """Count the labels of all images, or of replicates that draw each block `weights` (R, B) times."""
    if weights is None:
        return LabelCounts(n=np.asarray(stats.count.sum()), both=stats.label_gram.sum(axis=0))
    return LabelCounts(n=weights @ stats.count, both=np.einsum("rb,bkl->rkl", weights, stats.label_gram, optimize=True))


def phi_correlations(counts: LabelCounts) -> Floats:
    """Return phi, Pearson's r of 0/1 labels, (..., K, K) in [-1, 1]; ones on the diagonal.

    A label that all images have, or none, has no correlation: NaN row and column.
    """
    n, rate = counts.n[..., None, None], counts.positives
    spread = np.sqrt(rate * (counts.n[..., None] - rate))
    spread = np.where(_constant(counts), np.nan, spread)
    covariance = n * counts.both - rate[..., :, None] * rate[..., None, :]
    values = np.clip(covariance / (spread[..., :, None] * spread[..., None, :]), -1.0, 1.0)
    return _with_ones(values)


def tetrachoric_correlations(counts: LabelCounts) -> Floats:
    """Return the maximum-likelihood correlation of two normals that are cut to give each 2 x 2 table.

    (..., K, K) in [-1, 1], ones on the diagonal. With one free parameter more than the margins the table is fitted
    exactly: the cuts are those of the two rates, and r solves P(both) = binormal integral (Pearson 1900).
    An empty cell would give +-1 whatever the number of images: it counts half an image, taken from its neighbours so
    that the rates stay (Brown and Benedetti 1977; algorithm AS 116); `empty_cells` tells which pairs. Where both
    cells of a diagonal are empty, one label repeats or mirrors the other: exactly 1 or -1.
    A constant label has no correlation: NaN row and column.
    """
    constant = _constant(counts)
    first, second = np.triu_indices(counts.both.shape[-1], 1)
    both, one, other, neither = _cells(counts)[..., first, second]  # each (..., pair)
    n = np.where(counts.n > 0, counts.n, np.nan)[..., None]
    rates = np.where(constant, np.nan, counts.positives) / n
    on, off = np.minimum(both, neither), np.minimum(one, other)  # where one is empty, the other is what can be moved
    given = np.where(on == 0, np.minimum(EMPTY_CELL, off / 2), 0)
    taken = np.where(off == 0, np.minimum(EMPTY_CELL, on / 2), 0)
    cuts = ndtri(rates)
    r = binormal_correlation(cuts[..., first], cuts[..., second], (both + given - taken) / n)
    r = np.where(one + other == 0, 1.0, np.where(both + neither == 0, -1.0, r))
    values = np.ones(counts.both.shape)
    values[..., first, second] = values[..., second, first] = r
    return _with_ones(np.where(constant[..., :, None] | constant[..., None, :], np.nan, values))


def empty_cells(counts: LabelCounts) -> npt.NDArray[np.bool_]:
    """Tell which pairs (..., K, K) of labels have a combination that no image shows; False on the diagonal."""
    empty = (_cells(counts) == 0).any(axis=0)
    return np.asarray(empty & ~np.eye(empty.shape[-1], dtype=np.bool_))


def associate_labels(stats: BlockStatistics) -> LabelAssociation:
    """Measure how the labels of the images go together, in every way of this module."""
    counts = count_labels(stats)
    phi = phi_correlations(counts)
    partial = partial_correlations(phi)
    return LabelAssociation(
        names=stats.attributes,
        n_images=stats.n_images,
        phi=phi,
        tetrachoric=tetrachoric_correlations(counts),
        partial=partial.values,
        ridge=float(partial.ridge),
        empty_cells=empty_cells(counts),
        undefined=tuple(name for name, gone in zip(stats.attributes, _constant(counts), strict=True) if gone),
    )


def _cells(counts: LabelCounts) -> Floats:
    """Return both, first only, second only, neither: (4, ..., K, K)."""
    both, positives = counts.both, counts.positives
    first = positives[..., :, None] - both
    second = positives[..., None, :] - both
    cells = np.stack([both, first, second, counts.n[..., None, None] - both - first - second])
    return np.where(cells < ROUNDING, 0.0, cells)


def _constant(counts: LabelCounts) -> npt.NDArray[np.bool_]:
    positives = counts.positives
    constant: npt.NDArray[np.bool_] = (positives < ROUNDING) | (positives > counts.n[..., None] - ROUNDING)
    return constant


def _with_ones(values: Floats) -> Floats:
    """Set the diagonal to exactly 1 where it is defined."""
    diagonal = np.arange(values.shape[-1])
    known = ~np.isnan(values).all(axis=-1)
    values[..., diagonal, diagonal] = np.where(known, 1.0, np.nan)
    return values
