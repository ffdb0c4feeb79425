"""How often each unit is drawn in a bootstrap replicate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError


def draw_units(n_units: int, n_replicates: int, generator: np.random.Generator) -> npt.NDArray[np.int32]:
    """Draw units with replacement and return how often each came, (replicate, unit).

    A unit is an image, or an identity with all its images. Every row adds up to `n_units`. Replicates are
    drawn one after the other: two calls for 10 give the same as one for 20.
    Raises StatisticsError where there is no unit.
    """
    if n_units < 1 or n_replicates < 0:
        raise StatisticsError(
            f"Expected at least 1 unit and 0 replicates, got {n_units} and {n_replicates}. Evaluate on more images."
        )
    counts = np.empty((n_replicates, n_units), dtype=np.int32)
    for row in counts:
        row[:] = np.bincount(generator.integers(n_units, size=n_units), minlength=n_units)
    return counts
