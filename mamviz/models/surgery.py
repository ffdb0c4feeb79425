"""Smaller networks that answer as a masked one does: channels of the features removed for good.

A channel that is removed leaves nothing behind (zero), or its mean (`ChannelMeans`): then the mask generator sees the
channel's mean map, and each attribute's logit keeps the channel's mean evidence. Both are exact: what a removed
channel leaves is constant, and is folded into the parameters that stay.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mamviz.models.cutting import cut_channels
from mamviz.models.masking import MaskGenerator, ReadoutWeights
from mamviz.models.network import MaskNetwork


@dataclass(frozen=True)
class ChannelMeans:
    """What removed channels leave behind, of all channels: features (C, H, W), evidence (K, C) summed over cells."""

    features: Tensor
    evidence: Tensor


@dataclass(frozen=True)
class Head:
    """The network after its extractor: what classifies features."""

    masking: MaskGenerator
    readout: ReadoutWeights

    def classify(self, features: Tensor) -> Tensor:
        """Return logits (n, K) of features (n, C, H, W) of the channels that the head has."""
        pooled, _ = self.masking.pool(features)
        return cast(Tensor, self.readout(pooled))


@torch.no_grad()
def prune_head(network: MaskNetwork, kept: Sequence[int], *, means: ChannelMeans | None = None) -> Head:
    """Return what classifies the channels `kept` (ascending) of the network's features.

    means   what removed channels leave behind; nothing where None

    The trunk loses inputs, the last convolution outputs, the readout weights; the trunk's own channels stay, so that
    logits are those of the network with masked features (`masked_logits`) up to float32 rounding.
    """
    channels = network.shape[0]
    index = torch.tensor(list(kept), device=network.readout.scale.device)
    masking, readout = copy.deepcopy(network.masking), copy.deepcopy(network.readout)
    if means is not None:
        _fold(masking, readout, _without(means, kept))
    trunk, mask = masking.trunk, masking.mask
    trunk.weight, trunk.in_channels = nn.Parameter(trunk.weight[:, index].clone()), len(index)
    rows = (torch.arange(network.n_attributes, device=index.device)[:, None] * channels + index).flatten()
    mask.weight, mask.bias = nn.Parameter(mask.weight[rows].clone()), nn.Parameter(mask.bias[rows].clone())
    mask.out_features = len(rows)
    readout.scale = nn.Parameter(readout.scale[..., index].clone())
    return Head(masking, readout)


@torch.no_grad()
def prune_network(network: MaskNetwork, kept: Sequence[int], *, means: ChannelMeans | None = None) -> MaskNetwork:
    """Return a new, smaller network: extractor, head, multi-label classifier and reconstructor without the others.

    kept, means   as in `prune_head`. The multi-label classifier keeps the channels' means, too; the
                  reconstructor, which pads its input, sees zero in their place.

    Its state fits what `build_network` makes of the settings with `kept`, counted in the whole extractor's channels.
    """
    head = prune_head(network, kept, means=means)
    # What is replaced is not copied: an extractor may be large.
    pruned = copy.copy(network)
    pruned._modules = dict(network._modules)
    pruned.extractor = cut_channels(network.extractor, kept, size=network.reconstructor.size)
    pruned.shape = (len(kept), *network.shape[1:])
    pruned.masking, pruned.readout = head.masking, head.readout
    index = torch.tensor(list(kept), device=network.readout.scale.device)
    pruned.multi = copy.deepcopy(network.multi)
    if means is not None:
        left = _without(means, kept).features.mean((1, 2)).to(network.multi.weight)
        pruned.multi.bias.add_(network.multi.weight @ left)
    pruned.multi.weight, pruned.multi.in_features = nn.Parameter(network.multi.weight[:, index].clone()), len(index)
    pruned.reconstructor = copy.deepcopy(network.reconstructor)
    first = cast(nn.Conv2d, pruned.reconstructor.layers[0])
    first.weight, first.in_channels = nn.Parameter(first.weight[:, index].clone()), len(index)
    pruned.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return pruned


@torch.no_grad()
def masked_logits(
    network: MaskNetwork, features: Tensor, kept: Sequence[int], *, means: ChannelMeans | None = None
) -> Tensor:
    """Return logits (n, K) of the whole network where the other channels are masked: what a pruned one must give.

    features   (n, C, H, W) of all channels

    Written from the definition, all masks made: the witness of `prune_head`, not a way to work.
    """
    keep = torch.zeros(network.shape[0], dtype=torch.bool, device=features.device)
    keep[list(kept)] = True
    left = torch.zeros_like(features[0]) if means is None else means.features.to(features)
    seen = torch.where(keep[None, :, None, None], features, left)
    weights = network.readout.scale.expand(network.n_attributes, -1)
    pooled = (network.masking(seen) * seen.unsqueeze(1)).mean((3, 4))  # (image, attribute, channel)
    evidence = pooled * weights
    rest = torch.zeros_like(weights) if means is None else means.evidence.to(weights)
    return torch.where(keep, evidence, rest).sum(2) + network.readout.bias


def _without(means: ChannelMeans, kept: Sequence[int]) -> ChannelMeans:
    """Return the means with zero for the channels that are kept, in float64."""
    features, evidence = means.features.double().clone(), means.evidence.double().clone()
    features[list(kept)] = 0
    evidence[:, list(kept)] = 0
    return ChannelMeans(features, evidence)


def _fold(masking: MaskGenerator, readout: ReadoutWeights, means: ChannelMeans) -> None:
    """Put what removed channels leave behind into the trunk's positions and the readout's bias.

    The trunk is linear and batch norm, once trained, a scale and a shift: a constant map at the trunk's input is one at
    its output.
    """
    trunk, norm = masking.trunk, masking.norm
    device = trunk.weight.device
    shift = functional.conv2d(means.features.to(device)[None], trunk.weight.double(), padding=trunk.padding)[0]
    scale = norm.weight.double() * torch.rsqrt(cast(Tensor, norm.running_var).double() + norm.eps)
    shift = shift * scale[:, None, None]
    before = 0.0 if masking.position is None else masking.position.detach().double()
    masking.position = nn.Parameter((shift + before).to(trunk.weight.dtype))
    readout.bias.add_(means.evidence.sum(1).to(readout.bias))
