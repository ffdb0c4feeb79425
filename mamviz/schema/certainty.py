"""Everything that is known of how sure one table is."""

from __future__ import annotations

from dataclasses import dataclass

from mamviz.schema.intervals import CertainRanking
from mamviz.schema.reliability import Reliability
from mamviz.schema.significance import Significance
from mamviz.schema.stability import AGREES, TableAgreement


@dataclass(frozen=True, kw_only=True)
class Certainty:
    """How sure a table is: its figures and ranks, the whole of it, and how other seeds see it.

    significance    against shuffled labels; None for estimands that use no labels
    seeds           how far runs of other seeds agree on this very table; None where none were compared
    """

    ranking: CertainRanking
    reliability: Reliability
    significance: Significance | None = None
    seeds: TableAgreement | None = None

    @property
    def trusted(self) -> bool:
        """Tell whether halves of the images, and other seeds where they were compared, agree on the table."""
        return self.reliability.reliable and (self.seeds is None or self.seeds.lowest.spearman.value >= AGREES)
