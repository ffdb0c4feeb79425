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

# Numbers of one array looked at at once; about ten such arrays are held, 0.2 GB.
CHUNK_NUMBERS = 2**21

# What is told of each pair alone, as fields of Significance.
_ALONE = ("t", "p", "null_mean", "null_low", "null_high")

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
    upper = np.triu_indices(len(observed), k=1)
    return compare_pairs(observed, drawn[:, upper[0], upper[1]], null=null, level=level, step_down=step_down)


def compare_pairs(
    observed: Floats,
    drawn: Floats,
    *,
    null: NullSource = "shuffled labels",
    level: float = 0.05,
    step_down: bool = True,
) -> Significance:
    """Compare correlations (n, n) with a null of each pair once (R, pairs), as `test_against_null` says.

    drawn    in the order of `np.triu_indices`, such as `null_pairs`: half as large as whole tables
    Raises StatisticsError as that one.
    """
    n = len(observed)
    upper = np.triu_indices(n, k=1)
    _check_pairs(drawn, len(upper[0]), level)
    known = np.isfinite(observed[upper])
    known &= sum((np.isnan(row) for row in drawn), np.zeros(len(known))) / len(drawn) <= MOST_UNDEFINED
    places = np.flatnonzero(known)
    found = np.full((len(_ALONE), len(places)), np.nan)
    strength = np.empty((len(drawn) + 1, len(places)))
    step = max(1, CHUNK_NUMBERS // len(strength))
    for start in range(0, len(places), step):
        part = slice(start, start + step)
        chosen = places[part]
        values = np.vstack([observed[upper][chosen], drawn[:, chosen]])  # (R + 1, pair), the observed first
        z = np.arctanh(np.clip(values, -LARGEST_R, LARGEST_R))
        t = standardise(z)
        strength[:, part] = np.abs(t)
        # numpy's nanpercentile goes column by column: half a minute for half a million pairs
        quantiles = np.nanpercentile if np.isnan(values).any() else np.percentile
        low, high = quantiles(values[1:], [2.5, 97.5], axis=0)
        found[:, part] = t[0], pair_p_values(strength[:, part]), np.tanh(np.nanmean(z[1:], axis=0)), low, high

    def table(values: Floats) -> Floats:
        filled = np.full((n, n), np.nan)
        rows, columns = upper[0][known], upper[1][known]
        filled[rows, columns] = filled[columns, rows] = values
        return filled

    alone = {name: table(values) for name, values in zip(_ALONE, found, strict=True)}
    return Significance(
        **alone,
        p_max=table(adjust_by_max_t(strength, step_down=step_down)),
        q=table(control_discoveries(found[_ALONE.index("p")])),
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
    observed = np.nan_to_num(strength[0][order], nan=-np.inf)
    reached = np.zeros(len(order))
    for replicate in strength[1:]:
        ordered = np.nan_to_num(replicate[order], nan=-np.inf)
        largest = np.maximum.accumulate(ordered[::-1])[::-1] if step_down else ordered.max(initial=-np.inf)
        reached += largest >= observed
    p = (1 + reached) / len(strength)
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
    _check_pairs(drawn, None, level)


def _check_pairs(drawn: Floats, n_pairs: int | None, level: float) -> None:
    if n_pairs is not None and (drawn.ndim != 2 or drawn.shape[1] != n_pairs):
        raise StatisticsError(
            f"drawn: expected (replicates, {n_pairs} pairs), got {drawn.shape}. Make the null with the table's choices."
        )
    if not 0 < level < 1:
        raise StatisticsError(f"level: expected a number between 0 and 1, got {level}. Use 0.05.")
    if len(drawn) < 19:
        raise StatisticsError(
            f"null_values: expected 19 replicates or more, got {len(drawn)}: no p could fall to 0.05. Draw more."
        )
