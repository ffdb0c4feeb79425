"""How far a table would come out again from other images of the same kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.schema.arrays import Floats
from mamviz.schema.choices import Axis, Choices
from mamviz.schema.scores import Interval

# The least reliability of a table whose single figures are read: Nunnally 1978, p. 245, for decisions about single
# cases; 0.7 is enough to compare groups of them.
RELIABLE = 0.9


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Split-half reliability of a table, stepped up to all images (Spearman-Brown), with its 95 % range over splits.

    The range says how much the value depends on the split; it is no confidence interval.

    rows                every name's row of correlations: r between halves over the other names
    maps                every name's map: r between halves over cells of the view; empty where the estimand has none.
                        For absolute maps also what noise alone repeats: it is large where masks vary.
    spearman, pearson   of the whole table: r between halves over pairs
    half_spearman       before stepping up: between tables of half the images
    n_blocks            blocks with images, of which each half has one half
    """

    axis: Axis
    names: tuple[str, ...]
    choices: Choices
    n_images: int
    rows: tuple[Interval, ...]
    maps: tuple[Interval, ...]
    spearman: Interval
    pearson: Interval
    half_spearman: float
    n_splits: int
    n_blocks: int

    @property
    def reliable(self) -> bool:
        """Tell whether the order of the table's pairs would come out again: Spearman-Brown 0.9 or more."""
        return self.spearman.value >= RELIABLE

    @property
    def weak(self) -> tuple[str, ...]:
        """Names whose row is less reliable than that, the weakest first; the undefined are not among them."""
        below = [(row.value, name) for row, name in zip(self.rows, self.names, strict=True) if row.value < RELIABLE]
        return tuple(name for _, name in sorted(below))


@dataclass(frozen=True, kw_only=True)
class Disattenuation:
    """Correlations between maps as they would be without noise, beside those that noise attenuates; all (n, n).

    values       as computed, never clipped: NaN where a map does not repeat at all, 1 on the diagonal
    attenuated   r between maps of all images
    """

    names: tuple[str, ...]
    values: Floats
    attenuated: Floats
    n_splits: int

    @property
    def beyond(self) -> npt.NDArray[np.bool_]:
        """Pairs whose value is beyond 1 or -1: known to no better than that, (n, n)."""
        return np.asarray(np.abs(self.values) > 1)
