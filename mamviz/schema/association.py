"""How labels go together, and what masks share beyond that."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan
from typing import Literal

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema.arrays import Floats
from mamviz.schema.correlations import Correlation
from mamviz.schema.scores import Interval

Scale = Literal["rank", "raw"]
PairKind = Literal["shared", "separate"]
LabelRelation = Literal["phi", "size of phi", "size of tetrachoric"]

# Of the masks' correlations before they are inverted. On 7,972 faces (64 cells, 40 attributes) partial correlations of
# the two halves agree to a Spearman of 0.22 with 1e-4, 0.49 with 0.03, 0.58 with 0.1 and 0.73 with 1, the plain ones to
# 0.87; at 1 they are the plain ones again (0.72).
MASK_RIDGE = 0.1


@dataclass(frozen=True, kw_only=True)
class LabelAssociation:
    """How the labels of the images go together, for every pair; matrices (K, K), ones on the diagonal.

    phi           Pearson's r of the 0/1 labels
    tetrachoric   r of the two normals that, cut, would give the pair's 2 x 2 table
    partial       phi with all other labels held fixed; `ridge` was added to phi's diagonal, 0 unless collinear
    empty_cells   pairs with a combination that no image shows: their tetrachoric r rests on a stated correction
    undefined     names of labels that never change: NaN row and column
    """

    names: tuple[str, ...]
    n_images: int
    phi: Floats
    tetrachoric: Floats
    partial: Floats
    ridge: float
    empty_cells: npt.NDArray[np.bool_]
    undefined: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PairRule:
    """When a pair is listed; ranks are shares of all pairs, 0 the least and 1 the most related.

    independent   labels are independent where the whole interval of phi lies within +-this: they share less than a
                  quarter per cent of their variance
    related       labels are related where the whole interval of |phi| lies above this
    high, low     masks share where the interval of their rank lies above `high`, and don't where it lies below `low`:
                  ranks, since a table of absolute maps is high everywhere and its r has no value for "unrelated"
    """

    independent: float = 0.05
    related: float = 0.2
    high: float = 0.75
    low: float = 0.25

    def __post_init__(self) -> None:
        if not (0 < self.independent <= self.related < 1 and 0 <= self.low <= self.high <= 1):
            raise StatisticsError(
                "pair rule: expected 0 < independent <= related < 1 and 0 <= low <= high <= 1, got "
                f"{self.independent:g}, {self.related:g}, {self.low:g}, {self.high:g}. Choose bounds in this order."
            )


@dataclass(frozen=True, kw_only=True)
class EntanglementSettings:
    """How the gap is measured and which pairs are listed.

    scale   of the gap that pairs are ordered by. "rank": each relation as its rank among all pairs. "raw": r and phi
            as they are
    level   of the intervals; ridge is added to the diagonal of the masks' correlations before their partial ones
    """

    n_replicates: int = 1000
    level: float = 0.95
    scale: Scale = "rank"
    ridge: float = MASK_RIDGE
    rule: PairRule = field(default_factory=PairRule)

    def __post_init__(self) -> None:
        if self.n_replicates < 1 or not 0 < self.level < 1 or not self.ridge >= 0:
            raise StatisticsError(
                "entanglement: expected 1 replicate or more, a level between 0 and 1 and a ridge of 0 or more, got "
                f"{self.n_replicates}, {self.level:g} and {self.ridge:g}. Leave them out to take the defaults."
            )


@dataclass(frozen=True, kw_only=True)
class PairRelation:
    """Two attributes: how much their masks share, and how much their labels do; intervals from resampled blocks.

    r, phi        correlation of the masks, and of the labels, with their signs
    tetrachoric   of the labels; `empty_cell` where it rests on the correction for a combination that no image shows
    partial_r     r with all other attributes' maps held fixed; partial_phi the same for labels
    rank          share of all pairs whose masks share less, in (0, 1)
    gap           rank minus the same rank of |phi|, in (-1, 1): above 0 masks share more than labels would suggest
    raw_gap       r (its size, where signed) minus |phi|
    kind          "shared": masks share and labels are independent; "separate": the reverse; None: neither is certain
    """

    first: str
    second: str
    r: Interval
    phi: Interval
    tetrachoric: Interval
    partial_r: Interval
    partial_phi: Interval
    rank: Interval
    gap: Interval
    raw_gap: Interval
    empty_cell: bool
    kind: PairKind | None


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """How well a relation of labels orders the pairs of a table of masks.

    r   Spearman's rank correlation over the pairs, its interval over images
    p   of a Mantel test, two-sided: as large a correlation if attributes' names meant nothing
    """

    relation: LabelRelation
    r: Interval
    p: float


@dataclass(frozen=True, kw_only=True)
class Entanglement:
    """What masks share beyond what labels do, for every pair, the largest gap first and undefined ones last.

    n_blocks   blocks of images that were resampled for the intervals
    """

    correlation: Correlation
    labels: LabelAssociation
    pairs: tuple[PairRelation, ...]
    explanations: tuple[Explanation, ...]
    settings: EntanglementSettings
    n_blocks: int

    @property
    def shared(self) -> tuple[PairRelation, ...]:
        """Pairs whose masks share though their labels are independent, the largest gap first."""
        return tuple(pair for pair in self.pairs if pair.kind == "shared")

    @property
    def separate(self) -> tuple[PairRelation, ...]:
        """Pairs whose labels are related though their masks share little, the lowest gap first."""
        return tuple(pair for pair in reversed(self.pairs) if pair.kind == "separate")

    def of(self, attribute: str) -> tuple[PairRelation, ...]:
        """Return the defined pairs of one attribute, the largest gap first."""
        return tuple(
            pair for pair in self.pairs if attribute in (pair.first, pair.second) and not isnan(pair.gap.value)
        )
