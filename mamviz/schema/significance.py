"""Which correlations are more, or less, than chance would make them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mamviz.schema.arrays import Floats

NullSource = Literal["shuffled labels", "random network", "swapped attributes"]


@dataclass(frozen=True, kw_only=True)
class Significance:
    """Each correlation beside what a null shows in its place; n things compared, all arrays (n, n), symmetric.

    The diagonal, and what is undefined, is NaN. Two-sided: a relation may be stronger or weaker than the null's own
    mean, which may be far from 0.

    t            distance of Fisher's z from the null's mean, in standard deviations of the null
    p            of each pair alone, in [1 / (n_replicates + 1), 1]
    p_max        adjusted for looking at all pairs: holds the chance of a single false one (max-T)
    q            adjusted so that the expected share of false ones among those below it holds (Benjamini-Hochberg)
    null_mean    correlation the null shows on average; null_low and null_high hold 95 % of it
    null         where the null comes from
    level        of `survives`
    """

    t: Floats
    p: Floats
    p_max: Floats
    q: Floats
    null_mean: Floats
    null_low: Floats
    null_high: Floats
    n_replicates: int
    null: NullSource
    level: float

    @property
    def survives(self) -> npt.NDArray[np.bool_]:
        """Pairs whose correlation differs from the null's when all pairs are looked at, (n, n); never the undefined."""
        return np.asarray(self.p_max <= self.level)  # NaN compares false
