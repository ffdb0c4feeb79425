"""What a network answers without some of its channels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from mamviz.errors import StatisticsError
from mamviz.models.network import MaskNetwork
from mamviz.models.surgery import ChannelMeans, prune_head
from mamviz.pruning.part import Part
from mamviz.schema import Array, Fill, Floats, Progress, PruningSettings, RemovalOrder, silent
from mamviz.stats.bootstrap import draw_counts
from mamviz.store.pieces import keep_piece

BATCH = 128  # images of a call: their features stay in cache, the head's own chunks are smaller


@dataclass(frozen=True)
class Removal:
    """Channels that go, the first first, and what they leave behind: their means, or nothing where None."""

    order: RemovalOrder
    means: ChannelMeans | None = None

    @property
    def fill(self) -> Fill:
        """Say what removed channels leave behind."""
        return fill_of(self.means)


@torch.inference_mode()
def logits_without(
    network: MaskNetwork,
    part: Part,
    kept: Sequence[int],
    *,
    means: ChannelMeans | None = None,
    batch_size: int = BATCH,
) -> Floats:
    """Return the logits (n, K) of a part's images where only the channels `kept` are left, masks made anew.

    means   what the others leave behind; nothing where None
    All channels kept give the network's own logits.
    """
    training = network.training
    network.eval()
    head = prune_head(network, kept, means=means)
    network.train(training)
    index = torch.tensor(list(kept), device=part.features.device)
    logits = np.empty((part.n_images, network.n_attributes))
    for start in range(0, part.n_images, batch_size):
        rows = slice(start, start + batch_size)
        cells = part.features[rows].permute(0, 2, 3, 1).index_select(3, index)  # channels last, as the head reads them
        logits[rows] = head.classify(cells.permute(0, 3, 1, 2)).double().cpu().numpy()
    return logits


def right_answers(
    network: MaskNetwork,
    part: Part,
    removal: Removal,
    levels: Sequence[int],
    *,
    folder: Path | None = None,
    progress: Progress = silent,
) -> npt.NDArray[np.bool_]:
    """Return which answers are right (L, n, K) once the first 0 ... C - 1 channels of a removal are gone.

    levels   (L,) how many
    folder   of the answers kept so far, None keeps nothing. Order, levels, fill and images stand in a file's name: the
             folder must be another one only where the network is, or the means
    Raises StatisticsError where the order is not of the network's channels, or a level leaves none.
    """
    _require_order(network, removal.order, levels)
    order, means = removal.order, removal.means

    def answer() -> Array:
        packed = []
        for done, removed in enumerate(levels, start=1):
            kept = sorted(order.channels[removed:])
            right = (logits_without(network, part, kept, means=means) > 0) == part.labels
            packed.append(np.packbits(right))  # 20 levels of 2,000 images and 40 attributes: 200 kB
            progress(done, len(levels), order.criterion)
        return np.array(packed)

    name = f"{order.criterion.replace(' ', '-')}-{order.draw}-{piece_name(part, means, (order.channels, *levels))}"
    packed = keep_piece(answer, folder=folder, name=name, n_rows=len(levels))
    bits = np.unpackbits(packed, axis=1, count=part.labels.size)
    return np.asarray(bits.reshape(len(levels), *part.labels.shape).astype(np.bool_))


def piece_name(part: Part, means: ChannelMeans | None, key: object) -> str:
    """Return a name that changes with the images, their labels, what removed channels leave behind, and a key."""
    digest = hashlib.sha256(repr(key).encode() + part.indices.tobytes() + np.ascontiguousarray(part.labels).tobytes())
    return f"{fill_of(means)}-{digest.hexdigest()[:12]}"


def fill_of(means: ChannelMeans | None) -> Fill:
    """Say what removed channels leave behind."""
    return "zero" if means is None else "mean"


def draw_part_counts(part: Part, settings: PruningSettings, generator: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return how often each image counts, (1 + R, n), as persons are drawn; no replicates of a single person."""
    return draw_counts(part.units, settings.n_replicates if part.n_units > 1 else 0, generator)


def _require_order(network: MaskNetwork, order: RemovalOrder, levels: Sequence[int]) -> None:
    n_channels = network.shape[0]
    if sorted(order.channels) != list(range(n_channels)) or not all(0 <= level < n_channels for level in levels):
        raise StatisticsError(
            f"Expected an order of all {n_channels} channels and levels from 0 to {n_channels - 1}, got "
            f"{len(set(order.channels))} channels and {max(levels, default=0)} removed. Order this network's channels."
        )
