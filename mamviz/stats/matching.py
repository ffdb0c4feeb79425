"""How alike the features of two networks are: linear CKA, and their channels matched one to one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from mamviz.errors import StatisticsError
from mamviz.schema import Correlation, FeatureProducts, Floats, Matching

# A channel is constant where its variance is below this share of its mean square: what float64 sums leave.
_CONSTANT = 1e-12


def linear_cka(products: FeatureProducts, first: int = 0, second: int = 1) -> float:
    """Return linear centred kernel alignment of two networks' features, in [0, 1].

    first, second   numbers of the networks in `products`

    |Y'X|^2 / (|X'X| |Y'Y|), Frobenius norms of centred features (observation, channel); Kornblith et al. 2019,
    arXiv 1905.00414, section 3. Unchanged by rotating channels and by scaling all of them, not by scaling one.
    Biased upwards with few observations: for unrelated features of n observations it is about C / n, not 0, so take
    many more observations than channels. NaN where the features of one network are constant.
    """
    ours, theirs = products.slice_of(first), products.slice_of(second)
    covariance = _covariance(products)
    norm = np.linalg.norm(covariance[ours, ours]) * np.linalg.norm(covariance[theirs, theirs])
    return float(np.linalg.norm(covariance[theirs, ours]) ** 2 / norm) if norm > 0 else float("nan")


def match_channels(products: FeatureProducts, first: int = 0, second: int = 1) -> Matching:
    """Match the channels of two networks one to one, with the largest total correlation of their features.

    Pearson's r over observations; the assignment is the best of all (linear sum assignment), not a greedy one. Where
    one network has more channels, the rest of it stays unmatched; so do channels that are constant.
    """
    ours, theirs = products.slice_of(first), products.slice_of(second)
    covariance = _covariance(products)
    deviation = np.sqrt(np.diag(covariance))
    a, b = np.flatnonzero(deviation[ours]), np.flatnonzero(deviation[theirs])
    scale = np.outer(deviation[ours][a], deviation[theirs][b])
    r = np.clip(covariance[ours, theirs][np.ix_(a, b)] / scale, -1.0, 1.0)
    rows, columns = linear_sum_assignment(r, maximize=True)
    matched = tuple(int(channel) for channel in a[rows]), tuple(int(channel) for channel in b[columns])
    return Matching(
        first=matched[0],
        second=matched[1],
        r=tuple(float(value) for value in r[rows, columns]),
        unmatched_first=_others(products.channels[first], matched[0]),
        unmatched_second=_others(products.channels[second], matched[1]),
    )


def merge_products(first: FeatureProducts, second: FeatureProducts) -> FeatureProducts:
    """Add sums of disjoint images; raises StatisticsError where they are of networks of other widths."""
    if first.channels != second.channels:
        raise StatisticsError(
            f"Expected products of networks with channels {first.channels}, got {second.channels}. "
            "Sum both with the same networks."
        )
    return replace(
        first,
        n_images=first.n_images + second.n_images,
        count=first.count + second.count,
        total=first.total + second.total,
        gram=first.gram + second.gram,
    )


def pick_channels(table: Correlation, channels: tuple[int, ...]) -> Correlation:
    """Return a table of some channels in the order given, named by their place: of matched channels 0, 1, 2, ..."""
    names = tuple(str(place) for place in range(len(channels)))
    places = np.array(channels, dtype=np.intp)  # of an empty tuple too
    values = table.values[np.ix_(places, places)]
    undefined = tuple(name for name, channel in zip(names, channels, strict=True) if str(channel) in table.undefined)
    return replace(table, names=names, values=values, undefined=undefined)


def _covariance(products: FeatureProducts) -> Floats:
    """Centre the products; rows and columns of constant channels are exactly 0.

    Raises StatisticsError for fewer than two observations.
    """
    if products.count < 2:
        raise StatisticsError(f"Expected features of at least 2 observations, got {products.count}. Give more images.")
    covariance = products.gram - np.outer(products.total, products.total) / products.count
    varies = np.diag(covariance) > _CONSTANT * np.diag(products.gram)
    kept: Floats = np.where(varies[:, None] & varies[None, :], covariance, 0.0)
    return kept


def _others(n_channels: int, matched: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(channel for channel in range(n_channels) if channel not in matched)
