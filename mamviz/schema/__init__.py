"""What crosses from one part to the next: frozen records of names and numpy arrays.

Axis order everywhere: image, attribute, channel, height, width.
N images, K attributes, C channels, H x W feature grid, P = H * W.
"""

from mamviz.schema.arrays import Array, Floats
from mamviz.schema.association import (
    Entanglement,
    EntanglementSettings,
    Explanation,
    LabelAssociation,
    LabelRelation,
    PairKind,
    PairRelation,
    PairRule,
    Scale,
)
from mamviz.schema.causal import CausalCheck
from mamviz.schema.certainty import Certainty
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
from mamviz.schema.cost import CostChange, Latency, NetworkCost
from mamviz.schema.coverage import Coverage
from mamviz.schema.false_positives import FalsePositives
from mamviz.schema.features import FeatureProducts
from mamviz.schema.generation import (
    EDIT_ACTIONS,
    EDIT_DIRECTIONS,
    READINGS,
    EditAction,
    EditCount,
    EditDirection,
    EditedPicture,
    EditEffect,
    EditReport,
    EditSettings,
    EditStrip,
    FeatureDrawing,
    Gallery,
    OtherChange,
    Reading,
    SwapPair,
)
from mamviz.schema.images import ImageMasks
from mamviz.schema.intervals import (
    Bounds,
    CertainNeighbour,
    CertainRanking,
    Cutoff,
    Difference,
    IntervalMethod,
    Intervals,
    Replicates,
    TiedRanks,
)
from mamviz.schema.nulls import NullMaps, NullSums
from mamviz.schema.overview import (
    OUTCOMES,
    AbsentPart,
    AttributeMaps,
    AttributeOverview,
    ChannelUse,
    ExampleImage,
    MatrixKey,
    Outcome,
    Overview,
    OverviewMatrix,
    OverviewNeighbour,
    OverviewPart,
    RunFacts,
)
from mamviz.schema.progress import Progress, silent
from mamviz.schema.provenance import SCHEMA_VERSION, SPLITS, Provenance
from mamviz.schema.pruned import ComparedAccuracy, PrunedRun, RemovalSettings
from mamviz.schema.pruning import (
    BASELINES,
    FILLS,
    MASK_CRITERIA,
    AreaDifference,
    Casualty,
    Criterion,
    CriterionSummary,
    FillDifference,
    PruningCurve,
    PruningReport,
    PruningSettings,
    RemovalOrder,
    SafeRemoval,
    TunedPoint,
)
from mamviz.schema.reliability import RELIABLE, Disattenuation, Reliability
from mamviz.schema.robustness import (
    ATTACKS,
    NONE,
    TRANSFORMATIONS,
    GainVerdict,
    Perturbation,
    PerturbationKind,
    PerturbedScore,
    RobustnessReport,
    RobustnessSettings,
    Transformation,
    TransformationKind,
    TransformationScores,
    judge_gain,
)
from mamviz.schema.sanity import (
    EXCHANGES,
    ORDERS,
    AttributeLoss,
    DeletionCurve,
    Direction,
    Exchange,
    ExchangeLoss,
    Fill,
    NullShare,
    Order,
    Randomisation,
    RandomisationMode,
    RandomisedDraw,
    RandomisedStage,
    SanityCheck,
    SanityReport,
    SanitySettings,
    SanityTable,
    Similarities,
    Verdict,
)
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
from mamviz.schema.training import Budget, Component, EpochRow, ExtractionBudget, WorkTime
from mamviz.schema.validation import (
    OTHERS,
    OURS,
    VARIANTS,
    FaceValidation,
    Goal,
    LabelExplanation,
    Localisation,
    MapKind,
    Method,
    Recovery,
    TrueRegions,
    Variant,
)

# An index: in columns, for it is read as one.
# fmt: off
__all__ = [
    "AGREES", "ATTACKS", "BASELINES", "CENTRINGS", "EDIT_ACTIONS", "EDIT_DIRECTIONS", "EXCHANGES", "FILLS", "MAPS",
    "MASK_CRITERIA", "NAMED_TABLES", "NONE", "ORDERS", "OTHERS", "OURS", "OUTCOMES", "READINGS", "RECOMMENDED",
    "RELIABLE", "SCHEMA_VERSION", "SPLITS", "TRANSFORMATIONS", "VARIANTS", "VIEWS", "AbsentPart", "Agreement",
    "AreaDifference", "Array", "AttributeLoss", "AttributeMaps", "AttributeOverview", "AttributeScore", "Axis",
    "BlockStatistics", "BlockSums", "Bounds", "Budget", "Casualty", "CausalCheck", "Centring", "CertainNeighbour",
    "CertainRanking", "Certainty", "ChannelReport", "ChannelRow", "ChannelUse", "Choices", "Clustering",
    "ComparedAccuracy", "ComparedRun", "Component", "Correlation", "CostChange", "Coverage", "Criterion",
    "CriterionSummary", "Cutoff", "DeletionCurve", "Difference", "Direction", "Disattenuation", "EditAction",
    "EditCount", "EditDirection", "EditEffect", "EditReport", "EditSettings", "EditStrip", "EditedPicture",
    "Entanglement", "EntanglementSettings", "EpochRow", "Estimand", "Evaluation", "ExampleImage", "Exchange",
    "ExchangeLoss", "Explanation", "ExtractionBudget", "FaceValidation", "FalsePositives", "FeatureAgreement",
    "FeatureDrawing", "FeatureProducts", "Fill", "FillDifference", "Floats", "GainVerdict", "Gallery", "Goal",
    "ImageMasks", "Interval", "IntervalMethod", "Intervals", "LabelAssociation", "LabelExplanation", "LabelRelation",
    "Latency", "Localisation", "MantelTest", "Map", "MapKind", "Matching", "MatrixKey", "Method", "Neighbour",
    "NetworkCost", "NullMaps", "NullShare", "NullSource", "NullSums", "Order", "OtherChange", "Outcome", "Overview",
    "OverviewMatrix", "OverviewNeighbour", "OverviewPart", "PairKind", "PairRelation", "PairRule", "Perturbation",
    "PerturbationKind", "PerturbedScore", "PosterRow", "Progress", "Provenance", "PrunedRun", "PruningCurve",
    "PruningReport", "PruningSettings", "Randomisation", "RandomisationMode", "RandomisedDraw", "RandomisedStage",
    "RankBy", "Ranking", "Reading", "Recovery", "Reliability", "RemovalOrder", "RemovalSettings",
    "Replicates", "RobustnessReport", "RobustnessSettings", "RunFacts", "SafeRemoval", "SanityCheck", "SanityReport",
    "SanitySettings", "SanityTable", "Scale", "Sign", "Significance", "Similarities", "Stability", "SwapPair",
    "TableAgreement", "TiedRanks", "TopOverlap", "Transformation", "TransformationKind", "TransformationScores",
    "TrueRegions", "TunedPoint", "Variant", "Verdict", "View", "WorkTime", "judge_gain", "silent",
]
# fmt: on
