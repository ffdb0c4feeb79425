"""Rows of a table in all replicates, a few at a time: a thousand names have a million pairs, in every replicate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import Axis, BlockStatistics, Choices, Floats, Replicates
from mamviz.stats.across import across_sums, correlate_across_rows
from mamviz.stats.bounds import to_z
from mamviz.stats.maps import (
    CHUNK_CELLS,
    count_cells,
    labels_vary,
    mask_sizes,
    split_maps,
    unit_rows,
    view_maps,
    weigh_rows,
)
from mamviz.stats.replicates import bootstrap_weights, jackknife_weights, prepare_tables

FEWEST_UNITS = 10

# Numbers of one array of replicates looked at at once; about six such arrays are held, 0.2 GB.
CHUNK_NUMBERS = 2**22

# Numbers of replicates that are drawn at once, 0.3 GB: whole tables up to there, and rows of larger ones.
DRAWN_NUMBERS = 2**25

RowMaker = Callable[[slice], Floats]


@dataclass(frozen=True, kw_only=True)
class RowReplicates:
    """Some rows of a table in all replicates, in Fisher's z: drawn (R, m, n), left_out (B, m, n).

    rows        their place in the table
    n_blocks    of the blocks that have images: the units that are resampled
    """

    rows: slice
    drawn: Floats
    left_out: Floats
    n_blocks: int


def rows_of(replicates: Replicates) -> Iterator[RowReplicates]:
    """Cut replicates into rows that are looked at at once; at least one part."""
    n = len(replicates.correlation.names)
    for rows in _slices(n, CHUNK_NUMBERS // max(len(replicates.drawn) * n, 1)):
        yield RowReplicates(
            rows=rows,
            drawn=to_z(replicates.drawn[:, rows]),
            left_out=to_z(replicates.left_out[:, rows]),
            n_blocks=replicates.n_blocks,
        )


def draw_rows(
    stats: BlockStatistics,
    choices: Choices,
    *,
    generator: np.random.Generator,
    axis: Axis = "attribute",
    n_replicates: int = 1000,
) -> Iterator[RowReplicates]:
    """Draw the blocks again and again, leave out each once, and return the rows that `draw_replicates` would hold.

    The same draws and the same numbers, up to rounding, but only some rows of a large table are held at a time. Signed
    or absolute maps of a view that is as wide as the table is long are the exception: there whole tables take less.
    Raises StatisticsError as `draw_replicates`.
    """
    filled = require_units(stats, n_replicates)
    weights = np.zeros((n_replicates, stats.n_blocks))
    weights[:, filled] = bootstrap_weights(len(filled), n_replicates, generator)
    left_out = np.zeros((len(filled), stats.n_blocks))
    left_out[:, filled] = jackknife_weights(len(filled))
    n = len(stats.attributes) if axis == "attribute" else stats.grid[0]
    makers = [_make_rows(stats, choices, each, axis, n) for each in (weights, left_out)]
    for outer in _slices(n, DRAWN_NUMBERS // max(n_replicates * n, 1)):
        drawn, rest = (make(outer) for make in makers)
        for inner in _slices(drawn.shape[1], CHUNK_NUMBERS // max(n_replicates * n, 1)):
            yield RowReplicates(
                rows=slice(outer.start + inner.start, outer.start + inner.stop),
                drawn=to_z(drawn[:, inner]),
                left_out=to_z(rest[:, inner]),
                n_blocks=len(filled),
            )
        del drawn, rest  # before the next are made


def require_units(stats: BlockStatistics, n_replicates: int) -> npt.NDArray[np.intp]:
    """Return the blocks with images; raise StatisticsError where they are fewer than 10, or nothing is to be drawn."""
    filled = np.flatnonzero(stats.count > 0)
    if len(filled) < FEWEST_UNITS or n_replicates < 1:
        raise StatisticsError(
            f"Expected at least {FEWEST_UNITS} blocks with images and 1 replicate, got {len(filled)} and "
            f"{n_replicates}. Extract masks of more images or persons: an interval from so few units means little."
        )
    return filled


def _make_rows(stats: BlockStatistics, choices: Choices, weights: Floats, axis: Axis, n: int) -> RowMaker:
    """Return a function that makes rows (R, m, n) of the tables of some weights (R, B)."""
    if len(weights) * n * n > DRAWN_NUMBERS:
        if choices.estimand == "across" and choices.centring == "none":
            sums = across_sums(stats, choices, axis=axis)
            return lambda rows: _rounded_off(correlate_across_rows(sums, weights, rows), rows)
        units = None if choices.estimand in ("image", "across") else _unit_maps(stats, choices, weights, axis, n)
        if units is not None:
            return lambda rows: _rounded_off(units[:, rows] @ units.swapaxes(1, 2), rows)
    tables = prepare_tables(stats, choices, axis=axis)(weights)
    return lambda rows: tables[:, rows]


def _unit_maps(stats: BlockStatistics, choices: Choices, weights: Floats, axis: Axis, n: int) -> Floats | None:
    """Return unit rows (R, n, cells), whose products are the tables; None where tables are smaller, or labels differ.

    A label that varies in some replicates only has a map in some; then maps differ in what they are centred by, or in
    their cells.
    """
    blocks = split_maps(stats, choices, axis=axis)
    varies = labels_vary(blocks, weights)
    alone = axis == "attribute" and choices.centring == "none"  # a map that is NaN touches no other
    if not (alone or (varies == varies[0]).all()):
        return None
    known = np.ones_like(varies[0]) if alone else varies[0]
    blocks = blocks if known.all() else split_maps(stats, choices, attributes=np.flatnonzero(known), axis=axis)
    cells = count_cells(blocks, choices.view, axis=axis)
    if cells >= n or not known.any() or (axis == "attribute" and not known.all()):
        return None
    scale = view_maps(mask_sizes(stats, choices)[known], choices.view, axis=axis).max(axis=-1)
    units = np.empty((len(weights), n, cells))
    for part in _slices(len(weights), CHUNK_CELLS // (n * cells)):
        rows = weigh_rows(blocks, weights[part], choices.view, axis=axis)
        units[part] = unit_rows(rows, scale, centring=choices.centring)
    return units


def _rounded_off(values: Floats, rows: slice) -> Floats:
    """Round off, in their place, what arithmetic leaves: exactly 1 on the diagonal, within [-1, 1]."""
    np.clip(values, -1.0, 1.0, out=values)
    for place, name in enumerate(range(values.shape[2])[rows]):
        values[:, place, name] = np.where(np.isnan(values[:, place]).all(axis=1), np.nan, 1.0)
    return values


def _slices(n: int, step: int) -> Iterator[slice]:
    """Cut n things into pieces of `step`, or of one; at least one piece."""
    step = max(step, 1)
    return (slice(start, min(start + step, n)) for start in range(0, max(n, 1), step))
