"""How often intervals cover a truth that is known."""

from __future__ import annotations

from dataclasses import dataclass

from mamviz.schema.choices import Choices
from mamviz.schema.intervals import IntervalMethod


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How often intervals of one kind covered the truth in made-up data sets.

    covered            share of intervals that held the true r; should be `level`
    error              Monte-Carlo standard error of `covered`, from its spread between populations
    below, above       share of intervals with the truth below, or above them
    width              mean width of the intervals, in r
    defined            share of pairs that had an interval; the rest is in no other share
    """

    choices: Choices
    method: IntervalMethod
    level: float
    covered: float
    error: float
    below: float
    above: float
    width: float
    defined: float
    n_datasets: int
    n_pairs: int
    n_images: int
