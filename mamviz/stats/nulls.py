"""Correlations that masks would show if they knew nothing of the labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import Axis, BlockStatistics, Choices, Estimand, Floats
from mamviz.stats.maps import BlockMaps, correlate_rows, split_maps, view_maps
from mamviz.stats.moments import invert_correlation
from mamviz.stats.precision import measure_precision, widen

# Numbers of one array computed at once; a few such arrays are held, under 0.1 GB (why no more: `stats.replicates`).
CHUNK_CELLS = 2**21

LABELLED: tuple[Estimand, ...] = ("contrast", "adjusted")  # the estimands that use labels, which can then be shuffled
FEWEST_BLOCKS = 10  # below, so few patterns of signs exist that their spread says little


# Where less of the noise's variance is left when blocks' shares are taken off, one block has most of the cases.
LEAST_KEPT = 0.5


def null_correlations(
    stats: BlockStatistics,
    choices: Choices,
    *,
    n_replicates: int = 1000,
    generator: np.random.Generator,
    axis: Axis = "attribute",
) -> Floats:
    """Correlate maps of shuffled labels, drawn from the block statistics alone: (R, n, n).

    Each replicate turns the sign of every block's noise (`noise_of_blocks`) at random, the same for all attributes,
    adds the blocks up and correlates the maps with the same choices. What it takes for granted:
    - Blocks are independent, and there are enough of them: what a map adds up from many blocks is nearly normal.
    - Labels are shuffled by rows: attributes keep their correlation with each other, and so do masks. Both make
      noise maps alike, so the null's correlations need not lie around 0.
    Under a real shuffle of single images, photographs of one person would go apart; blocks keep them together.
    A few dozen blocks know the spread of a pair to 5 to 15 % only. With hundreds of pairs, those whose spread comes
    out too small would be called related, so the null is widened by what blocks leave open (`stats.precision`).

    NaN for an attribute that all images have, or none, or nearly all of whose cases are in one block.
    Raises StatisticsError for the estimands mean, image and across, whose tables use no labels; and below 10
    blocks with images.
    """
    noise = noise_of_blocks(stats, choices, generator=generator, axis=axis)
    sizes = mask_sizes(stats, choices)

    def correlate(signs: Floats) -> Floats:
        return flip_blocks(noise, signs, choices, sizes=sizes, axis=axis)

    values = correlate(generator.choice([-1.0, 1.0], size=(n_replicates, len(noise))))
    return widen(values, measure_precision(correlate, len(noise), generator=generator), generator=generator)


def flip_blocks(noise: Floats, signs: Floats, choices: Choices, *, sizes: Floats, axis: Axis = "attribute") -> Floats:
    """Correlate the maps that blocks add up to with signs (R, B'), a few replicates at a time: (R, n, n).

    noise    (B', K, C, H, W) as `noise_of_blocks`; sizes as `mask_sizes`
    """
    n = noise.shape[1] if axis == "attribute" else noise.shape[2]
    values = np.empty((len(signs), n, n))
    step = max(1, CHUNK_CELLS // max(noise[0].size, n * n))
    for start in range(0, len(signs), step):
        part = slice(start, start + step)
        values[part] = correlate_maps(np.tensordot(signs[part], noise, axes=1), choices, sizes=sizes, axis=axis)
    return values


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
    filled = stats.count > 0
    noise = _contributions(blocks)[filled]
    found = noise.sum(axis=0)
    labels = _shares(stats, choices)
    noise -= _over_cells(labels.share[filled]) * found
    noise /= _over_cells(np.sqrt(np.where(labels.varies, labels.kept, 1.0)))
    noise += _over_cells(draw_rows(labels.own, len(noise), generator=generator)) * found
    noise[:, ~labels.varies] = np.nan
    return noise


def draw_rows(covariance: Floats, n_rows: int, *, generator: np.random.Generator) -> Floats:
    """Draw normal rows that add up to 0 and whose products add up to a covariance: (n_rows, K).

    Exactly where there are more rows than K, so that no sign of chance is in every replicate; else on average.
    """
    rows = generator.standard_normal((n_rows, len(covariance)))
    rows -= rows.mean(axis=0)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    rows = np.linalg.qr(rows)[0] if n_rows > len(covariance) else rows / np.sqrt(n_rows - 1)
    return np.asarray(rows @ root.T)


def correlate_maps(maps: Floats, choices: Choices, *, sizes: Floats, axis: Axis = "attribute") -> Floats:
    """Correlate data-set maps that were made elsewhere: (R, n, n).

    maps     (R, K, C, H, W), signed; axes that the view drops may have been summed already. The absolute value is
             taken here where the choices say so.
    sizes    (K, C, H, W) mean masks or evidence, as `mask_sizes`: what varies by less than a millionth is constant

    An attribute whose map is NaN in all replicates has NaN row and column; between channels it is left out.
    """
    known = ~np.isnan(maps).any(axis=(0, 2, 3, 4))
    n = maps.shape[1] if axis == "attribute" else maps.shape[2]
    values = np.full((len(maps), n, n), np.nan)
    if not known.any():
        return values
    chosen = maps[:, known]
    rows = view_maps(np.abs(chosen) if choices.sign == "absolute" else chosen, choices.view, axis=axis)
    scale = view_maps(sizes[known], choices.view, axis=axis).max(axis=-1)
    place = np.flatnonzero(known) if axis == "attribute" else np.arange(n)
    values[np.ix_(np.arange(len(maps)), place, place)] = correlate_rows(rows, scale, centring=choices.centring)
    return np.asarray(np.clip(values, -1.0, 1.0))


def mask_sizes(stats: BlockStatistics, choices: Choices) -> Floats:
    """Return the absolute mean mask or evidence of all images, (K, C, H, W)."""
    total: Floats = stats.sums(choices.map).total.sum(axis=0, dtype=np.float64)
    return np.abs(total) / max(stats.n_images, 1)


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
    cross = stats.positives[:, :, None] * prevalence
    gram = (
        stats.label_gram - cross - cross.swapaxes(1, 2) + stats.count[:, None, None] * np.outer(prevalence, prevalence)
    )
    whole = gram.sum(axis=0)
    norm = np.sqrt(np.where(varies, np.diag(whole), 1.0))
    transform = np.diag(varies / norm**2)
    if choices.estimand == "adjusted" and varies.any():
        place = np.ix_(varies, varies)
        scale = np.outer(norm, norm)
        transform[place] = invert_correlation((whole / scale)[place])[0] / scale[place]
    share = np.einsum("kl,blk->bk", transform, gram)
    share /= np.where(varies, share.sum(axis=0), 1.0)
    spread = np.einsum("kl,blm,mk->bk", transform, gram, transform)  # (block, attribute): sum of w_k(n)^2
    spread /= np.where(varies, spread.sum(axis=0), 1.0)
    kept = np.where(varies, 1 - 2 * (share * spread).sum(axis=0) + (share**2).sum(axis=0), 1.0)
    own = (transform @ whole @ transform) * whole / max(stats.n_images - 1, 1)
    return _Shares(share=share, kept=kept, own=own, varies=varies & (kept > LEAST_KEPT))


def _contributions(blocks: BlockMaps) -> Floats:
    """Return sum of w_k(n) (M_k(n) - mean M_k) over the images of each block; they add up to the map."""
    n_images = blocks.count.sum()
    mean = blocks.total.sum(axis=0) / n_images
    if blocks.estimand == "adjusted":
        return np.asarray(blocks.own - _over_cells(blocks.weight_sum) * mean)
    with_it = blocks.positives.sum(axis=0)
    constant = (with_it <= 0) | (with_it >= n_images)
    with_it = np.where(constant, np.nan, with_it)
    high, low = 1 / with_it, 1 / (n_images - with_it)
    weight = blocks.positives * high - (blocks.count[:, None] - blocks.positives) * low
    each = _over_cells((high + low)[None])
    return np.asarray(each * blocks.own - _over_cells(low[None]) * blocks.total - _over_cells(weight) * mean)


def _over_cells(values: Floats) -> Floats:
    return values[..., None, None, None]


def _check(stats: BlockStatistics, choices: Choices) -> None:
    require_labels(choices)
    filled = int((stats.count > 0).sum())
    if filled < FEWEST_BLOCKS:
        raise StatisticsError(
            f"Expected {FEWEST_BLOCKS} blocks with images or more, got {filled}. Extract masks of more images."
        )
