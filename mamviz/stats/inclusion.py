"""How sure a ranking is: intervals of ranks, inclusion in the top, and ranks that can't be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import (
    CertainNeighbour,
    CertainRanking,
    Cutoff,
    Floats,
    IntervalMethod,
    Intervals,
    Neighbour,
    RankBy,
    RankIntervals,
    Replicates,
    TiedRanks,
)
from mamviz.stats.bounds import mostly_undefined, to_z
from mamviz.stats.intervals import estimate_intervals
from mamviz.stats.ranking import rank_neighbours


def rank_with_certainty(
    replicates: Replicates,
    *,
    top: int = 5,
    by: RankBy = "r",
    targets: Sequence[str] | None = None,
    level: float = 0.95,
    method: IntervalMethod = "corrected",
) -> CertainRanking:
    """Rank the `top` most related of each target, and say how sure each row, each order and the cut-off are.

    Rows are those of `rank_neighbours`. An order of two neighbours counts as told where it holds in at least `level`
    of the replicates, centred on the table. Ties are the longest runs of ranks, within the top, no two of which can be
    told apart; they may overlap: 2 can be tied with 3, 3 with 4, and 2 not with 4.
    What is undefined in more than 5 % of the replicates has no limits: NaN, and rank 0.
    """
    shown = rank_neighbours(replicates.correlation, top=top, by=by, targets=targets)
    whole = rank_neighbours(replicates.correlation, top=len(replicates.correlation.names), by=by, targets=targets)
    evidence = _Evidence(
        intervals=estimate_intervals(replicates, method=method, level=level),
        ranks=rank_intervals(replicates, by=by, level=level),
        inclusion=top_k_inclusion(centre_replicates(replicates), top, by=by),
    )
    ties: list[TiedRanks] = []
    cutoffs: list[Cutoff] = []
    for target in dict.fromkeys(row.target for row in shown.rows):
        ahead = _order_probabilities(replicates, whole.of(target), top=top, by=by)
        told = (ahead >= level) | (ahead <= 1 - level)
        ties += [TiedRanks(target, first, last) for first, last in _untold_runs(told[:, :top])]
        if ahead.shape[1] > top:
            beyond = np.append(told[top - 1, top:], True)  # a told order after the last ends the search
            cutoffs.append(
                Cutoff(
                    target=target,
                    rank=top,
                    probability=float(ahead[top - 1, top]),
                    told=bool(beyond[0]),
                    last_tied=top + int(np.argmax(beyond)),
                )
            )
    return CertainRanking(
        rows=tuple(_certain_row(row, evidence) for row in shown.rows),
        ties=tuple(ties),
        cutoffs=tuple(cutoffs),
        inclusion=evidence.inclusion,
        top=top,
        by=by,
        level=level,
        intervals=evidence.intervals,
    )


def top_k_inclusion(replicates: Floats, top: int, by: RankBy = "r") -> Floats:
    """Return in what share of replicates (R, n, n) column j is among the `top` of row i, (n, n).

    Of the replicates in which the pair is defined; NaN on the diagonal and where it is defined in none.
    Raises StatisticsError for a top below 1.
    """
    if top < 1:
        raise StatisticsError(f"top: expected 1 or more, got {top}. Ask for at least one related name.")
    share = np.full(replicates.shape[1:], np.nan)
    for target in range(len(share)):
        rank = rank_columns(replicates[:, target], target, by=by)
        known = np.isfinite(rank).sum(axis=0)
        np.divide((rank <= top).sum(axis=0), known, out=share[target], where=known > 0)
    return share


def rank_intervals(replicates: Replicates, *, by: RankBy = "r", level: float = 0.95) -> RankIntervals:
    """Return median and quantiles of each neighbour's rank over replicates, (n, n).

    Replicates are centred first (`centre_replicates`). A neighbour that is undefined in more than 5 % of the
    replicates has no rank there: NaN.
    """
    centred = centre_replicates(replicates)
    share = (1 - level) / 2
    gone = mostly_undefined(centred)
    limits = np.full((3, *gone.shape), np.nan)
    for target, missing in enumerate(gone):
        rank = rank_columns(centred[:, target], target, by=by, names=replicates.correlation.names)
        with_rank = ~missing & (np.arange(len(missing)) != target)
        ordered = np.sort(rank[:, with_rank], axis=0)  # NaN last
        n_known = np.isfinite(ordered).sum(axis=0)
        # nearest-rank quantiles: a rank is a whole number; numpy's nanquantile takes minutes for 512 names
        for limit, quantile in zip(limits, (0.5, share, 1 - share), strict=True):
            place = np.maximum(np.ceil(quantile * n_known - 1), 0).astype(np.intp)
            limit[target, with_rank] = np.take_along_axis(ordered, place[None], axis=0)[0]
    return RankIntervals(median=limits[0], low=limits[1], high=limits[2], by=by, level=level)


def rank_columns(values: Floats, target: int, *, by: RankBy = "r", names: Sequence[str] = ()) -> Floats:
    """Return the rank of each column in rows (R, n) of one target's correlations: 1 is first, NaN where undefined.

    Ties are broken by name, as in `rank_neighbours`, and without names by column; the target itself has no rank.
    """
    strength = np.abs(values) if by == "abs" else values.copy()
    strength[:, target] = np.nan
    by_name = np.argsort(np.array(names), kind="stable") if names else np.arange(values.shape[1])
    order = np.argsort(-strength[:, by_name], axis=1, kind="stable")  # NaN last
    rank = np.empty(values.shape)
    np.put_along_axis(rank, by_name[order], np.arange(1.0, values.shape[1] + 1)[None], axis=1)
    return np.where(np.isnan(strength), np.nan, rank)


def centre_replicates(replicates: Replicates, target: int | slice = slice(None)) -> Floats:
    """Return the replicates (R, n, n), moved in Fisher's z so that their mean is the table itself.

    Replicates carry the bias twice, and pairs of noisy maps more of it: as they are, they would rank others first.
    With a `target`, its row alone: (R, n).
    """
    drawn, values = to_z(replicates.drawn[:, target]), to_z(replicates.correlation.values[target])
    known = np.isfinite(drawn)
    mean = np.where(known, drawn, 0.0).sum(axis=0) / np.where(known.any(axis=0), known.sum(axis=0), np.nan)
    centred: Floats = np.tanh(drawn - mean + values)
    return centred


@dataclass(frozen=True, kw_only=True)
class _Evidence:
    """What the rows of a ranking are filled from; (n, n) each."""

    intervals: Intervals
    ranks: RankIntervals
    inclusion: Floats


def _certain_row(row: Neighbour, evidence: _Evidence) -> CertainNeighbour:
    names = evidence.intervals.correlation.names
    place = names.index(row.target), names.index(row.name)
    rank_low, rank_high = (np.nan_to_num(limit[place]) for limit in (evidence.ranks.low, evidence.ranks.high))
    return CertainNeighbour(
        target=row.target,
        rank=row.rank,
        name=row.name,
        r=row.r,
        low=float(evidence.intervals.low[place]),
        high=float(evidence.intervals.high[place]),
        rank_low=int(rank_low),
        rank_high=int(rank_high),
        inclusion=float(evidence.inclusion[place]),
    )


def _order_probabilities(replicates: Replicates, rows: Sequence[Neighbour], *, top: int, by: RankBy) -> Floats:
    """Return how often rank i stands before rank j, (at most top, ranks); NaN on the diagonal."""
    names = replicates.correlation.names
    target, order = names.index(rows[0].target), [names.index(row.name) for row in rows]
    rank = rank_columns(centre_replicates(replicates, target), target, by=by, names=names)[:, order]
    ahead = np.full((min(top, len(order)), len(order)), np.nan)
    for first, row in enumerate(ahead):
        known = np.isfinite(rank[:, [first]]) & np.isfinite(rank)
        known[:, first] = False
        n_known = known.sum(axis=0)
        np.divide(((rank[:, [first]] < rank) & known).sum(axis=0), n_known, out=row, where=n_known > 0)
    return ahead


def _untold_runs(told: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the longest runs of ranks, from 1, no two of which are told apart; none within another."""
    runs: list[tuple[int, int]] = []
    for first in range(len(told)):
        last = first
        while last + 1 < told.shape[1] and not told[first : last + 1, last + 1].any():
            last += 1
        if last > first and (not runs or last + 1 > runs[-1][1]):
            runs.append((first + 1, last + 1))
    return runs
