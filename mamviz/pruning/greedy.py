"""Greedy exact removal: at each step the channel whose removal costs least, every mask made anew.

The oracle that cheap criteria are measured against. Of a candidate nothing is computed but what it changes: the trunk
is linear and batch norm, once trained, a scale and a shift, so a channel's part in the hidden features is a convolution
of that channel alone; and cells that it does not reach keep their evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mamviz.models.masking import cells_last
from mamviz.models.network import MaskNetwork
from mamviz.models.surgery import ChannelMeans
from mamviz.pruning.part import Part
from mamviz.schema import Progress, silent

MASKS_AT_A_TIME = 1 << 18  # in float32 they stay in a core's cache, from the product to the sum


@dataclass(frozen=True)
class _Trial:
    """What removals are tried on: features (n, C, H, W), labels (n, K), and what a removed channel leaves behind."""

    network: MaskNetwork
    features: Tensor
    labels: Tensor
    means: ChannelMeans


@dataclass(frozen=True)
class _Layer:
    """What reads kept channels: weight (K * kept, T) and bias of the masks, scale (1 or K, kept) of the readout / P."""

    weight: Tensor
    bias: Tensor
    scale: Tensor


@dataclass(frozen=True)
class _State:
    """The network with some channels removed; R = n * P cells, image after image, T hidden channels.

    hidden (R, T) before the ReLU; features (R, kept); evidence (R, K) summed over channels; logits (n, K)
    """

    layer: _Layer
    hidden: Tensor
    features: Tensor
    evidence: Tensor
    logits: Tensor


def remove_greedily(
    network: MaskNetwork,
    part: Part,
    *,
    means: ChannelMeans | None = None,
    n_images: int = 256,
    progress: Progress = silent,
) -> tuple[int, ...]:
    """Return all channels in the order in which removing one more raises the binary cross entropy least.

    means      what removed channels leave behind; nothing where None
    n_images   the part's first images, on which the loss is measured

    Of equal losses the lower number goes first. The time grows with C^3 K T and with the number of active cells.
    """
    gone: list[int] = []
    for channel in iterate_greedily(network, part, means=means, n_images=n_images):
        gone.append(channel)
        progress(len(gone), network.shape[0], f"channel {channel} goes")
    return tuple(gone)


def iterate_greedily(
    network: MaskNetwork,
    part: Part,
    *,
    means: ChannelMeans | None = None,
    n_images: int = 256,
    gone: Sequence[int] = (),
) -> Iterator[int]:
    """Yield the channels of `remove_greedily` one by one, as they are found.

    gone   channels of an interrupted removal, in their order: those that follow are yielded
    """
    features = part.features[:n_images]
    trial = _Trial(
        network,
        features,
        torch.from_numpy(part.labels[:n_images]).to(features.device, torch.float64),
        means
        or ChannelMeans(torch.zeros_like(features[0]), features.new_zeros(network.n_attributes, network.shape[0])),
    )
    kept = [channel for channel in range(network.shape[0]) if channel not in set(gone)]
    while kept:
        channel = kept[int(np.argmin(_losses(trial, kept)))] if len(kept) > 1 else kept[0]
        kept.remove(channel)
        yield channel


@torch.no_grad()
def _losses(trial: _Trial, kept: Sequence[int]) -> list[float]:
    """Return the binary cross entropy without each of the kept channels."""
    state = _prepare(trial, kept)
    masking, n_cells = trial.network.masking, trial.features[0, 0].numel()
    kernel, padding = cast(tuple[int, int], masking.trunk.kernel_size), cast(tuple[int, int], masking.trunk.padding)
    norm = cast(Tensor, masking.norm.weight) * torch.rsqrt(cast(Tensor, masking.norm.running_var) + masking.norm.eps)
    losses = []
    for place, channel in enumerate(kept):
        own = trial.features[:, channel, None]  # (image, 1, height, width)
        change = trial.means.features[channel] - own
        weight = masking.trunk.weight[:, channel, None] * norm[:, None, None, None]
        moved = functional.conv2d(change, weight, padding=padding)
        seen = functional.max_pool2d(change.abs(), kernel, stride=1, padding=padding) > 0
        rows = (seen | (own != 0)).flatten().nonzero()[:, 0]
        features = state.features[rows]
        features[:, place] = 0
        evidence = _read(state.layer, state.hidden[rows] + cells_last(moved).flatten(0, 1)[rows], features)
        logits = state.logits + trial.means.evidence[:, channel]
        logits = logits.index_add(0, rows // n_cells, evidence - state.evidence[rows])
        losses.append(float(functional.binary_cross_entropy_with_logits(logits, trial.labels)))
    return losses


def _prepare(trial: _Trial, kept: Sequence[int]) -> _State:
    """Return the network with the kept channels alone, on all images."""
    masking, readout = trial.network.masking, trial.network.readout
    n_attributes, (channels, height, width) = trial.network.n_attributes, trial.network.shape
    index = torch.tensor(list(kept), device=trial.features.device)
    removed = torch.ones(channels, dtype=torch.bool, device=index.device)
    removed[index] = False
    hidden = masking.trunk(torch.where(removed[:, None, None], trial.means.features, trial.features))
    norm = masking.norm  # in evaluation, whatever mode the network is in
    hidden = functional.batch_norm(
        hidden, norm.running_mean, norm.running_var, norm.weight, norm.bias, training=False, eps=norm.eps
    )
    if masking.position is not None:
        hidden = hidden + masking.position
    layer = _Layer(
        weight=masking.mask.weight.view(n_attributes, channels, -1)[:, index].flatten(0, 1),
        bias=masking.mask.bias.view(n_attributes, channels)[:, index].flatten(),
        scale=readout.scale.view(-1, channels)[:, index] / (height * width),
    )
    rows, features = cells_last(hidden).flatten(0, 1), cells_last(trial.features).flatten(0, 1)[:, index]
    evidence = _read(layer, rows, features)
    left = trial.means.evidence[:, removed].double().sum(1)
    logits = evidence.view(len(trial.features), -1, n_attributes).sum(1) + left + readout.bias
    return _State(layer, rows, features, evidence, logits)


def _read(layer: _Layer, hidden: Tensor, features: Tensor) -> Tensor:
    """Return evidence (rows, K) summed over kept channels, float64; hidden (rows, T) before the ReLU."""
    channels = features.shape[1]
    evidence = features.new_empty(len(features), len(layer.bias) // channels, dtype=torch.float64)
    step = max(1, MASKS_AT_A_TIME // len(layer.bias))
    for start in range(0, len(features), step):
        part = slice(start, start + step)
        masks = torch.addmm(layer.bias, torch.relu(hidden[part]), layer.weight.T).sigmoid_()
        masks = masks.view(-1, evidence.shape[1], channels)
        evidence[part] = masks.mul_(features[part, None] * layer.scale).sum(2)
    return evidence
