"""Ranks of the neighbours of one name, in every replicate of its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.schema import Floats, RankBy


@dataclass(frozen=True)
class Standing:
    """Where some neighbours of a target stand in its replicates.

    rank     (R, chosen): 1 is first, NaN where undefined
    ahead    (chosen, others): in what share of the replicates that define both the one stands before the other;
             NaN for itself, and where none defines both
    """

    rank: Floats
    ahead: Floats


def measure_strength(values: Floats, target: int, *, by: RankBy = "r") -> Floats:
    """Return what a target's neighbours are ranked by, largest first, of rows (R, n); NaN for the target itself."""
    strength = np.abs(values) if by == "abs" else values.copy()
    strength[:, target] = np.nan
    return strength


def share_included(strength: Floats, top: int) -> Floats:
    """Return in what share of the rows (R, n) that define it each column is among the `top`, ties by column: (n,).

    NaN for a column that is undefined in all rows.
    """
    known = ~np.isnan(strength)
    included = known
    if top < strength.shape[1]:
        filled = np.where(known, strength, -np.inf)
        last = np.partition(filled, -top, axis=1)[:, [-top]]
        included = known & (filled >= last)
        for row in np.flatnonzero(included.sum(axis=1) > top):  # equal ones at the cut-off: the first columns are in
            order = np.argsort(-filled[row], kind="stable")
            included[row, order[top:]] = False
    n_known = known.sum(axis=0)
    share = np.full(strength.shape[1], np.nan)
    np.divide(included.sum(axis=0), n_known, out=share, where=n_known > 0)
    return share


def compare_columns(
    strength: Floats, chosen: npt.NDArray[np.intp], others: npt.NDArray[np.intp], *, order: npt.NDArray[np.intp]
) -> Standing:
    """Say where the chosen columns of rows (R, n) stand, and how often before which others.

    order    (n,) place of each column among those that are equally strong, such as its name's

    As ranks of sorted rows would say, without sorting whole rows: only few columns are asked for.
    """
    known = ~np.isnan(strength)
    filled = np.where(known, strength, -np.inf)
    rank = np.full((len(strength), len(chosen)), np.nan)
    ahead = np.full((len(chosen), len(others)), np.nan)
    for place, column in enumerate(chosen):
        own = filled[:, [column]]
        before = (filled > own) | ((filled == own) & known & (order < order[column]))
        here = known[:, column]
        rank[here, place] = 1.0 + before[here].sum(axis=1)
        both = known[here][:, others]
        n_both = both.sum(axis=0)
        n_before = (before[here][:, others] & both).sum(axis=0)
        np.divide(n_both - n_before, n_both, out=ahead[place], where=(n_both > 0) & (others != column))
    return Standing(rank=rank, ahead=ahead)


def rank_quantiles(rank: Floats, quantiles: Sequence[float]) -> Floats:
    """Return nearest-rank quantiles of ranks (R, m) over the rows that define them: (quantiles, m).

    A rank is a whole number, and so is its quantile; NaN where no row defines it.
    """
    ordered = np.sort(rank, axis=0)  # NaN last; numpy's nanquantile takes minutes for 512 names
    n_known = np.isfinite(ordered).sum(axis=0)
    places = [np.maximum(np.ceil(quantile * n_known - 1), 0).astype(np.intp) for quantile in quantiles]
    return np.stack([np.take_along_axis(ordered, place[None], axis=0)[0] for place in places])
