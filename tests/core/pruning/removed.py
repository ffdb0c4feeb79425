"""What removals are measured against: the definition, by loops, and channels whose role is planted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from mamviz.models.network import MaskNetwork
from mamviz.models.surgery import ChannelMeans, masked_logits
from mamviz.pruning.part import Part
from mamviz.schema import Floats
from tests.core.pruning.pruned_parts import NAMES, make_network

CHANNELS = 6


@torch.no_grad()
def feature_part(network: MaskNetwork, n_images: int = 24, *, seed: int = 0) -> Part:
    """Features of about 1 that are half zeros, labels that the network half knows; two images a person."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(n_images, *network.shape, generator=generator).relu()
    part = Part(
        indices=np.arange(n_images),
        labels=np.zeros((n_images, network.n_attributes), np.uint8),
        units=np.arange(n_images) // 2,
        features=features,
        attributes=NAMES,
    )
    logits = masked(network, part, range(network.shape[0]), None)
    noise = np.random.default_rng(seed).normal(size=logits.shape) * logits.std(axis=0)
    return replace(part, labels=(logits + noise > 0).astype(np.uint8))


def loud_network(**model: Any) -> MaskNetwork:
    """A small network whose logits are a few units of either sign on features of about 1."""
    network = make_network(**model)
    with torch.no_grad():
        network.readout.scale.mul_(10)
        network.readout.scale[..., 1::2] *= -network.readout.scale[..., 1::2].sign()
        network.readout.scale[..., ::2] *= network.readout.scale[..., ::2].sign()
    return network


@torch.no_grad()
def means_of(network: MaskNetwork, part: Part) -> ChannelMeans:
    """What removed channels leave behind, image by image."""
    scale = network.readout.scale.expand(network.n_attributes, -1)
    maps, evidence = [], []
    for image in part.features:
        masks = network.masking(image[None])[0]  # (attribute, channel, height, width)
        maps.append(image)
        evidence.append((masks * image).mean((2, 3)) * scale)
    return ChannelMeans(torch.stack(maps).mean(0), torch.stack(evidence).mean(0))


def masked(network: MaskNetwork, part: Part, kept: Sequence[int], means: ChannelMeans | None) -> Floats:
    """The logits by the definition."""
    return masked_logits(network, part.features, kept, means=means).double().numpy()


def right_without(network: MaskNetwork, part: Part, gone: Sequence[int], means: ChannelMeans | None) -> Floats:
    kept = [channel for channel in range(network.shape[0]) if channel not in gone]
    return (masked(network, part, kept, means) > 0) == part.labels


@torch.no_grad()
def silence(network: MaskNetwork, channel: int, *, attributes: Sequence[int]) -> None:
    """Let some attributes not use a channel: no evidence of it, and no mask that sees it."""
    network.masking.trunk.weight[:, channel] = 0
    network.readout.scale[list(attributes), channel] = 0


def known_part(network: MaskNetwork, part: Part) -> Part:
    """The same images, labels that the network knows: its own answers."""
    logits = masked(network, part, range(network.shape[0]), None)
    return replace(part, labels=(logits > 0).astype(np.uint8))


def half_of(part: Part, half: int) -> Part:
    """One of two halves, no image and no person in both."""
    rows = np.arange(part.n_images // 2) + half * (part.n_images // 2)
    return replace(
        part, indices=part.indices[rows], labels=part.labels[rows], units=part.units[rows], features=part.features[rows]
    )


class Stop:
    """A progress that interrupts after some calls, as Ctrl-C does; None never."""

    def __init__(self, after: int | None = None) -> None:
        self.after, self.seen = after, list[tuple[int, int]]()

    def __call__(self, done: int, total: int, note: str = "") -> None:
        self.seen.append((done, total))
        if len(self.seen) == self.after:
            raise KeyboardInterrupt
