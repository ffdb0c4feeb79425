"""Split-half reliability of tables, rows and maps, and correlations freed from attenuation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from mamviz.errors import StatisticsError
from mamviz.schema import Axis, BlockStatistics, Choices, Disattenuation, Floats, Interval, Reliability
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.stats.halves import cross_halves, repeat_maps, split_blocks
from mamviz.stats.replicates import prepare_tables

# Numbers of one array computed at once; about ten such arrays are held, 0.3 GB.
CHUNK_CELLS = 2**22

# What varies by less, as a share of its size, is constant but for rounding.
CONSTANT = 1e-12

FEWEST_VALUES = 3  # two points always lie on a line


def measure_reliability(
    stats: BlockStatistics,
    choices: Choices,
    *,
    n_splits: int = 200,
    generator: np.random.Generator,
    axis: Axis = "attribute",
) -> Reliability:
    """Split the blocks into halves again and again, and say how far what they show agrees.

    Each r between halves is averaged over splits and stepped up to all images: 2 r / (1 + r) (Spearman 1910, Brown
    1910). Its range holds the middle 95 % of splits. Rows and tables need three values that are defined in both
    halves; splits without them are left out, and where none has them the value is NaN. A map is NaN where its label
    does not vary in every half. The two halves are images of the same network: other seeds are another matter.
    Raises StatisticsError below 10 blocks with images, and for choices that `axis` has no sums for.
    """
    first_half, second_half = split_blocks(stats, n_splits, generator=generator)
    tables = prepare_tables(stats, choices, axis=axis)
    n = len(stats.attributes) if axis == "attribute" else stats.grid[0]
    step = max(1, CHUNK_CELLS // max(n, 1) ** 2)
    agreement = [
        _compare_halves(tables(first_half[start : start + step]), tables(second_half[start : start + step]))
        for start in range(0, n_splits, step)
    ]
    rows, spearman, pearson = (np.concatenate([getattr(part, name) for part in agreement]) for name in _TABLE)
    maps: tuple[Interval, ...] = ()
    if choices.estimand not in ("image", "across"):
        maps = tuple(_step_up(values) for values in repeat_maps(stats, choices, first_half, second_half, axis=axis).T)
    return Reliability(
        axis=axis,
        names=stats.attributes if axis == "attribute" else tuple(str(channel) for channel in range(n)),
        choices=choices,
        n_images=stats.n_images,
        rows=tuple(_step_up(values) for values in rows.T),
        maps=maps,
        spearman=_step_up(spearman),
        pearson=_step_up(pearson),
        half_spearman=_mean(spearman),
        n_splits=n_splits,
        n_blocks=int((stats.count > 0).sum()),
    )


def disattenuate(
    stats: BlockStatistics,
    choices: Choices,
    *,
    n_splits: int = 200,
    generator: np.random.Generator,
    axis: Axis = "attribute",
) -> Disattenuation:
    """Return correlations between maps freed from the noise of finitely many images.

    r_kl / sqrt(r_kk r_ll), each r between a map of one half and a map of the other, averaged over splits and over
    both ways (Spearman 1904). Dividing the r of all images by map reliabilities would take for granted that errors of
    two maps are independent; maps of the same images share theirs, those of two halves do not.

    Values beyond 1 are kept (`beyond`). A map that does not repeat (mean r of 0 or less) has NaN row and column.
    Raises StatisticsError for absolute maps: their noise is not lost in the sum but adds to every cell, the same where
    masks vary, so that neither r nor reliability has the part that the formula takes out; and for the estimands image
    and across, which have no map. Raises it as `measure_reliability` too.
    """
    if choices.sign == "absolute" or choices.estimand in ("image", "across"):
        raise StatisticsError(
            f"Only signed maps can be freed from attenuation, got sign {choices.sign!r} and estimand "
            f"{choices.estimand!r}. Use --sign signed with mean, contrast or adjusted, or compare with "
            "the null of shuffled labels instead."
        )
    crossed = cross_halves(stats, choices, *split_blocks(stats, n_splits, generator=generator), axis=axis)
    mean = crossed.mean(axis=0)
    own = np.diag(mean)
    deviation = np.sqrt(np.where(own > 0, own, np.nan))
    values = (mean + mean.T) / 2 / np.outer(deviation, deviation)
    correlate = correlate_attributes if axis == "attribute" else correlate_channels
    table = correlate(stats, choices)
    return Disattenuation(names=table.names, values=values, attenuated=table.values, n_splits=n_splits)


def correlate_values(first: Floats, second: Floats) -> Floats:
    """Return Pearson's r over the last axis, of what is defined in both: the other axes.

    NaN where fewer than three values are, or those of one side are constant.
    """
    known = np.isfinite(first) & np.isfinite(second)
    count = known.sum(axis=-1)
    enough = count >= FEWEST_VALUES
    units = []
    for values in (first, second):
        filled = np.where(known, values, 0.0)
        mean = filled.sum(axis=-1, keepdims=True) / np.maximum(count, 1)[..., None]
        centred = np.where(known, filled - mean, 0.0)
        size, length = (np.sqrt(np.einsum("...i,...i->...", each, each)) for each in (filled, centred))
        varies = enough & (length > CONSTANT * size)
        units.append(centred / np.where(varies, length, np.nan)[..., None])
    return np.asarray(np.einsum("...i,...i->...", units[0], units[1]))


@dataclass(frozen=True)
class _HalvesAgreement:
    """How far two halves agree in some splits: rows (split, n), spearman and pearson of all pairs (split,)."""

    rows: Floats
    spearman: Floats
    pearson: Floats


_TABLE = ("rows", "spearman", "pearson")


def _compare_halves(first: Floats, second: Floats) -> _HalvesAgreement:
    """Compare tables (split, n, n) of the one half with those of the other."""
    n = first.shape[1]
    upper = np.triu_indices(n, k=1)
    pairs = first[:, upper[0], upper[1]], second[:, upper[0], upper[1]]
    first[:, np.arange(n), np.arange(n)] = np.nan  # r with itself is no agreement
    return _HalvesAgreement(
        rows=correlate_values(first, second),
        spearman=correlate_values(*_ranks(*pairs)),
        pearson=correlate_values(*pairs),
    )


def _ranks(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Rank what is defined in both, ties by their mean rank."""
    known = np.isfinite(first) & np.isfinite(second)
    ranks = np.full((2, *first.shape), np.nan)
    for split, defined in enumerate(known):
        for rank, values in zip(ranks[:, split], (first[split], second[split]), strict=True):
            rank[defined] = _rank(values[defined])
    return ranks[0], ranks[1]


def _rank(values: Floats) -> Floats:
    """Rank values (n,); half a million pairs hardly ever tie, and then take half of what scipy's ranks do."""
    order = np.argsort(values)
    ordered = values[order]
    if (ordered[1:] == ordered[:-1]).any():
        return np.asarray(rankdata(values))
    rank = np.empty(len(values))
    rank[order] = np.arange(1.0, len(values) + 1)
    return rank


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _step_up(values: Floats) -> Interval:
    """Average r over splits and step it up to twice the images."""
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    r = np.array([known.mean(), *np.percentile(known, [2.5, 97.5])])
    with np.errstate(divide="ignore"):  # r = -1 gives -inf: halves that contradict each other
        value, low, high = 2 * r / (1 + r)
    return Interval(float(value), float(low), float(high))
