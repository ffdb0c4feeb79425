"""How often a test finds what is not there, on data whose answer is known."""

from __future__ import annotations

from dataclasses import dataclass

from mamviz.schema.choices import Choices
from mamviz.schema.scores import Interval


@dataclass(frozen=True, kw_only=True)
class FalsePositives:
    """How often made-up tables are called significant; shares with their 95 % intervals over data sets.

    Where no mask knows anything of the labels:
    any_survivor       data sets with a pair that survives max-T; to be at most `level`
    pairs              pairs with p of `level` or less; to be about `level`
    any_discovery      data sets with a pair of q of `level` or less; to be at most `level`
    Where some attributes' masks know their labels and the others' know nothing (all by max-T but the last):
    among_ignorant     data sets in which a pair of two that know nothing survives; to be at most `level`
    with_ignorant      pairs of one that knows with one that does not that survive. Their table differs from the
                       null's where noise alone would look alike, so that this is no error of absolute tables
    power              pairs of two that know that survive: the test is able to find something
    false_discoveries  mean share, of the discoveries (q of `level` or less) that have no one-sided pair among them,
                       of pairs of two that know nothing; to be at most `level`
    """

    choices: Choices
    level: float
    n_datasets: int
    n_mixed: int
    n_replicates: int
    any_survivor: Interval
    pairs: Interval
    any_discovery: Interval
    among_ignorant: Interval
    with_ignorant: Interval
    power: Interval
    false_discoveries: Interval

    @property
    def holds(self) -> bool:
        """Tell whether every share that is to be at most `level` is, within the error of the simulation."""
        errors = (self.any_survivor, self.pairs, self.any_discovery, self.among_ignorant, self.false_discoveries)
        return all(share.low <= self.level for share in errors)
