"""Networks whose every parameter differs from its start, so that no test rests on a zero or a one."""

from __future__ import annotations

import torch
from torch import nn

from mamviz.config import ModelConfig
from mamviz.models.network import MaskNetwork

SMALL = ModelConfig(channels=6)


def stir(module: nn.Module, seed: int) -> None:
    """Move parameters and batch norm statistics away from where they start."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.3)
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer.add_(torch.randn(buffer.shape, generator=generator), alpha=0.1)
            elif name.endswith("running_var"):
                buffer.mul_(torch.rand(buffer.shape, generator=generator) + 0.5)


def stirred_network(
    config: ModelConfig = SMALL, *, n_attributes: int = 4, size: int = 32, seed: int = 0
) -> MaskNetwork:
    """A network for inference that is far from its start."""
    torch.manual_seed(seed)
    network = MaskNetwork(config, n_attributes=n_attributes, size=size).eval()
    stir(network, seed)
    return network


def draw_images(n_images: int, *, size: int = 32, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Images of noise in [-1, 1]."""
    return torch.rand(n_images, 3, size, size, generator=torch.Generator().manual_seed(seed), dtype=dtype) * 2 - 1


@torch.no_grad()
def settle(module: nn.Module, images: torch.Tensor) -> None:
    """Set batch norms to what they would have learned on these images, so that numbers stay of usual size."""
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    module.train()
    module(images)
    module.eval()
    for norm in norms:
        norm.momentum = 0.1


def settled_network(config: ModelConfig = SMALL, *, n_attributes: int = 4, size: int = 32) -> MaskNetwork:
    """A network far from its start whose logits are a few units, as after training."""
    network = stirred_network(config, n_attributes=n_attributes, size=size)
    images = draw_images(32, size=size, seed=9)
    settle(network, images)
    with torch.no_grad():
        network.readout.scale.mul_(4 / network.classify(images).std())
    return network
