"""How far two tables of correlations agree: rank correlation of their pairs, its tests, and shared top names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import stats as scipy_stats

from mamviz.errors import StatisticsError
from mamviz.schema import Correlation, Floats, Interval, MantelTest, RankBy, TopOverlap
from mamviz.stats.ranking import rank_neighbours

# Below so many blocks an interval from resampled blocks is coarse, and its limits are not given.
FEWEST_UNITS = 10

# Numbers gathered at a time in the permutation test: 64 MB.
_AT_A_TIME = 1 << 23

# A permuted table that repeats the observed one must count as equal, whatever the rounding of its sum.
_ROUNDING = 1e-12


def pairs_of(values: Floats) -> Floats:
    """Return the upper triangles (..., pair) of matrices (..., n, n), the diagonal left out."""
    rows, columns = np.triu_indices(values.shape[-1], k=1)
    return values[..., rows, columns]


def rank_correlation(first: Floats, second: Floats) -> Floats:
    """Return Spearman's correlation along the last axis, over what is defined in both.

    first, second   (..., pair); NaN is undefined
    result          (...), in [-1, 1]; NaN for fewer than three defined pairs, or constant ones. Ties share their rank.
    """
    known = ~(np.isnan(first) | np.isnan(second))
    if not known.all():  # else each is ranked as it is: one claim beside a thousand replicates only once
        first, second = (np.where(known, values, np.nan) for values in (first, second))
    x, y = _centred_ranks(first), _centred_ranks(second)
    size = np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1))
    defined = (size > 0) & (known.sum(axis=-1) >= 3)
    result: Floats = np.clip((x * y).sum(axis=-1) / np.where(defined, size, np.nan), -1.0, 1.0)
    return result


def second_order_similarity(first: Correlation, second: Correlation) -> float:
    """Return Spearman's correlation of two tables over the pairs defined in both; NaN for fewer than three.

    Raises StatisticsError where the tables are of other names.
    """
    _require_same_names(first, second)
    return float(rank_correlation(pairs_of(first.values), pairs_of(second.values)))


def agreement_interval(
    value: float, replicates: Floats, *, n_pairs: int, n_blocks: int, level: float = 0.95
) -> Interval:
    """Return a rank correlation of two tables with its interval from block bootstrap replicates.

    replicates   (R,): the same of both tables under the same draws of blocks (of draws of their own for other images)
    n_pairs      that were ranked: a correlation of 1 counts as half a step below it, as its z is infinite
    n_blocks     drawn from, the empty ones left out

    value -+ t(n_blocks - 1) standard errors on Fisher's z. What it covers is the agreement of tables computed from so
    many images, drawn anew: a table's noise lowers the agreement, and with more images it is higher. A replicate has
    twice that noise, so percentiles lie too low: in simulated pairs of tables (24 names, 64 blocks, Spearman 0.2 to
    0.99) 95 % percentiles covered in 0 to 95 of 100, these limits in 91 to 96.
    NaN limits for fewer than 10 blocks, and where more than 5 % of the replicates are undefined.
    """
    defined = replicates[~np.isnan(replicates)]
    enough = n_blocks >= FEWEST_UNITS and len(defined) >= max(2.0, 0.95 * len(replicates))
    if np.isnan(value) or not enough:
        return Interval(value, float("nan"), float("nan"))
    z, spread = float(_fisher_z(np.array(value), n_pairs)), _fisher_z(defined, n_pairs).std(ddof=1)
    # the variance over draws from n units is short of that over new units by (n - 1) / n
    reach = scipy_stats.t.ppf((1 + level) / 2, n_blocks - 1) * spread * np.sqrt(n_blocks / (n_blocks - 1))
    return Interval(value, min(value, float(np.tanh(z - reach))), max(value, float(np.tanh(z + reach))))


def mantel_test(
    first: Correlation, second: Correlation, *, n_permutations: int = 4999, generator: np.random.Generator
) -> MantelTest:
    """Test whether two tables agree more than by chance: names of one are permuted, rows and columns together.

    Pairs of a table are no independent observations, they share names; permuting names keeps that (Mantel 1967).
    The statistic is Spearman's correlation; p = (1 + permutations at least as extreme) / (n_permutations + 1),
    extreme in size for the two-sided p. Names are left out, those with most gaps first, until no pair is undefined.
    A constant table, or fewer than three names: p is NaN. Raises StatisticsError where the tables are of other names.
    """
    _require_same_names(first, second)
    kept = _whole_names(np.isnan(first.values) | np.isnan(second.values))
    n = len(kept)
    x, y = (_rank_matrix(table.values[np.ix_(kept, kept)]) for table in (first, second))
    if n < 3 or not (x.any() and y.any()):
        return MantelTest(p_greater=float("nan"), p_two_sided=float("nan"), n_permutations=n_permutations)
    rows, columns = np.triu_indices(n, k=1)
    weights = pairs_of(x)
    observed = float(weights @ pairs_of(y))
    margin = _ROUNDING * float(np.sqrt((weights @ weights) * (pairs_of(y) @ pairs_of(y))))
    greater = extreme = 0
    step = max(1, _AT_A_TIME // len(rows))
    for start in range(0, n_permutations, step):
        chunk = min(step, n_permutations - start)
        order = generator.permuted(np.tile(np.arange(n), (chunk, 1)), axis=1)
        permuted = y[order[:, rows], order[:, columns]] @ weights
        greater += int((permuted >= observed - margin).sum())
        extreme += int((np.abs(permuted) >= abs(observed) - margin).sum())
    return MantelTest(
        p_greater=(1 + greater) / (n_permutations + 1),
        p_two_sided=(1 + extreme) / (n_permutations + 1),
        n_permutations=n_permutations,
    )


def top_overlap(first: Correlation, second: Correlation, *, top: int = 5, by: RankBy = "r") -> TopOverlap:
    """Return the share of names that two tables have in common among the `top` related of each target.

    Names undefined in either table are left out of both. Where a target has fewer than `top` others, all of them
    are its top, and the share is 1. Ties are broken by name. The mean over targets is NaN where there are none.
    Raises StatisticsError where the tables are of other names, or for a top below 1.
    """
    _require_same_names(first, second)
    gone = {*first.undefined, *second.undefined}
    kept = [index for index, name in enumerate(first.names) if name not in gone]
    tables = [_restrict(table, kept) for table in (first, second)]
    ours, theirs = (rank_neighbours(table, top=top, by=by) for table in tables)
    shares = []
    for target in tables[0].names:
        one, other = ({row.name for row in ranking.of(target)} for ranking in (ours, theirs))
        shares.append(len(one & other) / max(len(one), len(other)) if one or other else float("nan"))
    n_others = len(kept) - 1
    return TopOverlap(
        top=top,
        by=by,
        targets=tables[0].names,
        shares=tuple(shares),
        mean=float(np.mean(shares)) if shares else float("nan"),
        chance=min(1.0, top / n_others) if n_others > 0 else float("nan"),
    )


def _fisher_z(r: Floats, n_pairs: int) -> Floats:
    """Return arctanh(r), finite for -1 and 1: two neighbours exchanged among n ranks take 12 / (n^3 - n) off."""
    most = 1 - 6 / max(n_pairs**3 - n_pairs, 24)
    z: Floats = np.arctanh(np.clip(r, -most, most))
    return z


def _centred_ranks(values: Floats) -> Floats:
    """Rank the defined values along the last axis, minus the mean rank; 0 where undefined."""
    ranks = scipy_stats.rankdata(values, axis=-1, nan_policy="omit")
    known = ~np.isnan(values)
    mean = (known.sum(axis=-1, keepdims=True) + 1) / 2
    centred: Floats = np.where(known, ranks - mean, 0.0)
    return centred


def _rank_matrix(values: Floats) -> Floats:
    """Return the symmetric matrix of centred ranks of the pairs, 0 on the diagonal."""
    ranks = np.zeros_like(values)
    rows, columns = np.triu_indices(len(values), k=1)
    ranks[rows, columns] = _centred_ranks(values[rows, columns])
    return ranks + ranks.T


def _whole_names(missing: npt.NDArray[np.bool_]) -> list[int]:
    """Return indices of names such that no pair of them is missing; drops the name with most gaps, again and again."""
    kept = np.arange(len(missing))
    while len(kept) and missing[np.ix_(kept, kept)].any():
        gaps = missing[np.ix_(kept, kept)].sum(axis=1)
        kept = np.delete(kept, int(np.argmax(gaps)))
    return [int(index) for index in kept]


def _restrict(table: Correlation, kept: list[int]) -> Correlation:
    return replace(
        table,
        names=tuple(table.names[index] for index in kept),
        values=table.values[np.ix_(kept, kept)],
        undefined=(),
    )


def _require_same_names(first: Correlation, second: Correlation) -> None:
    if first.names != second.names:
        raise StatisticsError(
            f"Expected two tables of the same {first.axis}s in the same order, got {len(first.names)} and "
            f"{len(second.names)}. Compare runs of the same attributes."
        )
