"""What crosses from one part to the next: frozen records of names and numpy arrays.

Axis order everywhere: image, attribute, channel, height, width.
N images, K attributes, C channels, H x W feature grid, P = H * W.
"""

from mamviz.schema.arrays import Array, Floats
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
from mamviz.schema.images import ImageMasks
from mamviz.schema.progress import Progress, silent
from mamviz.schema.provenance import SCHEMA_VERSION, SPLITS, Provenance
from mamviz.schema.scores import AttributeScore, Evaluation, Interval, PosterRow
from mamviz.schema.statistics import BlockStatistics, BlockSums
from mamviz.schema.training import Budget, Component, EpochRow

__all__ = [
    "CENTRINGS",
    "MAPS",
    "RECOMMENDED",
    "SCHEMA_VERSION",
    "SPLITS",
    "VIEWS",
    "Array",
    "AttributeScore",
    "Axis",
    "BlockStatistics",
    "BlockSums",
    "Budget",
    "Centring",
    "ChannelReport",
    "ChannelRow",
    "Choices",
    "Clustering",
    "Component",
    "Correlation",
    "EpochRow",
    "Estimand",
    "Evaluation",
    "Floats",
    "ImageMasks",
    "Interval",
    "Map",
    "Neighbour",
    "PosterRow",
    "Progress",
    "Provenance",
    "RankBy",
    "Ranking",
    "Sign",
    "View",
    "silent",
]
