"""How sure correlations and ranks are: replicates, intervals, inclusion and ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mamviz.schema.arrays import Floats
from mamviz.schema.choices import RankBy
from mamviz.schema.correlations import Correlation

# corrected: the bootstrap's bias taken off in Fisher's z, the larger of bootstrap and jackknife error, Student's t;
# percentile: quantiles of the replicates; bca: the same, bias-corrected and accelerated (Efron 1987)
IntervalMethod = Literal["corrected", "percentile", "bca"]


@dataclass(frozen=True, kw_only=True)
class Replicates:
    """A table with what it would have been for other draws of the blocks.

    weights     (R, B) how often each of the B blocks that have images counts
    drawn       (R, n, n) the table under each; left_out (B, n, n) the table without each block. NaN where undefined
    """

    correlation: Correlation
    weights: Floats
    drawn: Floats
    left_out: Floats

    @property
    def n_blocks(self) -> int:
        """Number of blocks that have images: the units that are resampled."""
        return int(self.weights.shape[1])


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Limits of numbers on one unbounded scale, arrays of one shape; NaN where undefined.

    standard_error     of the bootstrap; jackknife_error of leaving out one block at a time
    bias               mean of the replicates minus the value
    """

    low: Floats
    high: Floats
    standard_error: Floats
    jackknife_error: Floats
    bias: Floats


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """Intervals of every correlation of a table, for the value that infinitely many images would show.

    low, high          (n, n) float64 in [-1, 1], symmetric; NaN on the diagonal and where the correlation, or more than
                       5 % of the replicates, are undefined
    standard_error     (n, n) of Fisher's z, by the bootstrap; jackknife_error by leaving out blocks
    bias               (n, n) of Fisher's z: mean of the replicates minus the table
    """

    correlation: Correlation
    low: Floats
    high: Floats
    standard_error: Floats
    jackknife_error: Floats
    bias: Floats
    level: float
    method: IntervalMethod
    n_replicates: int
    n_blocks: int

    @property
    def values(self) -> Floats:
        """Return the correlations themselves, (n, n)."""
        return self.correlation.values


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How much two correlations differ, first minus second.

    paired    both were computed from the same images, and replicates draw the same blocks for both
    """

    value: float
    low: float
    high: float
    standard_error: float
    paired: bool
    level: float


@dataclass(frozen=True, kw_only=True)
class CertainNeighbour:
    """One row of a ranking with how sure it is.

    low, high             interval of r; rank_low and rank_high of its rank
    inclusion             share of replicates in which `name` is among the top of `target`
    """

    target: str
    rank: int
    name: str
    r: float
    low: float
    high: float
    rank_low: int
    rank_high: int
    inclusion: float


@dataclass(frozen=True)
class TiedRanks:
    """Ranks `first` to `last` of a target, no two of which the replicates can tell apart."""

    target: str
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Cutoff:
    """Whether the last rank that is shown differs from the next one.

    probability   share of replicates in which rank `rank` stands before rank `rank` + 1
    told          whether it is at least the level
    last_tied     the last rank that can't be told apart from rank `rank`; `rank` itself where all can
    """

    target: str
    rank: int
    probability: float
    told: bool
    last_tied: int


@dataclass(frozen=True, kw_only=True)
class CertainRanking:
    """The top related of each target, with how sure each row, each order and the cut-off are.

    cutoffs      one for each target that has more neighbours than are shown
    inclusion    (n, n) share of replicates in which column j is among the top of row i, of all pairs
    level        of intervals, and the share of replicates from which an order counts as told
    """

    rows: tuple[CertainNeighbour, ...]
    ties: tuple[TiedRanks, ...]
    cutoffs: tuple[Cutoff, ...]
    inclusion: Floats
    top: int
    by: RankBy
    level: float
    intervals: Intervals

    def of(self, target: str) -> tuple[CertainNeighbour, ...]:
        """Return the rows of one target, best first."""
        return tuple(row for row in self.rows if row.target == target)
