"""Split-half reliability of tables, rows and maps, and correlations freed from attenuation."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from mamviz.errors import StatisticsError
from mamviz.schema import Axis, BlockStatistics, Choices, Disattenuation, Floats, Interval, Reliability
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.stats.maps import labels_vary, split_maps, view_maps, weigh_maps
from mamviz.stats.nulls import FEWEST_BLOCKS
from mamviz.stats.replicates import replicate_correlations

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
    first = replicate_correlations(stats, choices, first_half, axis=axis)
    second = replicate_correlations(stats, choices, second_half, axis=axis)
    n = first.shape[1]
    apart = ~np.eye(n, dtype=np.bool_)
    rows = correlate_values(np.where(apart, first, np.nan), second)
    upper = np.triu_indices(n, k=1)
    pairs = first[:, upper[0], upper[1]], second[:, upper[0], upper[1]]
    spearman = correlate_values(*_ranks(*pairs))
    maps: tuple[Interval, ...] = ()
    if choices.estimand not in ("image", "across"):
        crossed = cross_halves(stats, choices, first_half, second_half, axis=axis)
        maps = tuple(_step_up(values) for values in np.diagonal(crossed, axis1=1, axis2=2).T)
    return Reliability(
        axis=axis,
        names=stats.attributes if axis == "attribute" else tuple(str(channel) for channel in range(n)),
        choices=choices,
        n_images=stats.n_images,
        rows=tuple(_step_up(values) for values in rows.T),
        maps=maps,
        spearman=_step_up(spearman),
        pearson=_step_up(correlate_values(*pairs)),
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


def split_blocks(stats: BlockStatistics, n_splits: int, *, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw random halves of the blocks with images, as weights (n_splits, B) of the one and the other.

    An odd block goes to the second half. Raises StatisticsError below 10 blocks with images, or without splits.
    """
    filled = np.flatnonzero(stats.count > 0)
    if len(filled) < FEWEST_BLOCKS or n_splits < 1:
        raise StatisticsError(
            f"Expected {FEWEST_BLOCKS} blocks with images or more and a split or more, got {len(filled)} and "
            f"{n_splits}. Extract masks of more images."
        )
    first, second = np.zeros((2, n_splits, stats.n_blocks))
    for row, other in zip(first, second, strict=True):
        order = generator.permutation(filled)
        row[order[: len(filled) // 2]] = 1.0
        other[order[len(filled) // 2 :]] = 1.0
    return first, second


def cross_halves(
    stats: BlockStatistics, choices: Choices, first: Floats, second: Floats, *, axis: Axis = "attribute"
) -> Floats:
    """Correlate each map of one half with each map of the other, over cells of the view: (n_splits, n, n).

    first, second    weights (n_splits, B); values[:, k, l] is map k of the first with map l of the second
    NaN for an attribute whose label does not vary in every half (between channels it is left out of the cells), and
    for a constant map.
    """
    whole = split_maps(stats, choices, axis=axis)
    varies = (labels_vary(whole, first) & labels_vary(whole, second)).all(axis=0)
    known = np.flatnonzero(varies)
    n = len(stats.attributes) if axis == "attribute" else stats.grid[0]
    values = np.full((len(first), n, n), np.nan)
    if len(known) == 0:
        return values
    blocks = split_maps(stats, choices, attributes=known, axis=axis)
    place = known if axis == "attribute" else np.arange(n)
    step = max(1, CHUNK_CELLS // blocks.own[0].size)
    for start in range(0, len(first), step):
        part = np.arange(start, min(start + step, len(first)))
        units = []
        for weights in (first, second):
            rows = view_maps(weigh_maps(blocks, weights[part]), choices.view, axis=axis)
            units.append(_unit(rows - rows.mean(axis=1, keepdims=True) if choices.centring == "common" else rows))
        values[np.ix_(part, place, place)] = units[0] @ units[1].swapaxes(1, 2)
    return values


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


def _ranks(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Rank what is defined in both, ties by their mean rank."""
    known = np.isfinite(first) & np.isfinite(second)
    one, two = (
        rankdata(np.where(known, values, np.nan), axis=-1, nan_policy="omit") if values.shape[-1] else values
        for values in (first, second)
    )
    return one, two


def _unit(rows: Floats) -> Floats:
    """Centre rows over cells and scale them to length 1; a row that is constant but for rounding is NaN."""
    size = np.abs(rows).max(axis=-1, keepdims=True)
    rows = rows - rows.mean(axis=-1, keepdims=True)
    length = np.sqrt(np.einsum("...p,...p->...", rows, rows))[..., None]
    return np.asarray(rows / np.where(length > 1e-6 * size, length, np.nan))


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
