"""Block statistics as sums: label weights, merging, choosing blocks, and how many blocks to keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import CENTRINGS, VIEWS, Array, BlockStatistics, BlockSums, Floats

# As a share of a label's variance. Labels that repeat each other share their effect at any ridge; this one is
# large enough for the inverse to keep eight digits, and shrinks what can be told apart by less than 1e-4.
RIDGE = 1e-4

MOST_BLOCKS = 64
FEWEST_BLOCKS = 20  # below, an interval from resampled blocks is coarse
FILE_BYTES = 256_000_000

ROWS_AT_A_TIME = 1 << 14


@dataclass(frozen=True)
class Weighting:
    """How an image's labels give its weights w_k(n): (labels - mean) times factors.

    Over the images it was made of, column k of the weights adds up to 0, and to [k == l] when multiplied with label l.
    mean       (K)
    factors    (K, K) (Yc' Yc)^-1 of the centred labels Yc
    ridge      added to the labels' correlation matrix; 0 unless labels are collinear
    constant   columns of labels that never change: their weights are 0 and their adjusted map is undefined
    """

    mean: Floats
    factors: Floats
    ridge: float
    constant: tuple[int, ...]

    def weigh(self, labels: npt.ArrayLike) -> Floats:
        """Return the weights (n, K) of labels (n, K)."""
        return np.asarray((np.asarray(labels, dtype=np.float64) - self.mean) @ self.factors)


@dataclass(frozen=True)
class Weights:
    """Weights w_k(n) whose sums over images are least-squares maps, all other labels held fixed.

    values     (N, K) float64, as `Weighting.weigh` gives them
    ridge, constant    those of the `Weighting`
    """

    values: Floats
    ridge: float
    constant: tuple[int, ...]


def adjusted_weights(labels: npt.ArrayLike) -> Weights:
    """Return the weights of all images at once; `adjusted_weighting` says how, and what it raises."""
    weighting = adjusted_weighting(labels)
    return Weights(weighting.weigh(labels), weighting.ridge, weighting.constant)


def adjusted_weighting(labels: npt.ArrayLike) -> Weighting:
    """Return least-squares weights w = Yc (Yc' Yc)^-1 of centred labels Yc.

    labels   (image, attribute), 0 and 1 (any two numbers work); of whole numbers, no copy is made of all images

    Collinear labels (one repeats or mirrors another, or there are fewer images than attributes) take a
    small ridge; what repeats then shares its effect evenly.
    Raises StatisticsError where there is no image or a label is not finite.
    """
    table = np.asarray(labels)
    if table.ndim != 2 or len(table) == 0 or not (table.dtype.kind in "biu" or np.isfinite(table).all()):
        raise StatisticsError(
            f"labels: expected finite numbers of shape (images, attributes), got shape {table.shape}. "
            "Fill or leave out the rows without labels."
        )
    varies = table.max(axis=0) > table.min(axis=0)
    mean = table.mean(axis=0, dtype=np.float64)
    factors = np.zeros((table.shape[1], table.shape[1]))
    ridge = 0.0
    if varies.any():
        products = sum(_centred_products(table, mean), np.zeros_like(factors))[np.ix_(varies, varies)]
        norms = np.outer(*[np.sqrt(np.diagonal(products))] * 2)
        inverse, ridge = invert_correlation(products / norms)
        factors[np.ix_(varies, varies)] = inverse / norms
    return Weighting(mean, factors, ridge, tuple(int(column) for column in np.flatnonzero(~varies)))


def _centred_products(table: Array, mean: Floats) -> Iterator[Floats]:
    for start in range(0, len(table), ROWS_AT_A_TIME):
        centred = table[start : start + ROWS_AT_A_TIME] - mean
        yield centred.T @ centred


def invert_correlation(correlation: Floats) -> tuple[Floats, float]:
    """Return the inverse of labels' correlation matrix, and the ridge added where labels are collinear (else 0)."""
    ridge = RIDGE if np.linalg.eigvalsh(correlation)[0] < RIDGE else 0.0
    inverse: Floats = np.asarray(np.linalg.inv(correlation + ridge * np.eye(len(correlation))), dtype=np.float64)
    return inverse, ridge


def merge(parts: Sequence[BlockStatistics]) -> BlockStatistics:
    """Add statistics of disjoint images, block by block.

    The result does not depend on how the images were divided, up to rounding; sums are added in float64 and
    rounded once to the parts' own type, which tells later how exact they are.
    Raises StatisticsError where parts differ in attributes, grid or number of blocks, or there are none.
    """
    if not parts:
        raise StatisticsError("merge: expected at least one part, got none. Extract masks first.")
    first = parts[0]
    for number, part in enumerate(parts[1:], start=1):
        for what, expected, got in (
            ("attributes", first.attributes, part.attributes),
            ("grid", first.grid, part.grid),
            ("number of blocks", first.n_blocks, part.n_blocks),
        ):
            if expected != got:
                raise StatisticsError(
                    f"merge: part 0 has {what} {expected}, part {number} has {got}. "
                    "Extract all parts with one model and the same settings."
                )
    return _combine(parts, _add)


def select_blocks(stats: BlockStatistics, keep: npt.ArrayLike) -> BlockStatistics:
    """Keep some blocks, as in a split half or a bootstrap replicate.

    keep   (B,) booleans, or indices in [0, B); an index may come more than once
    """
    chosen = np.asarray(keep)
    if chosen.dtype == np.bool_ and chosen.shape == (stats.n_blocks,):
        chosen = np.flatnonzero(chosen)
    inside = np.issubdtype(chosen.dtype, np.integer) and bool(np.all((chosen >= 0) & (chosen < stats.n_blocks)))
    if chosen.ndim != 1 or not (inside or chosen.size == 0):
        raise StatisticsError(
            f"keep: expected {stats.n_blocks} booleans or block numbers from 0 to {stats.n_blocks - 1}, "
            f"got {chosen.dtype} of shape {chosen.shape}. Choose blocks that exist."
        )
    blocks = chosen.astype(np.intp)
    return _combine([stats], lambda arrays: arrays[0][blocks])


def number_of_blocks(n_attributes: int, n_channels: int, height: int, width: int) -> int:
    """Return how many blocks to keep: 64, fewer where the file would pass 256 MB, never under 20."""
    maps = 6 * n_attributes + 1  # three sums of each of two maps, and the features
    pairs = 2 * len(VIEWS) * (1 + 2 * len(CENTRINGS)) + 1  # attribute_gram, image_r and image_count, label_gram
    single = 4 * maps * n_channels * height * width  # float32
    double = 8 * (pairs * n_attributes**2 + 2 * n_channels**2 + 2 * n_attributes + 1)
    return max(FEWEST_BLOCKS, min(MOST_BLOCKS, FILE_BYTES // (single + double)))


def _add(arrays: Sequence[Array]) -> Array:
    total = np.array(arrays[0], dtype=np.float64)
    for array in arrays[1:]:
        total += array
    return total.astype(np.result_type(*arrays), copy=False)


def _combine(parts: Sequence[BlockStatistics], join: Callable[[Sequence[Array]], Array]) -> BlockStatistics:
    """Join the parts array by array; every array of block statistics has the block as its first axis."""

    def sums(chosen: Sequence[BlockSums]) -> BlockSums:
        return BlockSums(
            **{spec.name: join([getattr(part, spec.name) for part in chosen]) for spec in fields(BlockSums)}
        )

    return BlockStatistics(
        attributes=parts[0].attributes,
        grid=parts[0].grid,
        count=join([part.count for part in parts]),
        positives=join([part.positives for part in parts]),
        weight_sum=join([part.weight_sum for part in parts]),
        label_gram=join([part.label_gram for part in parts]),
        feature_sum=join([part.feature_sum for part in parts]),
        mask=sums([part.mask for part in parts]),
        evidence=sums([part.evidence for part in parts]),
    )
