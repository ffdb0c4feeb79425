"""A small network far from its start, and the features that channels are ranked on."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch

from mamviz.models.network import MaskNetwork
from mamviz.pruning.part import Part
from tests.core.models.stirred import SMALL, draw_images, stirred_network

NAMES = ("Bald", "Bangs", "Male", "Young")


def make_network(*, seed: int = 0, size: int = 16, **model: Any) -> MaskNetwork:
    """Four attributes, six channels, cells of 8 x 8 pixels; `model` are settings of it."""
    network = stirred_network(dataclasses.replace(SMALL, **model), n_attributes=len(NAMES), size=size, seed=seed)
    with torch.no_grad():
        network.readout.scale.mul_(0.3)  # logits of a few units, as after training
        network.masking.mask.weight.mul_(2)  # masks that move with the features
    return network


@torch.no_grad()
def make_part(network: MaskNetwork, n_images: int = 24, *, seed: int = 0) -> Part:
    """Images of noise with labels that the network half knows; two images a person."""
    images = draw_images(n_images, size=16, seed=seed)
    logits = network.classify(images).double().numpy()
    noise = np.random.default_rng(seed).normal(size=logits.shape) * logits.std(axis=0)
    return Part(
        indices=np.arange(n_images),
        labels=(logits + noise > np.median(logits, axis=0)).astype(np.uint8),
        units=np.arange(n_images) // 2,
        features=network.extractor(images),
        attributes=NAMES,
    )


@torch.no_grad()
def sparse_part(network: MaskNetwork, n_images: int = 24, *, seed: int = 0) -> Part:
    """Features that are mostly zero, as after a ReLU, each channel with a level of its own; no image stands behind."""
    generator = torch.Generator().manual_seed(seed)
    shape = (n_images, *network.shape)
    active = torch.rand(shape, generator=generator) < 0.25
    level = 0.5 + torch.rand(network.shape[0], 1, 1, generator=generator)
    labels = np.random.default_rng(seed).integers(0, 2, (n_images, len(NAMES)), dtype=np.uint8)
    return Part(
        indices=np.arange(n_images),
        labels=labels,
        units=np.arange(n_images),
        features=3 * torch.rand(shape, generator=generator) * active * level,
        attributes=NAMES,
    )
