"""What crosses from one part to the next: frozen records of names and numpy arrays.

Axis order everywhere: image, attribute, channel, height, width.
N images, K attributes, C channels, H x W feature grid, P = H * W.
"""

from mamviz.schema.arrays import Array, Floats
from mamviz.schema.association import LabelAssociation, PairKind, Scale
from mamviz.schema.channels import ChannelReport, ChannelRow
from mamviz.schema.choices import (
    CENTRINGS,
    MAPS,
    RECOMMENDED,
    VIEWS,
    Axis,
    Centring,
    Choices,
    Estimand,
    Map,
    RankBy,
    Sign,
    View,
)
from mamviz.schema.correlations import Clustering, Correlation, Neighbour, Ranking
from mamviz.schema.features import FeatureProducts
from mamviz.schema.images import ImageMasks
from mamviz.schema.intervals import (
    Bounds,
    CertainNeighbour,
    CertainRanking,
    Cutoff,
    Difference,
    IntervalMethod,
    Intervals,
    RankIntervals,
    Replicates,
    TiedRanks,
)
from mamviz.schema.progress import Progress, silent
from mamviz.schema.provenance import SCHEMA_VERSION, SPLITS, Provenance
from mamviz.schema.scores import AttributeScore, Evaluation, Interval, PosterRow
from mamviz.schema.significance import NullSource, Significance
from mamviz.schema.stability import (
    AGREES,
    NAMED_TABLES,
    Agreement,
    ComparedRun,
    FeatureAgreement,
    MantelTest,
    Matching,
    Stability,
    TableAgreement,
    TopOverlap,
)
from mamviz.schema.statistics import BlockStatistics, BlockSums
from mamviz.schema.training import Budget, Component, EpochRow
from mamviz.schema.validation import (
    OTHERS,
    OURS,
    FaceValidation,
    Goal,
    LabelExplanation,
    Localisation,
    MapKind,
    Method,
    Recovery,
    TrueRegions,
)

__all__ = [
    "AGREES",
    "CENTRINGS",
    "MAPS",
    "NAMED_TABLES",
    "OTHERS",
    "OURS",
    "RECOMMENDED",
    "SCHEMA_VERSION",
    "SPLITS",
    "VIEWS",
    "Agreement",
    "Array",
    "AttributeScore",
    "Axis",
    "BlockStatistics",
    "BlockSums",
    "Bounds",
    "Budget",
    "Centring",
    "CertainNeighbour",
    "CertainRanking",
    "ChannelReport",
    "ChannelRow",
    "Choices",
    "Clustering",
    "ComparedRun",
    "Component",
    "Correlation",
    "Cutoff",
    "Difference",
    "EpochRow",
    "Estimand",
    "Evaluation",
    "FaceValidation",
    "FeatureAgreement",
    "FeatureProducts",
    "Floats",
    "Goal",
    "ImageMasks",
    "Interval",
    "IntervalMethod",
    "Intervals",
    "LabelAssociation",
    "LabelExplanation",
    "Localisation",
    "MantelTest",
    "Map",
    "MapKind",
    "Matching",
    "Method",
    "Neighbour",
    "NullSource",
    "PairKind",
    "PosterRow",
    "Progress",
    "Provenance",
    "RankBy",
    "RankIntervals",
    "Ranking",
    "Recovery",
    "Replicates",
    "Scale",
    "Sign",
    "Significance",
    "Stability",
    "TableAgreement",
    "TiedRanks",
    "TopOverlap",
    "TrueRegions",
    "View",
    "silent",
]
