"""Whether a trained network's masks mean something: checks with their verdicts, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mamviz.schema.scores import Interval
from mamviz.schema.significance import NullSource

Verdict = Literal["pass", "fail", "unclear"]
Exchange = Literal["swap", "channels", "cells", "mean channel", "images", "number"]
Order = Literal["evidence", "gradient", "magnitude", "random"]
Direction = Literal["deletion", "insertion"]
Fill = Literal["mean", "zero"]
SanityTable = Literal["recommended", "literal", "evidence"]
RandomisationMode = Literal["cascade", "alone"]

EXCHANGES: tuple[Exchange, ...] = ("swap", "channels", "cells", "mean channel", "images", "number")
ORDERS: tuple[Order, ...] = ("evidence", "gradient", "magnitude", "random")


@dataclass(frozen=True, kw_only=True)
class SanityCheck:
    """One question with its answer.

    group       "randomisation", "exchange", "deletion" or "null"
    figure      what was measured: with a bootstrap interval, or the range of the draws; NaN where undefined
    threshold   what the figure is compared with
    passes      whether a figure "above" or "below" the threshold passes
    meaning     what the verdict says about the masks, in one sentence
    """

    group: str
    name: str
    verdict: Verdict
    figure: Interval
    threshold: float
    passes: Literal["above", "below"]
    meaning: str


@dataclass(frozen=True, kw_only=True)
class Similarities:
    """How alike a network's tables and maps are to the trained network's; NaN where undefined.

    recommended, literal, evidence   Spearman's correlation over pairs of attributes: the recommended table of masks,
                                     the poster's read literally, and the recommended table of evidence
    maps                             mean over attributes of r between the data-set maps of the recommended table
    """

    recommended: float
    literal: float
    evidence: float
    maps: float


@dataclass(frozen=True, kw_only=True)
class RandomisedDraw:
    """One permutation of the weights; `unrelated` is what unrelated tables and maps reach (95 % point)."""

    accuracy: float
    similarity: Similarities
    unrelated: Similarities


@dataclass(frozen=True, kw_only=True)
class RandomisedStage:
    """Draws of one stage.

    mode   "cascade": this part and all above it; "alone": this part only
    """

    mode: RandomisationMode
    part: str
    draws: tuple[RandomisedDraw, ...]

    def similarities(self, table: SanityTable) -> tuple[float, ...]:
        """Return one table's similarity to the trained network's, draw by draw."""
        return tuple(getattr(draw.similarity, table) for draw in self.draws)

    def mean_similarity(self, table: SanityTable) -> float:
        """Return the mean over draws; NaN where one is undefined."""
        return sum(self.similarities(table)) / len(self.draws)

    def mean_unrelated(self, table: SanityTable) -> float:
        """Return what unrelated tables reach, the mean over draws."""
        return sum(float(getattr(draw.unrelated, table)) for draw in self.draws) / len(self.draws)


@dataclass(frozen=True, kw_only=True)
class Randomisation:
    """Cascading and independent randomisation (Adebayo et al. 2018), with the trained network's own accuracy."""

    accuracy: float
    majority: float
    stages: tuple[RandomisedStage, ...]


@dataclass(frozen=True, kw_only=True)
class AttributeLoss:
    """What one attribute loses by an exchange; shares, not percent.

    beyond   whether the trained network beats the majority guess on it, its interval above 0
    """

    attribute: str
    accuracy: Interval
    balanced_accuracy: Interval
    beyond: bool


@dataclass(frozen=True, kw_only=True)
class ExchangeLoss:
    """What all attributes lose by an exchange, each and on average."""

    exchange: Exchange
    accuracy: Interval
    balanced_accuracy: Interval
    attributes: tuple[AttributeLoss, ...]

    @property
    def n_beyond(self) -> int:
        """Number of attributes on which the trained network beats the majority guess."""
        return sum(row.beyond for row in self.attributes)

    @property
    def n_lost(self) -> int:
        """Number of those that lose accuracy, the interval above 0."""
        return sum(row.beyond and row.accuracy.low > 0 for row in self.attributes)


@dataclass(frozen=True, kw_only=True)
class DeletionCurve:
    """How an attribute's logit follows cells that are deleted or inserted in one order.

    masks      "kept" as they were, or "recomputed" from the changed features
    shares     (steps,) of cells that are changed, 0 to 1
    logit      (steps,) mean over pairs of image and attribute, counted towards the answer given at first
    accuracy   (steps,) share of pairs answered right
    lead       of the order by evidence over this one: difference of areas under the logit, better is positive
    """

    direction: Direction
    masks: Literal["kept", "recomputed"]
    order: Order
    shares: tuple[float, ...]
    logit: tuple[float, ...]
    accuracy: tuple[float, ...]
    lead: Interval


@dataclass(frozen=True, kw_only=True)
class NullShare:
    """How many pairs of the recommended table lie outside a null's band.

    outside   share of the table's pairs outside the band of all null tables
    null      the same share of each null table, against all others and the trained one
    p         (1 + number of null tables with as large a share) / (1 + number of null tables)
    """

    null: NullSource
    outside: float
    null_outside: tuple[float, ...]
    p: float


@dataclass(frozen=True, kw_only=True)
class SanitySettings:
    """What the checks are made on; the same settings, run and images give the same numbers.

    n_images     drawn from the split; n_draws permutations of each part; n_networks random networks of the null
    n_pairs      images an attribute for deletion and insertion; fill what a deleted cell is set to
    """

    split: str = "test"
    n_images: int = 1000
    seed: int = 0
    n_draws: int = 3
    n_networks: int = 20
    n_pairs: int = 32
    fill: Fill = "mean"
    n_replicates: int = 1000


@dataclass(frozen=True, kw_only=True)
class SanityReport:
    """All checks of one run, and what they rest on; of n_images images of n_units persons (or images)."""

    settings: SanitySettings
    checks: tuple[SanityCheck, ...]
    randomisation: Randomisation
    exchanges: tuple[ExchangeLoss, ...]
    curves: tuple[DeletionCurve, ...]
    nulls: tuple[NullShare, ...]
    n_images: int
    n_units: int
    unit: Literal["image", "identity"]
    level: float
