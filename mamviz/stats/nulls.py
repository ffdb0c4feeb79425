"""Correlations that masks would show if they knew nothing of the labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mamviz.schema import Axis, BlockStatistics, Choices, Floats
from mamviz.stats.maps import mask_sizes, unit_rows, view_maps
from mamviz.stats.noise import noise_of_blocks
from mamviz.stats.precision import measure_precision, spread_pairs, widen_pairs

# Numbers of one array computed at once; a few such arrays are held, under 0.1 GB (why no more: `stats.replicates`).
CHUNK_CELLS = 2**21

# A pair alone is a sum over its cells; whole tables are products of matrices, which take a tenth of that a pair.
FEW_PAIRS = 0.05

Pairs = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


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

    NaN for an attribute that all images have, or none, or nearly all of whose cases are in one block, and for what
    has a constant map; all others are 1 on the diagonal.
    Raises StatisticsError for the estimands mean, image and across, whose tables use no labels; and below 10
    blocks with images.
    """
    n = _count_names(stats, axis)
    first, second = np.triu_indices(n)
    pairs = _draw_pairs(stats, choices, (first, second), n_replicates=n_replicates, generator=generator, axis=axis)
    values = np.empty((n_replicates, n, n))
    values[:, first, second] = values[:, second, first] = pairs
    return values


def null_pairs(
    stats: BlockStatistics,
    choices: Choices,
    *,
    n_replicates: int = 1000,
    generator: np.random.Generator,
    axis: Axis = "attribute",
) -> Floats:
    """Return `null_correlations` of each pair once, in the order of `np.triu_indices`: (R, pairs)."""
    pairs = np.triu_indices(_count_names(stats, axis), k=1)
    return _draw_pairs(stats, choices, pairs, n_replicates=n_replicates, generator=generator, axis=axis)


def _draw_pairs(
    stats: BlockStatistics,
    choices: Choices,
    pairs: Pairs,
    *,
    n_replicates: int,
    generator: np.random.Generator,
    axis: Axis,
) -> Floats:
    """Draw null correlations of some pairs: (R, pairs); of a name with itself, 1 or NaN."""
    noise = noise_of_blocks(stats, choices, generator=generator, axis=axis)
    sizes = mask_sizes(stats, choices)

    def correlate(signs: Floats, pairs: Pairs) -> Floats:
        return flip_blocks(noise, signs, choices, sizes=sizes, axis=axis, pairs=pairs)

    signs = generator.choice([-1.0, 1.0], size=(n_replicates, len(noise)))
    values = correlate(signs, pairs)
    few = spread_pairs(_count_names(stats, axis))
    precision = measure_precision(lambda signs: correlate(signs, few), len(noise), generator=generator)
    itself = pairs[0] == pairs[1]
    if not itself.any():  # half a million pairs need no copy
        return widen_pairs(values, precision, generator=generator)
    # `compress` keeps the order in memory, and so the last digit of means, which indexing does not
    apart = np.compress(~itself, values, axis=1)
    values[:, ~itself] = widen_pairs(apart, precision, generator=generator)
    values[:, itself] = np.where(np.isnan(values[:, itself]), np.nan, 1.0)
    return values


def _count_names(stats: BlockStatistics, axis: Axis) -> int:
    return len(stats.attributes) if axis == "attribute" else stats.grid[0]


def flip_blocks(
    noise: Floats,
    signs: Floats,
    choices: Choices,
    *,
    sizes: Floats,
    axis: Axis = "attribute",
    pairs: Pairs | None = None,
) -> Floats:
    """Correlate the maps that blocks add up to with signs (R, B'), a few replicates at a time: (R, n, n).

    noise    (B', K, C, H, W) as `noise_of_blocks`; sizes as `mask_sizes`
    pairs    rows and columns of the pairs wanted, which alone are then kept: (R, pairs). Few ones are correlated alone
    """
    n = noise.shape[1] if axis == "attribute" else noise.shape[2]
    values = np.full((len(signs), n, n) if pairs is None else (len(signs), len(pairs[0])), np.nan)
    known = np.ones(noise.shape[1], dtype=np.bool_)
    for block in noise:
        known &= ~np.isnan(block).any(axis=(1, 2, 3))
    if not known.any():
        return values
    kept, scale = noise if known.all() else noise[:, known], _scale(sizes, known, choices, axis)
    n_cells = view_maps(kept[:1], choices.view, axis=axis).shape[-1]
    for start, stop in _pieces(len(signs), n * n_cells):
        rows = _flip_rows(kept, signs[start:stop], choices, axis)
        units = _place(unit_rows(rows, scale, centring=choices.centring), known, axis)
        if pairs is not None and len(pairs[0]) < FEW_PAIRS * n * n:
            values[start:stop] = _correlate_pairs(units, pairs)
            continue
        for first, last in _pieces(stop - start, n * n):
            tables = units[first:last] @ units[first:last].swapaxes(1, 2)
            values[start + first : start + last] = tables if pairs is None else tables[:, *pairs]
    return np.asarray(np.clip(values, -1.0, 1.0, out=values))


def _flip_rows(noise: Floats, signs: Floats, choices: Choices, axis: Axis) -> Floats:
    """Return what is compared of the maps of signs (R, B'), (R, n, cells), a few names at a time as `weigh_rows`."""
    place = 1 if axis == "attribute" else 2
    n = noise.shape[place]
    found = []
    for start, stop in _pieces(n, len(signs) * noise[0].size // n):
        part = noise[:, start:stop] if place == 1 else noise[:, :, start:stop]
        maps = np.tensordot(signs, part, axes=1)
        found.append(view_maps(np.abs(maps) if choices.sign == "absolute" else maps, choices.view, axis=axis))
    return np.concatenate(found, axis=1)


def _pieces(n: int, each: int) -> Iterator[tuple[int, int]]:
    """Cut n things of so many numbers each into pieces that are computed at once: first, and after the last."""
    step = max(1, CHUNK_CELLS // max(each, 1))
    return ((start, min(start + step, n)) for start in range(0, n, step))


def correlate_maps(maps: Floats, choices: Choices, *, sizes: Floats, axis: Axis = "attribute") -> Floats:
    """Correlate data-set maps that were made elsewhere: (R, n, n).

    maps     (R, K, C, H, W), signed; axes that the view drops may have been summed already. The absolute value is
             taken here where the choices say so.
    sizes    (K, C, H, W) mean masks or evidence, as `mask_sizes`: what varies by less than a millionth is constant

    An attribute whose map is NaN in all replicates has NaN row and column; between channels it is left out.
    """
    known = np.asarray(~np.isnan(maps).any(axis=(0, 2, 3, 4)))
    n = maps.shape[1] if axis == "attribute" else maps.shape[2]
    if not known.any():
        return np.full((len(maps), n, n), np.nan)
    chosen = maps[:, known]
    rows = view_maps(np.abs(chosen) if choices.sign == "absolute" else chosen, choices.view, axis=axis)
    units = unit_rows(rows, _scale(sizes, known, choices, axis), centring=choices.centring)
    units = _place(units, known, axis)
    return np.asarray(np.clip(units @ units.swapaxes(1, 2), -1.0, 1.0))


def _correlate_pairs(units: Floats, pairs: Pairs) -> Floats:
    """Correlate some pairs of unit rows (R, n, cells): (R, pairs)."""
    first, second = pairs
    values = np.empty((len(units), len(first)))
    for start, stop in _pieces(len(first), units[:, 0].size):
        values[:, start:stop] = np.einsum("rpc,rpc->rp", units[:, first[start:stop]], units[:, second[start:stop]])
    return values


def _scale(sizes: Floats, known: npt.NDArray[np.bool_], choices: Choices, axis: Axis) -> Floats:
    """Return the size of what each row is made of, (n,)."""
    return np.asarray(view_maps(sizes[known], choices.view, axis=axis).max(axis=-1))


def _place(units: Floats, known: npt.NDArray[np.bool_], axis: Axis) -> Floats:
    """Put rows of the known attributes in their place, NaN elsewhere; between channels there is nothing to place."""
    if axis == "channel" or known.all():
        return units
    whole = np.full((len(units), len(known), units.shape[2]), np.nan)
    whole[:, known] = units
    return whole
