"""Networks with permuted weights: parts from the top down, batch norm measured anew.

Weights are permuted within each tensor, not drawn anew: that keeps their distribution. The mask generator's last layer
starts at zero by design, so that initialising it again would make every mask 0.5 and test nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

from mamviz.models.network import MaskNetwork
from mamviz.sanity.readings import read_features
from mamviz.sanity.sample import Sample

# Steps from the extractor's top to its bottom; layers of a deeper one are taken together.
MOST_STEPS = 7
# Images that batch norm is measured on: the mean over 256 x 64 cells is exact to a hundredth of a deviation.
NORM_IMAGES = 256


@dataclass(frozen=True)
class Part:
    """A part of a network by the names of its modules, which a copy of the network has too."""

    name: str
    modules: tuple[str, ...]


def list_parts(network: MaskNetwork) -> tuple[Part, ...]:
    """Return readout, mask generator, and the extractor's layers from the last to the first.

    A layer is a module with weights of its own and the norm behind it; more than seven are taken together.
    """
    layers: list[list[str]] = []
    for name, module in network.extractor.named_modules(prefix="extractor"):
        if not any(True for _ in module.parameters(recurse=False)):
            continue
        if isinstance(module, BatchNorm) and layers:
            layers[-1].append(name)
        else:
            layers.append([name])
    steps = np.array_split(np.arange(len(layers)), min(len(layers), MOST_STEPS))
    extractor = [
        Part(f"extractor {number} of {len(steps)}", tuple(name for layer in step for name in layers[layer]))
        for number, step in enumerate(steps, start=1)
    ]
    return (Part("readout", ("readout",)), Part("mask generator", ("masking",)), *reversed(extractor))


def permute_parts(
    network: MaskNetwork, parts: Sequence[Part], sample: Sample, *, generator: np.random.Generator
) -> MaskNetwork:
    """Return a copy whose weights are permuted within each tensor of some parts.

    Batch norm behind the first permuted weight measures its mean and variance anew on the sample's first 256 images:
    with those of the trained features, permuted ones would be cut off or blown up, and the check would be passed for
    the wrong reason.
    """
    changed = copy.deepcopy(network).eval()
    modules = [changed.get_submodule(name) for part in parts for name in part.modules]
    with torch.no_grad():
        for module in modules:
            for tensor in module.parameters():
                _permute(tensor, generator)
        _measure_norms(changed, modules, sample)
    return changed


def _permute(tensor: Tensor, generator: np.random.Generator) -> None:
    order = torch.from_numpy(generator.permutation(tensor.numel())).to(tensor.device)
    tensor.copy_(tensor.flatten()[order].view(tensor.shape))


def _measure_norms(network: MaskNetwork, changed: Sequence[nn.Module], sample: Sample) -> None:
    """Measure batch norm from the first changed module on; modules stand in the order of the data's way."""
    within = {id(module) for part in changed for module in part.modules()}
    way = [*network.extractor.modules(), *network.masking.modules()]
    first = next((place for place, module in enumerate(way) if id(module) in within), len(way))
    norms = [module for module in way[first:] if isinstance(module, BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
        norm.train()
    for _, features in read_features(network, sample, n_images=NORM_IMAGES) if norms else ():
        network.masking.norm(network.masking.trunk(features))
    for norm in norms:
        norm.eval()
