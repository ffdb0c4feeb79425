"""What a network costs to keep and to run."""

from __future__ import annotations

from dataclasses import dataclass

from mamviz.schema.scores import Interval


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
