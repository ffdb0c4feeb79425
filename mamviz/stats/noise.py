"""What each block of images adds to maps of labels that say nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import Axis, BlockStatistics, Choices, Estimand, Floats
from mamviz.stats.maps import BlockMaps, split_maps
from mamviz.stats.moments import invert_correlation

LABELLED: tuple[Estimand, ...] = ("contrast", "adjusted")  # the estimands that use labels, which can then be shuffled
FEWEST_BLOCKS = 10  # below, so few patterns of signs exist that their spread says little

# Where less of the noise's variance is left when blocks' shares are taken off, one block has most of the cases.
LEAST_KEPT = 0.5


def noise_of_blocks(
    stats: BlockStatistics, choices: Choices, *, generator: np.random.Generator, axis: Axis | None = None
) -> Floats:
    """Return what each block with images adds to the maps of labels that say nothing: (B', K, C, H, W).

    A block adds D_b = sum of w_k(n) (M_k(n) - mean M_k) over its images, and all blocks add up to the map A_k. Its
    expected part of the map, A_k times the block's share of sum w_k(n) y_k(n), is taken off, which leaves noise that
    adds up to 0; what that takes from the noise's variance is given back (B / (B - 1) where blocks are alike).
    Labels that are really shuffled meet masks that still vary with the true ones: they leave in a map z_k times
    A_k, with z of mean 0 and covariance (W G W)_kl G_kl / (N - 1) for centred labels' products G and w = W y. That
    is drawn and added. Random signs times the result have the mean and covariance of maps from shuffled labels.

    axis    as `split_maps`: signed maps are summed over what the view drops
    NaN for attributes, and errors, as `null_correlations`.
    """
    _check(stats, choices)
    blocks = split_maps(stats, choices, axis=axis)
    filled = np.flatnonzero(stats.count > 0)
    noise = _contributions(blocks)
    noise = noise if len(filled) == len(noise) else noise[filled]
    found = noise.sum(axis=0)
    labels = _shares(stats, choices)
    deviation = np.sqrt(np.where(labels.varies, labels.kept, 1.0))
    own = draw_normals(labels.own, len(noise), generator=generator)
    for row, block in enumerate(filled):  # block by block: a temporary array is as large as one block's maps
        noise[row] -= _over_cells(labels.share[block]) * found
        noise[row] /= _over_cells(deviation)
        noise[row] += _over_cells(own[row]) * found
    noise[:, ~labels.varies] = np.nan
    return noise


def draw_normals(covariance: Floats, n_rows: int, *, generator: np.random.Generator) -> Floats:
    """Draw normal rows that add up to 0 and whose products add up to a covariance: (n_rows, K).

    Exactly where there are more rows than K, so that no sign of chance is in every replicate; else on average.
    """
    rows = generator.standard_normal((n_rows, len(covariance)))
    rows -= rows.mean(axis=0)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    rows = np.linalg.qr(rows)[0] if n_rows > len(covariance) else rows / np.sqrt(n_rows - 1)
    return np.asarray(rows @ root.T)


def require_labels(choices: Choices) -> None:
    """Raise StatisticsError for an estimand that uses no labels."""
    if choices.estimand not in LABELLED:
        raise StatisticsError(
            f"The estimand {choices.estimand!r} uses no labels, so that shuffling them changes nothing. Compare with "
            "networks of random weights (mamviz sanity), or use the estimand contrast or adjusted."
        )


@dataclass(frozen=True)
class _Shares:
    """What labels say of the noise.

    share    (B, K) each block's part of sum w_k y_k, adds up to 1 over blocks
    kept     (K,) part of the noise's variance that is left when each block's share is taken off
    own      (K, K) covariance of sum w_k(n) y_k(n) and sum w_l(n) y_l(n) over shuffles of w
    varies   (K,) False where all images have the attribute, or none, or where one block has nearly all its share
    """

    share: Floats
    kept: Floats
    own: Floats
    varies: npt.NDArray[np.bool_]


def _shares(stats: BlockStatistics, choices: Choices) -> _Shares:
    prevalence = stats.positives.sum(axis=0) / stats.n_images
    varies = (prevalence > 0) & (prevalence < 1)

    def centred(block: int) -> Floats:
        """Return the sums of products of centred labels in a block, (K, K)."""
        cross = np.outer(stats.positives[block], prevalence)
        square = stats.count[block] * np.outer(prevalence, prevalence)
        return np.asarray(stats.label_gram[block] - cross - cross.T + square)

    whole = sum((centred(block) for block in range(stats.n_blocks)), np.zeros_like(stats.label_gram[0]))
    norm = np.sqrt(np.where(varies, np.diag(whole), 1.0))
    transform = np.diag(varies / norm**2)
    if choices.estimand == "adjusted" and varies.any():
        place = np.ix_(varies, varies)
        scale = np.outer(norm, norm)
        transform[place] = invert_correlation((whole / scale)[place])[0] / scale[place]
    share, spread = np.empty((2, *stats.positives.shape))
    for block in range(stats.n_blocks):  # (attribute,) each: sums of w_k(n) y_k(n), and of w_k(n)^2
        weighed = transform @ centred(block)
        share[block] = np.diagonal(weighed)
        spread[block] = np.einsum("km,mk->k", weighed, transform)
    share /= np.where(varies, share.sum(axis=0), 1.0)
    spread /= np.where(varies, spread.sum(axis=0), 1.0)
    kept = np.where(varies, 1 - 2 * (share * spread).sum(axis=0) + (share**2).sum(axis=0), 1.0)
    own = (transform @ whole @ transform) * whole / max(stats.n_images - 1, 1)
    return _Shares(share=share, kept=kept, own=own, varies=varies & (kept > LEAST_KEPT))


def _contributions(blocks: BlockMaps) -> Floats:
    """Return sum of w_k(n) (M_k(n) - mean M_k) over the images of each block; they add up to the map.

    Takes the place of `blocks.own`, which is made for it.
    """
    n_images = blocks.count.sum()
    mean = blocks.total.sum(axis=0) / n_images
    found = blocks.own  # `split_maps` has made it for this call
    if blocks.estimand == "adjusted":
        for block, weight in enumerate(blocks.weight_sum):
            found[block] -= _over_cells(weight) * mean
        return found
    with_it = blocks.positives.sum(axis=0)
    constant = (with_it <= 0) | (with_it >= n_images)
    with_it = np.where(constant, np.nan, with_it)
    high, low = 1 / with_it, 1 / (n_images - with_it)
    weights = blocks.positives * high - (blocks.count[:, None] - blocks.positives) * low
    for block, weight in enumerate(weights):
        found[block] *= _over_cells(high + low)
        found[block] -= _over_cells(low) * blocks.total[block]
        found[block] -= _over_cells(weight) * mean
    return found


def _over_cells(values: Floats) -> Floats:
    return values[..., None, None, None]


def _check(stats: BlockStatistics, choices: Choices) -> None:
    require_labels(choices)
    filled = int((stats.count > 0).sum())
    if filled < FEWEST_BLOCKS:
        raise StatisticsError(
            f"Expected {FEWEST_BLOCKS} blocks with images or more, got {filled}. Extract masks of more images."
        )
