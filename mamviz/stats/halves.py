"""Maps of random halves of the blocks, and how far those of one half are those of the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import Axis, BlockStatistics, Choices, Floats
from mamviz.stats.maps import count_cells, labels_vary, split_maps, weigh_rows
from mamviz.stats.noise import FEWEST_BLOCKS

# Numbers of one array computed at once; a few such arrays are held, 0.1 GB.
CHUNK_CELLS = 2**22

Places = npt.NDArray[np.intp]


def split_blocks(stats: BlockStatistics, n_splits: int, *, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw random halves of the blocks with images, as weights (n_splits, B) of the one and the other.

    An odd block goes to the second half. Raises StatisticsError below 10 blocks with images, or without splits.
    """
    filled = np.flatnonzero(stats.count > 0)
    if len(filled) < FEWEST_BLOCKS or n_splits < 1:
        raise StatisticsError(
            f"Expected {FEWEST_BLOCKS} blocks with images or more and a split or more, got {len(filled)} and "
            f"{n_splits}. Extract masks of more images."
        )
    first, second = np.zeros((2, n_splits, stats.n_blocks))
    for row, other in zip(first, second, strict=True):
        order = generator.permutation(filled)
        row[order[: len(filled) // 2]] = 1.0
        other[order[len(filled) // 2 :]] = 1.0
    return first, second


def cross_halves(
    stats: BlockStatistics, choices: Choices, first: Floats, second: Floats, *, axis: Axis = "attribute"
) -> Floats:
    """Correlate each map of one half with each map of the other, over cells of the view: (n_splits, n, n).

    first, second    weights (n_splits, B); values[:, k, l] is map k of the first with map l of the second
    NaN for an attribute whose label does not vary in every half (between channels it is left out of the cells), and
    for a constant map.
    """
    n = len(stats.attributes) if axis == "attribute" else stats.grid[0]
    values = np.full((len(first), n, n), np.nan)
    for part, place, units in _unit_halves(stats, choices, first, second, axis):
        values[np.ix_(part, place, place)] = units[0] @ units[1].swapaxes(1, 2)
    return values


def repeat_maps(
    stats: BlockStatistics, choices: Choices, first: Floats, second: Floats, *, axis: Axis = "attribute"
) -> Floats:
    """Correlate each map of one half with the same map of the other: (n_splits, n), the diagonals of `cross_halves`."""
    n = len(stats.attributes) if axis == "attribute" else stats.grid[0]
    values = np.full((len(first), n), np.nan)
    for part, place, units in _unit_halves(stats, choices, first, second, axis):
        values[np.ix_(part, place)] = np.einsum("snp,snp->sn", *units)
    return values


def _unit_halves(
    stats: BlockStatistics, choices: Choices, first: Floats, second: Floats, axis: Axis
) -> Iterator[tuple[Places, Places, list[Floats]]]:
    """Return some splits at a time, the names with maps in all halves, and unit rows (split, name, cells) of both."""
    whole = split_maps(stats, choices, axis=axis)
    varies = (labels_vary(whole, first) & labels_vary(whole, second)).all(axis=0)
    known = np.flatnonzero(varies)
    if len(known) == 0:
        return
    blocks = whole if varies.all() else split_maps(stats, choices, attributes=known, axis=axis)
    place = known if axis == "attribute" else np.arange(stats.grid[0])
    step = max(1, CHUNK_CELLS // max(len(place) * count_cells(blocks, choices.view, axis=axis), 1))
    for start in range(0, len(first), step):
        part = np.arange(start, min(start + step, len(first)))
        units = []
        for weights in (first, second):
            rows = weigh_rows(blocks, weights[part], choices.view, axis=axis)
            units.append(_unit(rows - rows.mean(axis=1, keepdims=True) if choices.centring == "common" else rows))
        yield part, place, units


def _unit(rows: Floats) -> Floats:
    """Centre rows over cells and scale them to length 1; a row that is constant but for rounding is NaN."""
    size = np.abs(rows).max(axis=-1, keepdims=True)
    rows = rows - rows.mean(axis=-1, keepdims=True)
    length = np.sqrt(np.einsum("...p,...p->...", rows, rows))[..., None]
    return np.asarray(rows / np.where(length > 1e-6 * size, length, np.nan))
