"""Exponential moving average of a network's weights."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, *, decay: float, step: int) -> None:
    """Move `average` towards `network` by 1 - decay, batch-norm statistics included.

    Early on the decay is (1 + step) / (10 + step), so that the start is forgotten (as in TensorFlow's
    ExponentialMovingAverage). Counters are copied.
    """
    weight = 1 - min(decay, (1 + step) / (10 + step))
    old, new = average.state_dict(), network.state_dict()
    for name, value in old.items():
        if value.dtype.is_floating_point:
            value.lerp_(new[name], weight)
        else:
            value.copy_(new[name])
