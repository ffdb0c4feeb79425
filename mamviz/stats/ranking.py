"""The most related of each attribute or channel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import Correlation, Neighbour, RankBy, Ranking
from mamviz.stats.names import suggest_names

# The targets of the poster's Table 2 (Kimura and Tanaka 2019).
POSTER_TARGETS = ("Black_Hair", "Heavy_Makeup", "Bushy_Eyebrows")


def rank_neighbours(
    correlation: Correlation, *, top: int = 5, by: RankBy = "r", targets: Sequence[str] | None = None
) -> Ranking:
    """Rank the `top` most related of each target, best first.

    by        "r": largest correlation first; "abs": largest |r| first, the sign is kept in the rows
    targets   names, in the order wanted; all when None

    Ties are broken by name. What is undefined is never ranked and has no rows; where fewer than `top`
    others are defined, there are fewer rows. Raises StatisticsError for an unknown target or top below 1.
    """
    if top < 1:
        raise StatisticsError(f"top: expected 1 or more, got {top}. Ask for at least one related name.")
    names = correlation.names
    if targets is None:
        chosen = list(range(len(names)))
    else:
        chosen = [index for target in dict.fromkeys(targets) for index in _find(correlation, target)]
    rows = tuple(
        Neighbour(names[target], rank, names[index], float(correlation.values[target, index]))
        for target in chosen
        for rank, index in enumerate(order_neighbours(correlation, target, by=by)[:top].tolist(), start=1)
    )
    return Ranking(rows=rows, top=top, by=by, correlation=correlation)


def choose_targets(correlation: Correlation, *, named: Sequence[str] | None = None, most: int = 12) -> tuple[str, ...]:
    """Return the targets that a figure has room for: the named ones, or the poster's three and then the others.

    Others come in the table's order. At most `most`; of those not asked for by name, what is undefined is left out.
    Raises StatisticsError for an unknown name.
    """
    if named:
        return tuple(correlation.names[index] for name in dict.fromkeys(named) for index in _find(correlation, name))[
            :most
        ]
    defined = [name for name in correlation.names if name not in correlation.undefined]
    first = [name for name in POSTER_TARGETS if name in defined]
    return tuple(dict.fromkeys([*first, *defined]))[:most]


def order_neighbours(correlation: Correlation, target: int, *, by: RankBy = "r") -> npt.NDArray[np.intp]:
    """Return the columns of a target's neighbours, best first, ties by name; without the undefined ones and itself."""
    values = correlation.values[target]
    strength = np.abs(values) if by == "abs" else values
    order = np.lexsort((np.array(correlation.names), -strength))
    return np.asarray(order[~np.isnan(values[order]) & (order != target)])


def _find(correlation: Correlation, target: str) -> list[int]:
    """Return where a name stands, or say which names are like it."""
    found = [index for index, name in enumerate(correlation.names) if name == target]
    if not found:
        raise StatisticsError(
            f"target: expected one of {len(correlation.names)} {correlation.axis} names, got {target!r}. "
            f"{suggest_names(target, correlation.names)}"
        )
    return found
