"""Ranks by sorting whole rows, which those of the product are compared with, and rankings of replicates held whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mamviz.schema import CertainRanking, Floats, RankBy, Replicates
from mamviz.stats.inclusion import certify
from mamviz.stats.ranking import rank_neighbours
from mamviz.stats.rows import rows_of


def rank_columns(values: Floats, target: int, *, by: RankBy = "r", names: Sequence[str] = ()) -> Floats:
    """Return the rank of each column in rows (R, n) of one target's correlations: 1 is first, NaN where undefined.

    Ties are broken by name, as in `rank_neighbours`, and without names by column; the target itself has no rank.
    """
    strength = np.abs(values) if by == "abs" else values.copy()
    strength[:, target] = np.nan
    order_of_names = np.argsort(np.array(names), kind="stable") if names else np.arange(values.shape[1])
    order = np.argsort(-strength[:, order_of_names], axis=1, kind="stable")  # NaN last
    rank = np.empty(values.shape)
    np.put_along_axis(rank, order_of_names[order], np.arange(1.0, values.shape[1] + 1)[None], axis=1)
    return np.where(np.isnan(strength), np.nan, rank)


def rank_with_certainty(
    replicates: Replicates,
    *,
    top: int = 5,
    by: RankBy = "r",
    targets: Sequence[str] | None = None,
    level: float = 0.95,
) -> CertainRanking:
    """Rank the `top` most related of each target, and say how sure that is."""
    ranking = rank_neighbours(replicates.correlation, top=top, by=by, targets=targets)
    return certify(ranking, rows_of(replicates), level=level)
