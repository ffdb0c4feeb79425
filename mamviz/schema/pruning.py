"""Which channels go first, what that costs, and whether the masks' order is any better than the usual ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mamviz.schema.arrays import Floats
from mamviz.schema.causal import CausalCheck
from mamviz.schema.cost import CostChange
from mamviz.schema.sanity import Fill
from mamviz.schema.scores import Interval

Criterion = Literal[
    "contrast",
    "usage",
    "mean mask",
    "redundancy",
    "both",
    "L1",
    "batch norm",
    "activation",
    "Taylor",
    "random",
    "greedy",
]
MASK_CRITERIA: tuple[Criterion, ...] = ("contrast", "usage", "mean mask", "redundancy", "both")
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
    criterion: Criterion = "contrast"
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

    @property
    def losses(self) -> Floats:
        """Return the accuracy that each attribute has lost at each level, (L, K); below 0 is a gain."""
        lost: Floats = self.attributes[0] - self.attributes
        return lost

    @property
    def casualties(self) -> tuple[int, ...]:
        """Return the attributes' places, the one that loses most over all levels first."""
        return tuple(np.argsort(-self.losses.mean(axis=0), kind="stable").tolist())

    def level(self, removed: int) -> int:
        """Return the place of the level at which about so many channels are gone, the lower one of two."""
        return min(range(len(self.removed)), key=lambda place: abs(self.removed[place] - removed))


@dataclass(frozen=True, kw_only=True)
class CriterionSummary:
    """One criterion in three figures; of n_draws random orders their mean, with the lowest and the highest.

    half, half_loss   accuracy with half the channels, and what that loses against the whole network
    """

    criterion: Criterion
    fill: Fill
    area: Interval
    half: Interval
    half_loss: Interval
    n_draws: int


@dataclass(frozen=True, kw_only=True)
class AreaDifference:
    """By how much one criterion's area is above another's, on the same images and fill; random: mean over draws."""

    criterion: Criterion
    other: Criterion
    fill: Fill
    difference: Interval

    @property
    def verdict(self) -> Literal["better", "worse", "unclear"]:
        """Say whether the first criterion is better: the whole interval is on one side of 0."""
        if self.difference.low > 0:
            return "better"
        return "worse" if self.difference.high < 0 else "unclear"


@dataclass(frozen=True, kw_only=True)
class FillDifference:
    """By how much a criterion's area is larger where removed channels leave their mean than where they leave zero."""

    criterion: Criterion
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
    def worst_first(self) -> tuple[Casualty, ...]:
        """Return the casualties, the largest loss first; equal ones in the attributes' order."""
        return tuple(sorted(self.casualties, key=lambda row: -row.loss.value))

    @property
    def verdict(self) -> Literal["kept", "broken", "unclear"]:
        """Say whether the limit holds on the test images."""
        if self.test_loss.high <= self.limit:
            return "kept"
        return "broken" if self.test_loss.low > self.limit else "unclear"


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
    majority            accuracy on the test images of always giving the more frequent answer, mean over attributes
    absent              criteria that the extractor does not allow, with the reason
    fills               mean against zero, a row a criterion
    """

    settings: PruningSettings
    attributes: tuple[str, ...]
    n_channels: int
    ranked: int
    measured: int
    n_units: int
    unit: Literal["image", "identity"]
    majority: float
    orders: tuple[RemovalOrder, ...]
    curves: tuple[PruningCurve, ...]
    differences: tuple[AreaDifference, ...]
    safe: tuple[SafeRemoval, ...]
    causal: tuple[CausalCheck, ...]
    cost: CostChange | None
    tuned: tuple[TunedPoint, ...]
    absent: tuple[str, ...]
    fills: tuple[FillDifference, ...] = ()

    @property
    def half(self) -> int:
        """Return half the number of channels, rounded down."""
        return self.n_channels // 2

    @property
    def chosen(self) -> PruningCurve:
        """Return the curve of the criterion and fill that safe removal, casualties and costs are of."""
        return self.curves_of(self.settings.criterion, self.settings.fill)[0]

    @property
    def going(self) -> tuple[int, ...]:
        """Return the channels that go at the safe level of the chosen criterion and fill, the first first."""
        order = self.chosen.order
        safe = [each for each in self.safe if (each.criterion, each.fill) == (order.criterion, self.settings.fill)]
        return order.channels[: safe[0].removed]

    def curves_of(self, criterion: Criterion, fill: Fill) -> tuple[PruningCurve, ...]:
        """Return the curves of one criterion and fill: several where orders were drawn, none where it is absent."""
        return tuple(curve for curve in self.curves if (curve.order.criterion, curve.fill) == (criterion, fill))

    def summaries(self, fill: Fill) -> tuple[CriterionSummary, ...]:
        """Return a summary a criterion, the largest area first."""
        found = dict.fromkeys(curve.order.criterion for curve in self.curves if curve.fill == fill)
        rows = [self._summarise(criterion, fill) for criterion in found]
        return tuple(sorted(rows, key=lambda row: -row.area.value))

    def _summarise(self, criterion: Criterion, fill: Fill) -> CriterionSummary:
        curves = self.curves_of(criterion, fill)
        places = [curve.level(self.half) for curve in curves]
        return CriterionSummary(
            criterion=criterion,
            fill=fill,
            area=_over_draws([curve.area for curve in curves]),
            half=_over_draws([curve.accuracy[place] for curve, place in zip(curves, places, strict=True)]),
            half_loss=_over_draws([curve.loss[place] for curve, place in zip(curves, places, strict=True)]),
            n_draws=len(curves),
        )


def _over_draws(found: list[Interval]) -> Interval:
    """Return the one interval, or the mean of several with the lowest and the highest value."""
    values = [interval.value for interval in found]
    return found[0] if len(found) == 1 else Interval(sum(values) / len(values), min(values), max(values))
