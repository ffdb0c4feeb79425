"""Data-set maps under any weighting of the blocks, and their correlation over cells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import Array, Axis, BlockStatistics, Centring, Choices, Estimand, Floats, Sign, View

# A map is constant where its spread over cells is below this share of the masks or evidence it was made of:
# block sums are kept in float32, whose rounding leaves 1e-7.
CONSTANT_MAP = 1e-6

# A label with less than this share of the weight on one side is constant: weights need not be whole numbers.
CONSTANT_LABEL = 1e-12

# Numbers of one array computed at once; about five such arrays are held, 0.1 GB. Measured: at 2**22 an array passes the
# 32 MiB from which the C library takes fresh pages for each one, and tables of celeba-8k take up to twice as long.
CHUNK_CELLS = 2**21


@dataclass(frozen=True, kw_only=True)
class BlockMaps:
    """What the data-set maps of some attributes are made of, block by block.

    own, total             (B, K, C, H, W) float64: sums that carry the label, and sums over all images; axes that
                           are summed anyway, and may be before the sign is dropped, have length 1
    count                  (B,) images; positives and weight_sum (B, K)
    """

    own: Floats
    total: Floats
    count: Floats
    positives: Floats
    weight_sum: Floats
    estimand: Estimand
    sign: Sign


def split_maps(
    stats: BlockStatistics,
    choices: Choices,
    *,
    attributes: npt.NDArray[np.intp] | None = None,
    axis: Axis | None = None,
) -> BlockMaps:
    """Take from block statistics what the maps of some attributes, or of all, are made of.

    axis    what the maps will be compared between; then signed maps are summed at once over the axes that the
            view drops, which makes them up to C or H * W times smaller. None keeps every cell
    Raises StatisticsError for the estimands image and across, which have no data-set map.
    """
    if choices.estimand not in ("mean", "contrast", "adjusted"):
        raise StatisticsError(
            f"The estimand {choices.estimand!r} has no data-set map. Use mean, contrast or adjusted for maps."
        )
    sums, chosen = stats.sums(choices.map), slice(None) if attributes is None else attributes
    dropped = _dropped(axis, choices.view) if axis and choices.sign == "signed" else ()

    def take(array: Array) -> Floats:
        return np.asarray(array[:, chosen].sum(axis=dropped, keepdims=True, dtype=np.float64))

    total = take(sums.total)
    kind = {"contrast": sums.positive, "adjusted": sums.adjusted}.get(choices.estimand)
    return BlockMaps(
        own=total if kind is None else take(kind),
        total=total,
        count=stats.count,
        positives=stats.positives[:, chosen],
        weight_sum=stats.weight_sum[:, chosen],
        estimand=choices.estimand,
        sign=choices.sign,
    )


def weigh_maps(blocks: BlockMaps, weights: Floats) -> Floats:
    """Return the data-set maps (R, K, C, H, W) of R weightings of the blocks, weights (R, B).

    The absolute value is taken here. A label that is constant in a replicate has no contrast and no adjusted
    map there: NaN. The adjusted weights w add up to 0 over all blocks only, so that (sum of w) times the mean
    map is taken off in each replicate. A replicate without images is NaN.
    """
    n_images = (weights @ blocks.count)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        if blocks.estimand == "mean":
            maps = np.tensordot(weights, blocks.own, axes=1) / _over_cells(n_images)
        elif blocks.estimand == "contrast":
            with_it = weights @ blocks.positives
            maps = _over_cells(1 / with_it + 1 / (n_images - with_it)) * np.tensordot(weights, blocks.own, axes=1)
            maps -= _over_cells(1 / (n_images - with_it)) * np.tensordot(weights, blocks.total, axes=1)
        else:
            share = (weights @ blocks.weight_sum) / n_images
            maps = np.tensordot(weights, blocks.own, axes=1) - _over_cells(share) * np.tensordot(
                weights, blocks.total, axes=1
            )
    maps[~labels_vary(blocks, weights)] = np.nan
    return np.abs(maps, out=maps) if blocks.sign == "absolute" else maps


def weigh_rows(blocks: BlockMaps, weights: Floats, view: View, *, axis: Axis) -> Floats:
    """Return what is compared of the maps of R weightings, (R, n, cells): `view_maps` of `weigh_maps`.

    A few names at a time, so that no array holds every cell of all maps in all replicates: a view has far fewer.
    """
    place = 1 if axis == "attribute" else 2
    n = blocks.own.shape[place]
    step = max(1, CHUNK_CELLS * n // max(len(weights) * blocks.own[0].size, 1))
    parts = [
        view_maps(weigh_maps(_choose(blocks, slice(start, start + step), place), weights), view, axis=axis)
        for start in range(0, n, step)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _choose(blocks: BlockMaps, part: slice, place: int) -> BlockMaps:
    """Return some attributes (place 1) or some channels (place 2) of block maps."""
    names = part if place == 1 else slice(None)
    chosen = (slice(None), part) if place == 1 else (slice(None), slice(None), part)
    return replace(
        blocks,
        own=blocks.own[chosen],
        total=blocks.total[chosen],
        positives=blocks.positives[:, names],
        weight_sum=blocks.weight_sum[:, names],
    )


def labels_vary(blocks: BlockMaps, weights: Floats) -> npt.NDArray[np.bool_]:
    """Tell which attributes have a map in each weighting, (R, K); means need no label, but an image."""
    n_images = (weights @ blocks.count)[:, None]
    if blocks.estimand == "mean":
        return np.broadcast_to(n_images > 0, (len(weights), blocks.positives.shape[1]))
    with_it = weights @ blocks.positives
    least = CONSTANT_LABEL * n_images
    return np.asarray((with_it > least) & (n_images - with_it > least))


def view_maps(maps: Array, view: View, *, axis: Axis) -> Array:
    """Return what is compared, (..., n, cells), of maps (..., attribute, channel, height, width)."""
    if axis == "channel":
        maps = maps.swapaxes(-4, -3)
    if view != "full":
        maps = maps.sum(axis=(-2, -1) if view == "channel" else -3, keepdims=True)
    return maps.reshape(*maps.shape[:-3], prod(maps.shape[-3:]))  # (..., n, other * height * width)


def correlate_rows(rows: Floats, scale: Floats, *, centring: Centring = "none") -> Floats:
    """Correlate rows (..., n, cells) with each other over their cells: (..., n, n); NaN as `unit_rows`."""
    units = unit_rows(rows, scale, centring=centring)
    return np.asarray(units @ units.swapaxes(-1, -2))


def count_cells(blocks: BlockMaps, view: View, *, axis: Axis) -> int:
    """Return over how many cells the maps of a view are correlated."""
    _, n_attributes, n_channels, height, width = blocks.own.shape
    others = n_channels if axis == "attribute" else n_attributes
    sizes: dict[View, int] = {"full": others * height * width, "channel": others, "spatial": height * width}
    return sizes[view]


def unit_rows(rows: Floats, scale: Floats, *, centring: Centring = "none") -> Floats:
    """Return rows (..., n, cells) centred over cells and of length 1: their products are correlations.

    scale    (n,) size of the masks or evidence that the rows were made of: a row that varies by less than
             a millionth of it is constant, NaN. So is a row with NaN.
    """
    n_cells = rows.shape[-1]
    if centring == "common":
        rows = rows - rows.mean(axis=-2, keepdims=True)
        scale = np.full_like(scale, scale.max())
    rows = rows - rows.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.einsum("...p,...p->...", rows, rows) / n_cells)
    spread = np.where(spread > CONSTANT_MAP * scale, spread, np.nan)
    rows /= spread[..., None] * np.sqrt(n_cells)
    return rows


def mask_sizes(stats: BlockStatistics, choices: Choices) -> Floats:
    """Return the absolute mean mask or evidence of all images, (K, C, H, W)."""
    total: Floats = stats.sums(choices.map).total.sum(axis=0, dtype=np.float64)
    return np.abs(total) / max(stats.n_images, 1)


def _over_cells(values: Floats) -> Floats:
    return values[:, :, None, None, None]


def _dropped(axis: Axis, view: View) -> tuple[int, ...]:
    """Axes of (B, K, C, H, W) that a view sums, but for the attribute's: each has a label of its own."""
    if view == "channel":
        return (3, 4)
    return (2,) if view == "spatial" and axis == "attribute" else ()
