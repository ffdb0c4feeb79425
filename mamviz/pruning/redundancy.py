"""Which channels repeat each other, and which could go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.pruning.importance import ChannelImportance, channel_importance
from mamviz.schema import RECOMMENDED, BlockStatistics, ChannelReport, ChannelRow, Choices, Correlation
from mamviz.stats.correlation import correlate_channels

# Two channels repeat each other when what they contribute rises and falls together from image to image.
ACROSS = RECOMMENDED["channel"]

TOP_ATTRIBUTES = 3


@dataclass(frozen=True)
class Duplicate:
    """A channel that repeats its group's representative with correlation `r`."""

    channel: int
    r: float


@dataclass(frozen=True)
class DuplicateGroup:
    """The most used of channels that say the same, and those that repeat it, most used first."""

    representative: int
    duplicates: tuple[Duplicate, ...]


def near_duplicates(
    correlation: Correlation, usage: npt.ArrayLike, *, threshold: float = 0.95
) -> tuple[DuplicateGroup, ...]:
    """Group channels that repeat one that is used more.

    correlation   between channels; its sign does not matter: a mirrored channel can be read with another sign
    usage         (C,), any unit; equal ones are taken in the channels' order
    threshold     |r| from which a channel repeats another, above 0 up to 1

    From the most used channel down, a channel either repeats the kept one it is closest to, or is kept itself.
    Undefined correlations repeat nothing. Only groups of two and more are returned, most used first.
    Raises StatisticsError for another threshold, or usage of other channels.
    """
    used = np.asarray(usage, dtype=np.float64)
    if not 0 < threshold <= 1:
        raise StatisticsError(f"threshold: expected above 0 up to 1, got {threshold}. 0.95 is the usual one.")
    if used.shape != (len(correlation.names),):
        raise StatisticsError(
            f"usage: expected one for each of {len(correlation.names)} channels, got the shape {used.shape}. "
            "Take correlation and usage from the same statistics."
        )
    likeness = np.nan_to_num(np.abs(correlation.values), nan=-1.0)
    groups: dict[int, list[Duplicate]] = {}
    for channel in np.argsort(-used, kind="stable").tolist():
        kept = np.fromiter(groups, dtype=np.intp, count=len(groups))
        closest = int(kept[np.argmax(likeness[channel, kept])]) if groups else channel
        if groups and likeness[channel, closest] >= threshold:
            groups[closest].append(Duplicate(channel, float(correlation.values[channel, closest])))
        else:
            groups[channel] = []
    return tuple(DuplicateGroup(kept, tuple(found)) for kept, found in groups.items() if found)


def report(
    stats: BlockStatistics, *, threshold: float = 0.95, choices: Choices = ACROSS, low_usage: float = 0.1
) -> ChannelReport:
    """Say of each channel how much it is used, what it repeats, and why it could go.

    low_usage   a channel is among the least used below this part of an even share, 1 / C of all evidence

    Rows are in the order of usage, most used first. A dead channel is no one's duplicate. Raises
    StatisticsError for fewer than two images (estimand across), or choices that channels have no sums for.
    """
    if not 0 <= low_usage <= 1:
        raise StatisticsError(
            f"low_usage: expected 0 to 1, got {low_usage}. Give a part of an even share, such as 0.1."
        )
    correlation = correlate_channels(stats, choices)
    importance = channel_importance(stats)
    groups = near_duplicates(_without(correlation, importance.dead), importance.share, threshold=threshold)
    repeats = {found.channel: (group.representative, found.r) for group in groups for found in group.duplicates}
    limit = low_usage / len(importance.share)
    rows = []
    for channel in np.argsort(-importance.share, kind="stable").tolist():
        share = float(importance.share[channel])
        representative, r = repeats.get(channel, (None, None))
        rows.append(
            ChannelRow(
                channel=channel,
                mean_mask=float(importance.mean_mask[channel]),
                usage=share,
                activation=float(importance.activation[channel]),
                top_attributes=_top_attributes(importance, channel, stats.attributes),
                duplicate_of=representative,
                duplicate_r=r,
                candidate=_reason(importance, channel, repeats.get(channel), limit),
            )
        )
    return ChannelReport(
        rows=tuple(rows), correlation=correlation, threshold=threshold, dead=importance.dead, n_images=stats.n_images
    )


def _reason(importance: ChannelImportance, channel: int, repeats: tuple[int, float] | None, limit: float) -> str | None:
    """Say in words why a channel could go."""
    share = importance.share[channel]
    if channel in importance.dead:
        return "dead: never active" if importance.activation[channel] <= 0 else "dead: active, but no attribute uses it"
    reasons = []
    if repeats is not None:
        reasons.append(f"repeats channel {repeats[0]} (r = {repeats[1]:.2f})")
    if share < limit:
        reasons.append(f"least used: {100 * share:.2g} % of all evidence")
    return "; ".join(reasons) or None


def _top_attributes(
    importance: ChannelImportance, channel: int, attributes: Sequence[str]
) -> tuple[tuple[str, float], ...]:
    """Return the attributes that use a channel most, ties by name; none for a channel without any use."""
    usage = importance.usage[:, channel]
    order = sorted(range(len(usage)), key=lambda k: (-usage[k], attributes[k]))
    return tuple((attributes[k], float(usage[k] / usage.sum())) for k in order[:TOP_ATTRIBUTES] if usage[k] > 0)


def _without(correlation: Correlation, channels: Sequence[int]) -> Correlation:
    """Leave channels' correlations undefined."""
    values = correlation.values.copy()
    values[list(channels)] = np.nan
    values[:, list(channels)] = np.nan
    return replace(correlation, values=values)
