"""What crosses from one part to the next: frozen records of names and numpy arrays.

Axis order everywhere: image, attribute, channel, height, width.
N images, K attributes, C channels, H x W feature grid, P = H * W.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError

Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

Map = Literal["mask", "evidence"]
Sign = Literal["signed", "absolute"]
Estimand = Literal["mean", "contrast", "adjusted", "image", "across"]
View = Literal["full", "channel", "spatial"]
Centring = Literal["none", "common"]
RankBy = Literal["r", "abs"]
Axis = Literal["attribute", "channel"]

MAPS: tuple[Map, ...] = ("mask", "evidence")
VIEWS: tuple[View, ...] = ("full", "channel", "spatial")
CENTRINGS: tuple[Centring, ...] = ("none", "common")
SPLITS = ("train", "validation", "test")

SCHEMA_VERSION = 1


class Progress(Protocol):
    """Called by a long job after each piece of work; draws nothing by itself."""

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Take note that `done` of `total` pieces are ready."""


def silent(done: int, total: int, note: str = "") -> None:
    """Ignore progress."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a correlation was computed from; every table, figure and file states it.

    map        "mask" M, or "evidence" e = s M F / P, which adds up to the logit
    sign       "signed", or "absolute": the absolute value of the data-set map, taken before the view
    estimand   mean: r between data-set mean maps
               contrast: of (mean with the attribute - mean without) maps
               adjusted: of least-squares maps, all other labels held fixed
               image: mean over images of the per-image r (Fisher z)
               across: r across images, pooled over cells
    view       "full" (every cell), "channel" (summed over height and width), "spatial" (summed over channels);
               between channels the roles change: "channel" keeps one value per attribute, "spatial" sums them
    centring   "common": minus the mean over the things compared, which all share a face's shape; or "none"
    """

    map: Map = "mask"
    sign: Sign = "absolute"
    estimand: Estimand = "adjusted"
    view: View = "spatial"
    centring: Centring = "none"

    def __post_init__(self) -> None:
        if self.sign == "absolute" and self.estimand in ("image", "across"):
            raise StatisticsError(
                f"sign 'absolute' is taken of a data-set map and the estimand {self.estimand!r} has none. "
                "Use --sign signed, or the estimand mean, contrast or adjusted."
            )

    def describe(self, axis: Axis = "attribute") -> str:
        """Say the choices in words, for headings and captions; `axis` is what is compared."""
        other = "attribute" if axis == "channel" else "channel"
        subject = {"mask": "masks", "evidence": "evidence"}[self.map]
        how = {
            "mean": f"mean {subject}",
            "contrast": f"contrast of {subject} (images with minus images without the attribute)",
            "adjusted": f"adjusted contrast of {subject} (all other labels held fixed)",
            "image": f"{subject} within each image, averaged over images",
            "across": f"{subject} across images, pooled over cells",
        }[self.estimand]
        amount = "absolute values, " if self.sign == "absolute" else ""
        cells = {
            "full": f"every {other} and position",
            "channel": "summed over positions",
            "spatial": f"summed over {other}s",
        }[self.view]
        common = ", minus the part all share" if self.centring == "common" else ""
        return f"{how}, {amount}{cells}{common}"


@dataclass(frozen=True, kw_only=True)
class BlockSums:
    """Sums of one map (mask or evidence) over the images of each block; B blocks.

    total, positive, adjusted   (B, K, C, H, W): over all images; over images with attribute k;
                                weighted by w_k(n) (see `stats.moments.adjusted_weights`)
    attribute_gram              (B, 3, K, K): sums over images of inner products of attributes' maps, by view (VIEWS)
    channel_gram                (B, C, C): the same between channels, full view: cells are (attribute, height, width)
    image_r                     (B, 3, 2, K, K): sums of arctanh(r) within an image, by view and centring (CENTRINGS)
    image_count                 (B, 3, 2, K, K): number of images with a defined r there
    """

    total: Array
    positive: Array
    adjusted: Array
    attribute_gram: Floats
    channel_gram: Floats
    image_r: Floats
    image_count: Floats


@dataclass(frozen=True, kw_only=True)
class BlockStatistics:
    """Everything that is kept of the masks of a data set; blocks add up.

    count (B), positives (B, K), weight_sum (B, K), label_gram (B, K, K), feature_sum (B, C, H, W)
    readout_signs (K, C): sign of s, for reference
    """

    attributes: tuple[str, ...]
    grid: tuple[int, int, int]
    count: Floats
    positives: Floats
    weight_sum: Floats
    label_gram: Floats
    feature_sum: Array
    mask: BlockSums
    evidence: BlockSums

    @property
    def n_images(self) -> int:
        """Number of images over all blocks."""
        return int(self.count.sum())

    @property
    def n_blocks(self) -> int:
        """Number of blocks, the empty ones included."""
        return len(self.count)

    def sums(self, map: Map) -> BlockSums:
        """Return the sums of one map."""
        return self.mask if map == "mask" else self.evidence


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where numbers come from; goes into every file and caption."""

    run: str
    n_images: int
    split: str
    data: str
    model_sha256: str
    readout: str
    version: str


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


@dataclass(frozen=True)
class Interval:
    """A figure with its bootstrap interval; NaN where undefined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class AttributeScore:
    """How well one attribute is classified; shares, not percent."""

    attribute: str
    accuracy: Interval
    balanced_accuracy: Interval
    average_precision: Interval
    auroc: Interval
    prevalence: float
    majority: float


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Scores of all attributes and their means (over attributes where defined), with the protocol."""

    scores: tuple[AttributeScore, ...]
    mean_accuracy: Interval
    mean_balanced_accuracy: Interval
    mean_average_precision: Interval
    mean_auroc: Interval
    mean_majority: float
    n_images: int
    n_units: int
    unit: Literal["image", "identity"]
    level: float
    n_replicates: int
    protocol: str


@dataclass(frozen=True)
class PosterRow:
    """One attribute of the poster's accuracy table, in percent; `ours` is None where the data lack it."""

    label: str
    ours: float | None
    poster: float
    mt_rbm_pca: float
    lnets_anet: float
    facetracer: float

    @property
    def best(self) -> tuple[str, ...]:
        """Return the columns with the best accuracy, ties all, compared as shown: with two decimals."""
        columns = ("ours", "poster", "mt_rbm_pca", "lnets_anet", "facetracer")
        shown = {column: round(value, 2) for column in columns if (value := getattr(self, column)) is not None}
        return tuple(column for column in shown if shown[column] == max(shown.values()))


@dataclass(frozen=True, kw_only=True)
class ChannelRow:
    """One channel of the pruning report.

    mean_mask        mean of the mask over attributes, positions and images, in (0, 1)
    usage            share of all absolute evidence, adds up to 1 over channels
    activation       mean of the feature
    top_attributes   names that use it most, with their share of the channel's usage
    duplicate_of     the kept representative, or None; duplicate_r is their r
    candidate        why it could go, or None
    """

    channel: int
    mean_mask: float
    usage: float
    activation: float
    top_attributes: tuple[tuple[str, float], ...]
    duplicate_of: int | None = None
    duplicate_r: float | None = None
    candidate: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChannelReport:
    """Which channels matter, which repeat each other, and which could be pruned."""

    rows: tuple[ChannelRow, ...]
    correlation: Correlation
    threshold: float
    dead: tuple[int, ...]
    n_images: int

    @property
    def candidates(self) -> tuple[ChannelRow, ...]:
        """Rows of the channels that could go."""
        return tuple(row for row in self.rows if row.candidate is not None)


@dataclass(frozen=True, kw_only=True)
class ImageMasks:
    """One image with its masks and evidence of chosen attributes, for the poster's Figure 2.

    image      (S, S, 3) uint8
    masks      (A, C, H, W) of the A chosen attributes, in (0, 1); evidence the same shape, logit units
    channels   the chosen channels, the same for all attributes
    labels     (A,) 0 or 1; logits (A,)
    """

    name: str
    image: npt.NDArray[np.uint8]
    attributes: tuple[str, ...]
    masks: Array
    evidence: Array
    channels: tuple[int, ...]
    labels: npt.NDArray[np.uint8]
    logits: Floats


@dataclass(frozen=True, kw_only=True)
class EpochRow:
    """One row of metrics.csv."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_accuracy: float
    learning_rate: float
    images_per_second: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Component:
    """One part of the network, for the poster's Figure 1 in text.

    reads        name of the part whose output it takes; "" for the image
    output       shape it gives for one image
    """

    name: str
    reads: str
    output: tuple[int, ...]
    parameters: int
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a training run will need, predicted before it starts."""

    parameters: dict[str, int] = field(default_factory=dict)
    flops_per_image: float = 0.0
    ram_bytes: float = 0.0
    device_bytes: float = 0.0
    disk_bytes: float = 0.0
    architecture: Sequence[str] = ()
    components: tuple[Component, ...] = ()
