"""Significance of every pair of a table at once: max-T and the false discovery rate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import false_discovery_control

from mamviz.errors import StatisticsError
from mamviz.schema import Floats
from mamviz.schema.significance import NullSource, Significance

# Fisher's z of two maps that are the same but for rounding: finite, and the same in every replicate.
LARGEST_R = 1 - 1e-12

# A pair that more of the null's replicates leave undefined can't be tested.
MOST_UNDEFINED = 0.05


def test_against_null(
    correlation: npt.ArrayLike,
    null_values: npt.ArrayLike,
    *,
    null: NullSource = "shuffled labels",  # noqa: PT028
    level: float = 0.05,  # noqa: PT028
    step_down: bool = True,  # noqa: PT028
) -> Significance:
    """Compare each correlation with what a null shows in its place.

    correlation    (n, n), such as `Correlation.values`
    null_values    (R, n, n): the same table made R times where there is nothing to find
    step_down      as `adjust_by_max_t`

    Correlations of noise need not lie around 0: absolute maps summed over channels all look like where masks vary,
    with r near 1, and so do masks that share a face's shape. So the test is two-sided around the null's own mean:
    T = (z - mean of z) / (sd of z) in Fisher's z, for each pair. Mean and sd are taken over the null's values and
    the observed one together: all R + 1 are then treated alike, and p = (1 + count) / (R + 1) is exact at any R
    where the observed is one more draw from the null (Phipson & Smyth 2010). A pair that never moves has T = 0.
    The null is of nothing to find anywhere (complete): max-T holds the chance of any false pair under it.

    The diagonal is NaN; so is a pair that is undefined in the table or in more than 5 % of the null's replicates.
    Fewer undefined ones are left out for that pair. Raises StatisticsError for shapes that don't fit, R < 19
    (no p could fall to 0.05) and a level outside (0, 1).
    """
    observed, drawn = np.asarray(correlation, dtype=np.float64), np.asarray(null_values, dtype=np.float64)
    _check(observed, drawn, level)
    n = len(observed)
    upper = np.triu_indices(n, k=1)
    values = np.vstack([observed[upper], drawn[:, upper[0], upper[1]]])  # (R + 1, pair), the observed first
    known = np.isfinite(values[0]) & (np.isnan(values[1:]).mean(axis=0) <= MOST_UNDEFINED)
    values = values[:, known]
    z = np.arctanh(np.clip(values, -LARGEST_R, LARGEST_R))
    t = standardise(z)
    strength = np.abs(t)
    p = pair_p_values(strength)

    def table(found: Floats) -> Floats:
        filled = np.full((n, n), np.nan)
        rows, columns = upper[0][known], upper[1][known]
        filled[rows, columns] = filled[columns, rows] = found
        return filled

    low, high = np.nanpercentile(values[1:], [2.5, 97.5], axis=0) if known.any() else (values[0], values[0])
    return Significance(
        t=table(t[0]),
        p=table(p),
        p_max=table(adjust_by_max_t(strength, step_down=step_down)),
        q=table(control_discoveries(p)),
        null_mean=table(np.tanh(np.nanmean(z[1:], axis=0)) if known.any() else values[0]),
        null_low=table(low),
        null_high=table(high),
        n_replicates=len(drawn),
        null=null,
        level=level,
    )


# pytest takes names that begin with "test_" for tests where it finds them.
test_against_null.__test__ = False  # type: ignore[attr-defined]


def standardise(values: Floats) -> Floats:
    """Return values (R + 1, pair) as distances from their mean in standard deviations; 0 where they never move.

    NaN stays NaN, and is left out of mean and deviation.
    """
    if values.shape[1] == 0:
        return values
    centred = values - np.nanmean(values, axis=0)
    deviation = np.sqrt(np.nanmean(centred**2, axis=0))
    moves = deviation > 1e-12 * np.nanmax(np.abs(values), axis=0)
    return np.asarray(np.where(moves, centred / np.where(moves, deviation, 1.0), 0.0 * centred))


def pair_p_values(strength: Floats) -> Floats:
    """Return the p of each pair alone, (1 + count) / (R + 1): (pair,).

    strength    (R + 1, pair) |T| with the observed first; NaN replicates of a pair are left out for it
    """
    reached = (strength[1:] >= strength[0]).sum(axis=0)
    return np.asarray((1 + reached) / (1 + np.isfinite(strength[1:]).sum(axis=0)))


def adjust_by_max_t(strength: Floats, *, step_down: bool = True) -> Floats:
    """Return p-values adjusted by the largest |T| of all pairs: (pair,).

    strength     (R + 1, pair) |T| with the observed first; a NaN replicate is never the largest
    step_down    each pair is compared with the largest of the pairs not stronger than itself, and never comes out
                 below a stronger one; else with the largest of all. The first is never larger, and both call the
                 same the strongest pair.

    The pairs' own dependence is in the replicates. Source: Westfall & Young 1993, algorithms 2.5 and 2.8; holding
    the error for pairs without a relation while others have one needs their joint distribution to be that of the null
    (subset pivotality), which is approximate here.
    """
    order = np.argsort(-strength[0], kind="stable")
    ordered = np.nan_to_num(strength[:, order], nan=-np.inf)
    if step_down:
        largest = np.maximum.accumulate(ordered[1:, ::-1], axis=1)[:, ::-1]
    else:
        largest = np.broadcast_to(ordered[1:].max(axis=1, keepdims=True, initial=-np.inf), ordered[1:].shape)
    p = (1 + (largest >= ordered[0]).sum(axis=0)) / len(strength)
    adjusted = np.empty(len(order))
    adjusted[order] = np.maximum.accumulate(p)
    return adjusted


def control_discoveries(p: Floats) -> Floats:
    """Return Benjamini & Hochberg's q of p-values (pair,), NaN left out and left NaN.

    Holds the expected share of false ones among pairs with q below a level, where pairs are independent or
    positively dependent (Benjamini & Yekutieli 2001); pairs of one table share maps, which the validation allows for.
    """
    known = np.isfinite(p)
    q = np.full(p.shape, np.nan)
    if known.any():
        q[known] = false_discovery_control(p[known], method="bh")
    return q


def _check(observed: Floats, drawn: Floats, level: float) -> None:
    if observed.ndim != 2 or observed.shape[0] != observed.shape[1] or drawn.shape[1:] != observed.shape:
        raise StatisticsError(
            f"null_values: expected (replicates, n, n) for a table (n, n), got {drawn.shape} for {observed.shape}. "
            "Make the null with the choices of the table."
        )
    if not 0 < level < 1:
        raise StatisticsError(f"level: expected a number between 0 and 1, got {level}. Use 0.05.")
    if len(drawn) < 19:
        raise StatisticsError(
            f"null_values: expected 19 replicates or more, got {len(drawn)}: no p could fall to 0.05. Draw more."
        )
