"""What an overview is asked to hold."""

from __future__ import annotations

from dataclasses import dataclass

from mamviz.data.dataset import SplitName
from mamviz.errors import StatisticsError


@dataclass(frozen=True, kw_only=True)
class OverviewSettings:
    """What an overview holds; the same settings, run and images give the same numbers.

    split          that scores and examples are of; all images where it has none
    n_examples     images of each outcome of each attribute
    n_replicates   resamples behind the intervals, 100 or more; 0: no intervals, nothing tested, no gaps
    thumbnails     False: no pixel and no name of any image
    top            related attributes of each
    seed           of what `mamviz correlate` and `mamviz entangle` draw: with 0 and 1,000 resamples their very numbers
    """

    split: SplitName = "test"
    n_examples: int = 3
    n_replicates: int = 1000
    thumbnails: bool = True
    top: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n_examples < 0 or self.top < 1:
            raise StatisticsError(
                f"overview: expected 0 examples or more and 1 neighbour or more, got {self.n_examples} and {self.top}. "
                "Leave them out to take the defaults."
            )
