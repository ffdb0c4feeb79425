"""A network made smaller for good: how it is asked for, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mamviz.errors import ConfigError
from mamviz.schema.cost import CostChange
from mamviz.schema.pruning import Criterion
from mamviz.schema.sanity import Fill
from mamviz.schema.scores import Interval


@dataclass(frozen=True, kw_only=True)
class RemovalSettings:
    """How many channels are removed for good, which, and how the rest is fine-tuned.

    keep         share of the channels that stays, above 0 up to 1; None: as few as lose at most `max_loss`
    max_loss     accuracy that may be lost on validation images, a share: 0.002 is 0.2 points
    round_to     the number kept is rounded up to a multiple of this
    epochs       of the fine-tune; 0: none
    n_images     drawn from the validation images, which rank and choose, and from the test images, which measure
    """

    keep: float | None = None
    max_loss: float = 0.002
    round_to: int = 1
    criterion: Criterion = "contrast"
    fill: Fill = "mean"
    epochs: int = 4
    n_images: int = 2000
    seed: int = 0
    n_replicates: int = 1000
    level: float = 0.95

    def __post_init__(self) -> None:
        if self.keep is not None and not 0 < self.keep <= 1:
            raise ConfigError(f"keep: expected a share above 0 up to 1, got {self.keep}. Half the channels are 0.5.")
        if self.round_to < 1:
            raise ConfigError(f"round_to: expected 1 or more, got {self.round_to}. Hardware likes multiples of 8.")


@dataclass(frozen=True, kw_only=True)
class ComparedAccuracy:
    """Accuracy on the test images, mean over attributes, and what it has lost against the whole network, paired."""

    accuracy: Interval
    loss: Interval


@dataclass(frozen=True, kw_only=True)
class PrunedRun:
    """A run that was pruned, and the smaller run that was made of it.

    n_channels         of `source`; kept: those of them that are left, ascending
    ranked, measured   numbers of validation and test images; n_units persons (or images) among the latter
    pruned, tuned      before and after the fine-tune; None where there was none
    cost               of both networks; its error compares the pruned with the masked one
    """

    settings: RemovalSettings
    source: str
    run: str
    n_channels: int
    kept: tuple[int, ...]
    ranked: int
    measured: int
    n_units: int
    unit: Literal["image", "identity"]
    before: Interval
    pruned: ComparedAccuracy
    tuned: ComparedAccuracy | None
    cost: CostChange
