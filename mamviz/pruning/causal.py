"""Whether what masks say of a channel is what happens without it: each channel removed alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mamviz.errors import StatisticsError
from mamviz.models.network import MaskNetwork
from mamviz.models.surgery import ChannelMeans
from mamviz.pruning.part import Part
from mamviz.pruning.removal import draw_part_counts, fill_of, logits_without, piece_name
from mamviz.schema import Array, CausalCheck, Floats, Interval, Progress, PruningSettings, silent
from mamviz.stats.agreement import agreement_interval, rank_correlation
from mamviz.stats.bootstrap import weigh_means
from mamviz.store.pieces import keep_piece

# A change of logits below this share of their mean size is what float32 leaves of none.
ROUNDING = 1e-5

# Numbers ranked at a time: 32 MB, and a few copies.
_AT_A_TIME = 1 << 22


@dataclass(frozen=True, kw_only=True)
class _Effects:
    """Means over images under each weighting: effect and loss_rise (1 + R, K, C), accuracy (K, C).

    float32: of 40 attributes, 512 channels and 1,000 replicates 82 MB each; the images' own values are kept for one
    channel at a time.
    """

    effect: Array
    loss_rise: Array
    accuracy: Floats
    size: float


def check_claim(
    network: MaskNetwork,
    part: Part,
    claim: Floats,
    *,
    means: ChannelMeans | None = None,
    settings: PruningSettings,
    generator: np.random.Generator,
    folder: Path | None = None,
    progress: Progress = silent,
) -> CausalCheck:
    """Remove each channel alone, masks made anew, and compare what changes with what the masks say.

    claim      (K, C) usage on other images: `importance.channel_importance(...).usage`
    means      what a removed channel leaves behind, of those other images; nothing where None. Where nothing is left,
               part of the effect is the claim by arithmetic: the evidence itself is gone. Where the mean is left, it
               is what the evidence varies by, and what other channels' masks make of it
    folder     of the channels that are done, kept for a job that goes on; another one where the network or means are

    The time is that of classifying the part C times: `draw_images` of it are enough where that is long.
    Intervals resample persons (or images), see `agree`; the claim is fixed.
    Raises StatisticsError where the claim is of other attributes or channels.
    """
    if claim.shape != (network.n_attributes, network.shape[0]):
        raise StatisticsError(
            f"claim: expected a number for each of {network.n_attributes} attributes and {network.shape[0]} channels, "
            f"got the shape {claim.shape}. Observe this network's channels."
        )
    counts = draw_part_counts(part, settings, generator)
    found = _remove_each(network, part, counts, means=means, folder=folder, progress=progress)
    effect = found.effect[0].astype(np.float64)
    told = claim.any(axis=0) & (effect > ROUNDING * found.size).any(axis=0)
    asked, effects, rises = claim[:, told], found.effect[:, :, told], found.loss_rise[:, :, told]
    return CausalCheck(
        fill=fill_of(means),
        attributes=part.attributes,
        claim=claim,
        effect=effect,
        loss_rise=found.loss_rise[0].astype(np.float64),
        accuracy=found.accuracy,
        pairs=agree(asked.reshape(1, -1), effects.reshape(len(effects), 1, -1), part.n_units, level=settings.level),
        within=agree(asked, effects, part.n_units, level=settings.level),
        loss_within=agree(asked, rises, part.n_units, level=settings.level),
        n_images=part.n_images,
    )


def _remove_each(
    network: MaskNetwork,
    part: Part,
    counts: Floats,
    *,
    means: ChannelMeans | None,
    folder: Path | None,
    progress: Progress,
) -> _Effects:
    (n_attributes, n_channels), labels = (network.n_attributes, network.shape[0]), part.labels.astype(np.float64)
    everything = range(n_channels)
    before = logits_without(network, part, everything)
    effect = np.empty((len(counts), n_attributes, n_channels), dtype=np.float32)
    rise, accuracy = np.empty_like(effect), np.empty((n_attributes, n_channels))
    for channel in everything:

        def remove(channel: int = channel) -> Array:
            kept = [other for other in everything if other != channel]
            return logits_without(network, part, kept, means=means).astype(np.float32)

        name = f"without-{channel}-{piece_name(part, means, channel)}"
        after = keep_piece(remove, folder=folder, name=name, n_rows=part.n_images).astype(np.float64)
        effect[:, :, channel] = weigh_means(np.abs(after - before), counts)
        rise[:, :, channel] = weigh_means(cross_entropy(after, labels) - cross_entropy(before, labels), counts)
        accuracy[:, channel] = (((after > 0) == labels) * 1.0 - ((before > 0) == labels)).mean(axis=0)
        progress(channel + 1, n_channels, f"without one channel, {fill_of(means)} left behind")
    return _Effects(effect=effect, loss_rise=rise, accuracy=accuracy, size=float(np.abs(before).mean()))


def cross_entropy(logits: Floats, labels: Floats) -> Floats:
    """Return the binary cross entropy of each answer, nats; labels 0 or 1 of the logits' shape."""
    entropy: Floats = np.logaddexp(0.0, logits) - labels * logits
    return entropy


def agree(claim: Floats, found: Array, n_units: int, *, level: float) -> Interval:
    """Return the mean over rows of Spearman's correlation of claim (rows, P) and found (1 + R, rows, P).

    found   the value itself, then its replicates of n_units persons
    A row whose claim or effect is constant is left out of the mean; NaN where all are. The noise of found lowers the
    correlation, twice in a replicate, so limits are standard errors on Fisher's z: see `agreement_interval`.
    """
    step = max(1, _AT_A_TIME // max(1, claim.size))
    parts = [
        rank_correlation(claim, found[start : start + step].astype(np.float64)) for start in range(0, len(found), step)
    ]
    r = np.concatenate(parts)  # (1 + R, rows)
    known = np.isfinite(r)
    n_known = known.sum(axis=1)
    mean = np.where(n_known > 0, np.where(known, r, 0.0).sum(axis=1) / np.maximum(n_known, 1), np.nan)
    return agreement_interval(float(mean[0]), mean[1:], n_pairs=claim.shape[-1], n_blocks=n_units, level=level)


def draw_images(part: Part, n_images: int, generator: np.random.Generator) -> Part:
    """Draw images of a part without replacement, in its order; all of them where it has no more."""
    if n_images >= part.n_images:
        return part
    rows = np.sort(generator.choice(part.n_images, n_images, replace=False))
    return replace(
        part, indices=part.indices[rows], labels=part.labels[rows], units=part.units[rows], features=part.features[rows]
    )
