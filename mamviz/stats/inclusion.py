"""How sure a ranking is: intervals of ranks, inclusion in the top, and ranks that can't be told apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.schema import (
    Bounds,
    CertainNeighbour,
    CertainRanking,
    Cutoff,
    Floats,
    IntervalMethod,
    Intervals,
    Neighbour,
    Ranking,
    TiedRanks,
)
from mamviz.stats.bounds import mostly_undefined, to_z
from mamviz.stats.intervals import bound_rows, join_rows
from mamviz.stats.ranking import order_neighbours
from mamviz.stats.ranks import compare_columns, measure_strength, rank_quantiles, share_included
from mamviz.stats.rows import RowReplicates


def certify(
    ranking: Ranking, parts: Iterable[RowReplicates], *, level: float = 0.95, method: IntervalMethod = "corrected"
) -> CertainRanking:
    """Say how sure each row of a ranking, each order and the cut-off are, from some rows of replicates at a time.

    parts    all rows of the table in their order, as `draw_rows`; each is let go before the next is asked for

    An order of two neighbours counts as told where it holds in at least `level` of the replicates, centred on the
    table. Ties are the longest runs of ranks, within the top, no two of which can be told apart; they may overlap: 2
    can be tied with 3, 3 with 4, and 2 not with 4.
    What is undefined in more than 5 % of the replicates has no limits: NaN, and rank 0.
    """
    correlation = ranking.correlation
    order_of_names = np.argsort(np.argsort(np.array(correlation.names), kind="stable"))
    targets = dict.fromkeys(row.target for row in ranking.rows)
    bounds: list[Bounds] = []
    seen: dict[str, _Seen] = {}
    inclusion = np.full(correlation.values.shape, np.nan)
    n_replicates = n_blocks = 0
    for part in parts:
        n_replicates, n_blocks = len(part.drawn), part.n_blocks
        bounds.append(bound_rows(part, correlation.values[part.rows], method=method, level=level))
        centred = centre_rows(part, correlation.values[part.rows])
        for place, target in enumerate(range(len(correlation.names))[part.rows]):
            strength = measure_strength(centred[:, place], target, by=ranking.by)
            inclusion[target] = share_included(strength, ranking.top)
            if correlation.names[target] in targets:
                seen[correlation.names[target]] = _look(strength, target, ranking, order_of_names, level)
            del strength
        del part, centred
    intervals = join_rows(correlation, bounds, method=method, level=level, n_replicates=n_replicates, n_blocks=n_blocks)
    return CertainRanking(
        rows=_certain_rows(ranking, seen, intervals, inclusion),
        ties=tuple(TiedRanks(target, *run) for target in targets for run in seen[target].ties),
        cutoffs=tuple(cutoff for target in targets if (cutoff := seen[target].cutoff) is not None),
        inclusion=inclusion,
        top=ranking.top,
        by=ranking.by,
        level=level,
        intervals=intervals,
    )


def centre_rows(part: RowReplicates, values: Floats) -> Floats:
    """Return replicates of rows as r (R, m, n), moved in Fisher's z so that their mean is the table's values (m, n).

    Replicates carry the bias twice, and pairs of noisy maps more of it: as they are, they would rank others first.
    """
    known = np.isfinite(part.drawn)
    mean = np.where(known, part.drawn, 0.0).sum(axis=0) / np.where(known.any(axis=0), known.sum(axis=0), np.nan)
    centred = part.drawn - mean
    centred += to_z(values)
    return np.asarray(np.tanh(centred, out=centred))


@dataclass(frozen=True)
class _Seen:
    """What replicates of a target's row show: rank limits (shown, 2), 0 where undefined; ties as runs of ranks."""

    ranks: Floats
    ties: tuple[tuple[int, int], ...]
    cutoff: Cutoff | None


def _look(strength: Floats, target: int, ranking: Ranking, order_of_names: npt.NDArray[np.intp], level: float) -> _Seen:
    """Compare the shown neighbours of a target with each other and with all that follow."""
    top, correlation = ranking.top, ranking.correlation
    order = order_neighbours(correlation, target, by=ranking.by)
    standing = compare_columns(strength, order[:top], order, order=order_of_names)
    limits = rank_quantiles(standing.rank, ((1 - level) / 2, (1 + level) / 2)).T
    limits[mostly_undefined(standing.rank)] = 0.0
    told = (standing.ahead >= level) | (standing.ahead <= 1 - level)
    cutoff = None
    if len(order) > top:
        beyond = np.append(told[top - 1, top:], True)  # a told order after the last ends the search
        cutoff = Cutoff(
            target=correlation.names[target],
            rank=top,
            probability=float(standing.ahead[top - 1, top]),
            told=bool(beyond[0]),
            last_tied=top + int(np.argmax(beyond)),
        )
    return _Seen(ranks=limits, ties=tuple(_untold_runs(told[:, :top])), cutoff=cutoff)


def _certain_rows(
    ranking: Ranking, seen: dict[str, _Seen], intervals: Intervals, inclusion: Floats
) -> tuple[CertainNeighbour, ...]:
    place = {name: index for index, name in enumerate(ranking.correlation.names)}

    def certain(row: Neighbour) -> CertainNeighbour:
        pair, ranks = (place[row.target], place[row.name]), seen[row.target].ranks[row.rank - 1]
        return CertainNeighbour(
            target=row.target,
            rank=row.rank,
            name=row.name,
            r=row.r,
            low=float(intervals.low[pair]),
            high=float(intervals.high[pair]),
            rank_low=int(ranks[0]),
            rank_high=int(ranks[1]),
            inclusion=float(inclusion[pair]),
        )

    return tuple(certain(row) for row in ranking.rows)


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
