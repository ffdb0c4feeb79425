"""Partial correlations: what is left of each pair when all others are held fixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mamviz.errors import StatisticsError
from mamviz.schema import Floats
from mamviz.stats.moments import RIDGE

# A matrix whose smallest eigenvalue is below this is singular up to rounding.
SINGULAR = 1e-10


@dataclass(frozen=True)
class Partial:
    """Partial correlations (..., K, K), and the ridge (...) that was added to the diagonal of what they are made of."""

    values: Floats
    ridge: Floats


def partial_correlations(values: Floats, *, ridge: float | None = None) -> Partial:
    """Return the correlation of every pair that is left when all others are held fixed.

    values   (..., K, K) correlations; rows that are all NaN stay NaN, the others are computed without them
    ridge    added to the diagonal, the same as shrinking r by 1 / (1 + ridge); None adds `moments.RIDGE` to a
             matrix whose smallest eigenvalue is below it, as the adjusted weights do, and nothing to others

    From the inverse P: -P_kl / sqrt(P_kk P_ll) (Whittaker 1990, ch. 5); ones on the diagonal. A matrix with other gaps
    is NaN throughout. Raises StatisticsError for a matrix that is singular and stays so with `ridge`: correlations
    over fewer cells than attributes, or minus the part that all share.
    """
    n = values.shape[-1]
    gone = np.asarray(np.isnan(values).all(axis=-1))
    hidden = gone[..., :, None] | gone[..., None, :]
    broken = np.asarray(np.isnan(np.where(hidden, 0, values)).any(axis=(-1, -2)))
    hidden = hidden | broken[..., None, None]
    full = np.where(hidden, np.eye(n), values)
    smallest = np.linalg.eigvalsh(full)[..., 0]
    added = np.where(smallest < RIDGE, RIDGE, 0.0) if ridge is None else np.full(smallest.shape, float(ridge))
    if (smallest + added < SINGULAR).any():
        raise StatisticsError(
            f"partial correlations: expected {n} maps that differ over more than {n} cells, got a singular matrix "
            f"(smallest eigenvalue {float(smallest.min()):.1e}). Use a larger ridge, or a view with more cells."
        )
    inverse = np.linalg.inv(full + added[..., None, None] * np.eye(n))
    scale = np.sqrt(np.diagonal(inverse, axis1=-2, axis2=-1))
    result = np.clip(-inverse / (scale[..., :, None] * scale[..., None, :]), -1.0, 1.0)
    result[..., np.arange(n), np.arange(n)] = 1.0
    return Partial(np.where(hidden, np.nan, result), added)
