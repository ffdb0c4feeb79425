"""Shares and means of images under resampled persons, all replicates at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mamviz.schema import Array, Floats, Interval
from mamviz.stats.resampling import draw_units

LEVEL = 0.95


def draw_counts(units: Array, n_replicates: int, generator: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return how often each image counts, (1 + R, n): once, then as its person is drawn."""
    _, place = np.unique(units, return_inverse=True)
    counts = draw_units(int(place.max()) + 1, n_replicates, generator)
    return np.vstack([np.ones((1, len(units))), counts[:, place]])


def weigh_means(values: Floats, counts: Floats, *, among: Floats | None = None) -> Floats:
    """Return the means of values (n, M) under each weighting, (1 + R, M).

    among   (n, M) or None: 1 for the images that a mean is over; NaN where there is none
    """
    among = np.ones_like(values) if among is None else among
    size = counts @ among
    return np.asarray(np.divide(counts @ (values * among), size, out=np.full(size.shape, np.nan), where=size > 0))


def to_interval(replicates: Floats, *, level: float = LEVEL) -> Interval:
    """Return the percentile interval of (1 + R,), whose first is the value itself; undefined replicates are left out.

    NaN limits without replicates.
    """
    value, drawn = float(replicates[0]), replicates[1:][np.isfinite(replicates[1:])]
    if np.isnan(value) or not len(drawn):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))
