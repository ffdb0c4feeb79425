"""A network with masks that differ, and features of it: in float64, so that small differences can be told."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mamviz.data.batches import to_tensor
from mamviz.data.dataset import ImageData
from mamviz.generation.directions import Edit
from mamviz.generation.reference import Reference, read_reference
from mamviz.models.network import MaskNetwork
from mamviz.schema import EditDirection
from tests.core.made import ATTRIBUTES, make_config, make_data

CHANNELS, SIDE = 4, 2


def make_network(readout: str = "shared", *, double: bool = True) -> MaskNetwork:
    """An untrained network whose masks, readout and statistics were drawn."""
    config = make_config().model
    object.__setattr__(config, "readout", readout)  # a config that is checked, with one setting changed
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        network = MaskNetwork(config, n_attributes=len(ATTRIBUTES), size=16)
        torch.nn.init.normal_(network.masking.mask.weight, std=1.5)
        torch.nn.init.normal_(network.masking.mask.bias, std=0.5)
        torch.nn.init.normal_(network.readout.scale)
        for layer in network.reconstructor.layers:
            if isinstance(layer, torch.nn.Conv2d):
                torch.nn.init.normal_(layer.weight, std=0.3)
    with torch.no_grad():  # batch norm that knows its features: without, all of them are near 0
        for _ in range(30):
            network(to_tensor(make_data().images))
    network.eval()
    return network.double() if double else network


def make_features(n_images: int = 6) -> Tensor:
    """Features (n, 4, 2, 2) in float64, a third of them 0."""
    values = np.random.default_rng(2).normal(0.4, 1.0, (n_images, CHANNELS, SIDE, SIDE))
    return torch.from_numpy(values).clamp_min(0)


def make_contrast() -> Tensor:
    return torch.from_numpy(np.random.default_rng(3).normal(size=(CHANNELS, SIDE, SIDE)))


def make_edit_of(direction: EditDirection, *, attribute: int = 1, open_from: float = 0.5) -> Edit:
    return Edit(attribute=attribute, direction=direction, contrast=make_contrast(), open_from=open_from)


def features_of(network: MaskNetwork, data: ImageData, rows: list[int]) -> Tensor:
    with torch.no_grad():
        return network.extractor(to_tensor(np.array(data.images[rows])))


def make_reference(network: MaskNetwork, data: ImageData | None = None) -> Reference:
    data = data or make_data()
    return read_reference(network, data, n_images=500, generator=np.random.default_rng(0))
