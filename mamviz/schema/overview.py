"""Everything known of one run, gathered for one page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mamviz.schema.arrays import Floats
from mamviz.schema.association import Entanglement
from mamviz.schema.certainty import Certainty
from mamviz.schema.channels import ChannelReport
from mamviz.schema.correlations import Clustering, Correlation, Ranking
from mamviz.schema.generation import EditReport
from mamviz.schema.images import ImageMasks
from mamviz.schema.provenance import Provenance
from mamviz.schema.pruning import PruningReport
from mamviz.schema.robustness import RobustnessReport
from mamviz.schema.sanity import SanityReport
from mamviz.schema.scores import AttributeScore, Evaluation, Interval, PosterRow
from mamviz.schema.stability import Stability
from mamviz.schema.training import Budget, EpochRow

Outcome = Literal["true positive", "false positive", "false negative", "true negative"]
OUTCOMES: tuple[Outcome, ...] = ("true positive", "false positive", "false negative", "true negative")
MatrixKey = Literal["recommended", "mask", "contrast", "labels", "gap"]
OverviewPart = Literal["certainty", "entanglement", "pruning", "sanity", "stability", "edits", "robustness"]


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """How a run was made.

    created    ISO 8601, UTC; command: what was typed
    settings   (name, value) of the settings that a reader must know, in words
    versions   (name, version) of what trained it
    """

    name: str
    seed: int
    created: str
    command: tuple[str, ...]
    device: str
    settings: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    epochs: tuple[EpochRow, ...]
    budget: Budget


@dataclass(frozen=True, kw_only=True)
class OverviewMatrix:
    """One heatmap of the page, all of them over the same names and in the same order.

    title, detail   a heading, and what the numbers are, in words
    values          (n, n); NaN where undefined, shown hatched
    low, high       (n, n) interval of each value; None where there is none
    lowest, highest ends of the colour scale: -limit and limit for signed values, 0 and limit otherwise
    """

    key: MatrixKey
    title: str
    detail: str
    values: Floats
    lowest: float
    highest: float
    low: Floats | None = None
    high: Floats | None = None
    level: float | None = None


@dataclass(frozen=True, kw_only=True)
class AttributeMaps:
    """Data-set maps of one attribute, (H, W) each.

    mask       mean mask over images and channels, in (0, 1)
    contrast   the same of images with the attribute minus those without; NaN for a label that never changes
    evidence   mean evidence of images with minus without, summed over channels, logit units; NaN likewise
    """

    mask: Floats
    contrast: Floats
    evidence: Floats


@dataclass(frozen=True, kw_only=True)
class ChannelUse:
    """How one attribute uses one channel.

    share      of the attribute's absolute evidence, in [0, 1]
    contrast   mean evidence of images with the attribute minus those without, logit units; NaN where undefined
    """

    channel: int
    share: float
    contrast: float


@dataclass(frozen=True, kw_only=True)
class OverviewNeighbour:
    """An attribute related to another by masks, with how their labels go together.

    r and its interval (NaN bounds where none was computed), inclusion: share of resamples in which it is among the
    top, NaN likewise; phi of the labels, None where it was not measured; marked: differs from shuffled labels
    """

    name: str
    rank: int
    r: Interval
    inclusion: float
    phi: Interval | None
    marked: bool


@dataclass(frozen=True, kw_only=True)
class ExampleImage:
    """One image as an example of how an attribute is classified.

    image      (S, S, 3) uint8; evidence (H, W) summed over channels, logit units
    """

    name: str
    outcome: Outcome
    logit: float
    image: npt.NDArray[np.uint8]
    evidence: Floats


@dataclass(frozen=True, kw_only=True)
class AttributeOverview:
    """All of one attribute.

    channels    those that tell it most, the largest |contrast| first
    examples    of each outcome the most certain answers first; empty where images must stay away
    n_outcomes  number of evaluated images of each outcome, in the order of OUTCOMES
    """

    attribute: str
    score: AttributeScore
    maps: AttributeMaps
    channels: tuple[ChannelUse, ...]
    neighbours: tuple[OverviewNeighbour, ...]
    examples: tuple[ExampleImage, ...]
    n_outcomes: tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class AbsentPart:
    """A part that is not there, why, and the command that makes it."""

    part: OverviewPart
    reason: str
    command: str


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Everything known of one run.

    provenance      of its masks; evaluated: of the images that scores and examples are of
    correlation     the recommended table with its order, which all matrices share; ranking: its top
    channels        how much each is used; channel_correlation and its order: the recommended one between channels
    map_limits      largest |contrast| and |evidence| of any cell of any attribute: the ends of the maps' colour scales
    mask_range      lowest and highest cell of all mean masks; evidence_limit: largest |evidence| of an example's cell
    strip           a few images with masks by channel, for the poster's Figure 2; empty where images must stay away
    warnings        what a reader must know before believing a number, in words
    absent          parts that were never made, or are of older weights
    """

    run: RunFacts
    provenance: Provenance
    evaluated: Provenance
    evaluation: Evaluation
    poster: tuple[PosterRow, ...]
    poster_average: PosterRow | None
    poster_intervals: tuple[Interval | None, ...]
    poster_remark: str
    correlation: Correlation
    clustering: Clustering
    ranking: Ranking
    certainty: Certainty | None
    entanglement: Entanglement | None
    matrices: tuple[OverviewMatrix, ...]
    attributes: tuple[AttributeOverview, ...]
    map_limits: tuple[float, float]
    mask_range: tuple[float, float]
    evidence_limit: float
    channels: ChannelReport
    channel_correlation: Correlation
    channel_clustering: Clustering
    strip: tuple[ImageMasks, ...]
    strip_limit: float
    pruning: PruningReport | None
    sanity: SanityReport | None
    stability: Stability | None
    edits: EditReport | None
    robustness: RobustnessReport | None
    warnings: tuple[str, ...]
    absent: tuple[AbsentPart, ...]
