"""Which channels go first, what that costs, and whether the masks' order is any better than the usual ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mamviz.schema.arrays import Floats
from mamviz.schema.sanity import Fill
from mamviz.schema.scores import Interval

Criterion = Literal[
    "usage", "mean mask", "redundancy", "both", "L1", "batch norm", "activation", "Taylor", "random", "greedy"
]
MASK_CRITERIA: tuple[Criterion, ...] = ("usage", "mean mask", "redundancy", "both")
BASELINES: tuple[Criterion, ...] = ("L1", "batch norm", "activation", "Taylor", "random")
FILLS: tuple[Fill, ...] = ("zero", "mean")


@dataclass(frozen=True, kw_only=True)
class RemovalOrder:
    """All channels in the order in which they go, the first first.

    draw   number of the random draw; 0 for every other criterion
    """

    criterion: Criterion
    channels: tuple[int, ...]
    draw: int = 0


@dataclass(frozen=True, kw_only=True)
class PruningSettings:
    """What a pruning report is made on; the same settings, run and images give the same numbers.

    n_images     drawn from the validation images (which rank) and from the test images (which measure), each
    n_random     random orders; step between two sparsities, which end at `last`
    max_loss     accuracy that may be lost, a share: 0.002 is 0.2 points
    criterion    and fill: what `safe`, casualties and costs are of
    oracle       images of greedy exact removal; 0 leaves it out
    tune_epochs  of fine-tuning and of training from scratch; 0 leaves them out
    """

    n_images: int = 2000
    seed: int = 0
    n_random: int = 5
    step: float = 0.05
    last: float = 0.95
    max_loss: float = 0.002
    criterion: Criterion = "usage"
    fill: Fill = "mean"
    oracle: int = 0
    tune_epochs: int = 0
    n_replicates: int = 1000
    level: float = 0.95


@dataclass(frozen=True, kw_only=True)
class PruningCurve:
    """Accuracy of the test images as channels go in one order.

    fill         what a removed channel leaves behind: zero, or its mean over the validation images
    removed      (L,) number of channels that are gone at each level, ascending from 0
    accuracy     (L,) mean over attributes; attributes (L, K) of each; shares
    loss         (L,) accuracy lost against the whole network, with the paired interval
    area         mean accuracy over the sparsities (trapezoids), with its interval
    """

    order: RemovalOrder
    fill: Fill
    removed: tuple[int, ...]
    accuracy: tuple[Interval, ...]
    loss: tuple[Interval, ...]
    attributes: Floats
    area: Interval


@dataclass(frozen=True, kw_only=True)
class AreaDifference:
    """By how much one criterion's area is above another's, on the same images and fill; random: mean over draws."""

    criterion: Criterion
    other: Criterion
    fill: Fill
    difference: Interval


@dataclass(frozen=True, kw_only=True)
class Casualty:
    """What one attribute loses at a level; shares, with the paired interval of the loss."""

    attribute: str
    before: float
    after: float
    loss: Interval


@dataclass(frozen=True, kw_only=True)
class SafeRemoval:
    """How many channels can go: the largest level whose loss on the validation images is at most the limit.

    test_loss    what that costs on the test images, which took no part in the choice
    verdict      "kept": the whole interval of test_loss is at most the limit; "broken": none of it; else "unclear"
    """

    criterion: Criterion
    fill: Fill
    limit: float
    removed: int
    validation_loss: Interval
    test_loss: Interval
    casualties: tuple[Casualty, ...]

    @property
    def verdict(self) -> Literal["kept", "broken", "unclear"]:
        """Say whether the limit holds on the test images."""
        if self.test_loss.high <= self.limit:
            return "kept"
        return "broken" if self.test_loss.low > self.limit else "unclear"


@dataclass(frozen=True, kw_only=True)
class CausalCheck:
    """What removing each channel alone does to each attribute, against what the masks say it should.

    claim        (K, C) usage: absolute evidence of an image, validation images; logit units
    effect       (K, C) mean |change of the logit|, test images; loss_rise (K, C) of the binary cross entropy
    accuracy     (K, C) change of accuracy, a share; below 0 is worse
    pairs        Spearman of claim and effect over all K x C pairs
    within       mean over attributes of Spearman over channels; loss_within the same of claim and loss_rise
    """

    fill: Fill
    attributes: tuple[str, ...]
    claim: Floats
    effect: Floats
    loss_rise: Floats
    accuracy: Floats
    pairs: Interval
    within: Interval
    loss_within: Interval
    n_images: int


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Time of one batch, milliseconds: median and quartiles over n repetitions, and the memory it needs at once."""

    batch_size: int
    median: float
    low: float
    high: float
    n: int
    peak_bytes: int


@dataclass(frozen=True, kw_only=True)
class NetworkCost:
    """What a network costs to keep and to run.

    flops        of classifying one image (2 a multiply-add); parameters and file_bytes of all that is saved
    inference    parameters that classifying needs: without the multi-label classifier and the reconstructor
    """

    channels: int
    parameters: int
    inference: int
    flops: float
    file_bytes: int
    latency: tuple[Latency, ...]


@dataclass(frozen=True, kw_only=True)
class CostChange:
    """A network before and after, timed in turns; ratio (one for each batch size) is before / after, paired.

    error    largest absolute difference of logits between the pruned network and the masked one
    """

    before: NetworkCost
    after: NetworkCost
    ratio: tuple[Interval, ...]
    error: float
    device: str
    threads: int


@dataclass(frozen=True, kw_only=True)
class TunedPoint:
    """A pruned network before and after a fine-tune, and one of its shape trained from scratch for the same steps.

    kept         number of channels; epochs of both
    pruned, tuned, scratch              accuracy on the test images
    pruned_loss, tuned_loss, scratch_loss    against the whole network, paired; below 0 is a gain
    """

    criterion: Criterion
    fill: Fill
    kept: int
    epochs: int
    pruned: Interval
    tuned: Interval
    scratch: Interval
    pruned_loss: Interval
    tuned_loss: Interval
    scratch_loss: Interval


@dataclass(frozen=True, kw_only=True)
class PruningReport:
    """All that was found about removing a network's channels.

    ranked, measured    numbers of validation and test images; n_units persons (or images) among the latter
    absent              criteria that the extractor does not allow, with the reason
    """

    settings: PruningSettings
    attributes: tuple[str, ...]
    n_channels: int
    ranked: int
    measured: int
    n_units: int
    unit: Literal["image", "identity"]
    orders: tuple[RemovalOrder, ...]
    curves: tuple[PruningCurve, ...]
    differences: tuple[AreaDifference, ...]
    safe: tuple[SafeRemoval, ...]
    causal: tuple[CausalCheck, ...]
    cost: CostChange | None
    tuned: tuple[TunedPoint, ...]
    absent: tuple[str, ...]
