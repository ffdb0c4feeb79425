"""How alike two tables of correlations are, or two sets of maps, and how alike unrelated ones would be."""

from __future__ import annotations

import numpy as np

from mamviz.schema import Floats
from mamviz.stats.agreement import pairs_of, rank_correlation

N_PERMUTATIONS = 499
UNRELATED = 0.95  # the point of the permuted ones that counts as unrelated


def compare_tables(first: Floats, second: Floats, *, generator: np.random.Generator) -> tuple[float, float]:
    """Return Spearman's correlation of two tables' pairs, and what unrelated tables reach.

    first, second   (n, n) symmetric; the diagonal and pairs that either lacks are left out
    The second figure is the 95 % point of Mantel's permutations (Mantel 1967): names of one table are permuted, so
    that pairs that share a name stay together. Both are NaN for fewer than three pairs, or a constant table.
    """
    order = generator.permuted(np.tile(np.arange(len(first)), (N_PERMUTATIONS, 1)), axis=1)
    pairs = pairs_of(first)
    value = float(rank_correlation(pairs, pairs_of(second)))
    drawn = rank_correlation(pairs[None], pairs_of(second[order[:, :, None], order[:, None, :]]))
    return value, _point(drawn)


def compare_maps(first: Floats, second: Floats, *, generator: np.random.Generator) -> tuple[float, float]:
    """Return the mean over attributes of r between their two maps, and what unrelated attributes reach.

    first, second   (attribute, cells); an attribute with a constant or undefined map is left out
    The second figure is the 95 % point over permutations of the attributes of one set. NaN where none is left.
    """
    keep = (np.ptp(first, axis=1) > 0) & (np.ptp(second, axis=1) > 0)
    if not keep.any():
        return np.nan, np.nan
    r = _standard(first[keep]) @ _standard(second[keep]).T
    places = np.arange(len(r))
    drawn = [r[places, generator.permutation(len(r))].mean() for _ in range(N_PERMUTATIONS)]
    return float(np.trace(r) / len(r)), _point(np.array(drawn))


def _point(drawn: Floats) -> float:
    drawn = drawn[np.isfinite(drawn)]
    return float(np.quantile(drawn, UNRELATED)) if len(drawn) else float("nan")


def _standard(rows: Floats) -> Floats:
    rows = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
