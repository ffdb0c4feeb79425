"""A small network far from its start, and a sample of images that it sees."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from mamviz.models.network import MaskNetwork
from mamviz.sanity.sample import Sample
from mamviz.schema import Floats
from mamviz.stats.moments import adjusted_weights
from tests.core.models.stirred import SMALL, stirred_network

NAMES = ("Bald", "Bangs", "Male", "Young", "Hat", "Smile")


def make_network(*, readout: str = "shared", seed: int = 0) -> MaskNetwork:
    """Six attributes, six channels, 2 x 2 cells of 16 px images."""
    config = dataclasses.replace(SMALL, readout=readout)
    network = stirred_network(config, n_attributes=len(NAMES), size=16, seed=seed)
    with torch.no_grad():
        network.readout.scale.mul_(0.02)  # logits of a few units, as after training
    return network


def make_sample(n_images: int = 40, *, seed: int = 0, labels: np.ndarray | None = None) -> Sample:
    """Images of noise; two images a person."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n_images, 16, 16, 3), dtype=np.uint8)
    if labels is None:
        labels = (rng.random((n_images, len(NAMES))) < 0.5).astype(np.uint8)
    return Sample(
        indices=np.arange(n_images),
        images=images,
        labels=labels,
        units=np.arange(n_images) // 2,
        weights=adjusted_weights(labels).values,
        attributes=NAMES,
    )


def learned_sample(network: MaskNetwork, n_images: int = 120) -> Sample:
    """Labels that the network knows: its own answers, with biases that make half of them yes."""
    logits = logits_of(network, make_sample(n_images))
    median = np.median(logits, axis=0)
    with torch.no_grad():
        network.readout.bias -= torch.from_numpy(median).float()
    return make_sample(n_images, labels=(logits > median).astype(np.uint8))


def pixels_of(sample: Sample) -> torch.Tensor:
    return torch.from_numpy(sample.images).permute(0, 3, 1, 2).float() / 127.5 - 1


def logits_of(network: MaskNetwork, sample: Sample) -> Floats:
    with torch.no_grad():
        return network.classify(pixels_of(sample)).double().numpy()
