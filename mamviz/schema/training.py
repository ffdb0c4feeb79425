"""What a training needs, and how its epochs went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


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
class WorkTime:
    """How long a training or an extraction will take, from a few timed batches: seconds in all, images a second."""

    seconds: float
    images_per_second: float


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a training run will need, predicted before it starts; memory and time where steps were tried.

    disk_bytes        packed images, weights and checkpoint; masks.h5 is extraction's
    images_at_once    where memory does not hold the batch that was asked for: how many images it holds
    """

    parameters: dict[str, int] = field(default_factory=dict)
    flops_per_image: float = 0.0
    ram_bytes: float = 0.0
    device_bytes: float = 0.0
    disk_bytes: float = 0.0
    architecture: Sequence[str] = ()
    time: WorkTime | None = None
    images_at_once: int | None = None
    components: tuple[Component, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ExtractionBudget:
    """What a pass over the images will need, predicted before it starts; device_bytes is 0 on the CPU.

    images_at_once    where memory does not hold the batch that was asked for: how many images it holds
    """

    ram_bytes: float
    device_bytes: float
    disk_bytes: float
    time: WorkTime
    images_at_once: int | None = None
