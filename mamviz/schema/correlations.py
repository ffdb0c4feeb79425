"""Correlations between attributes or channels, who is related to whom, and the order to draw them in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.schema.arrays import Floats
from mamviz.schema.choices import Axis, Choices, RankBy


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """Correlations between attributes, or between channels.

    values       (n, n) float64 in [-1, 1], symmetric, ones on the diagonal; NaN row and column where undefined
    undefined    names without a correlation, because their map is constant
    """

    axis: Axis
    names: tuple[str, ...]
    values: Floats
    choices: Choices
    n_images: int
    undefined: tuple[str, ...] = ()


@dataclass(frozen=True)
class Neighbour:
    """One row of a ranking: `name` is the `rank`-th related of `target`, with correlation `r`."""

    target: str
    rank: int
    name: str
    r: float


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The top related of each target, best first; ties are broken by name."""

    rows: tuple[Neighbour, ...]
    top: int
    by: RankBy
    correlation: Correlation

    def of(self, target: str) -> tuple[Neighbour, ...]:
        """Return the rows of one target, best first."""
        return tuple(row for row in self.rows if row.target == target)


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """A saved order: every matrix of a report uses the same.

    linkage   (m - 1, 4) scipy linkage of the m defined names, leaves optimally ordered
    order     (n,) indices into the correlation's names; the undefined ones last
    """

    linkage: Floats
    order: npt.NDArray[np.int64]
