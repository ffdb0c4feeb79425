"""The reconstructor: draws the image from the features, so that they keep what it shows."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

# Channels after each doubling, counted from the last but one; further ones keep the largest.
WIDTHS = (16, 32, 64)


class Reconstructor(nn.Module):
    """Doublings by 3x3 convolution and pixel shuffle (Shi et al. 2016, arXiv 1609.05158), then tanh.

    Where the size is no power of two times the grid, the last picture is resized to it bilinearly.
    """

    def __init__(self, shape: tuple[int, int, int], *, size: int) -> None:
        super().__init__()
        channels, height, _ = shape
        n_doublings = max(1, (size // height).bit_length() - 1)
        layers: list[nn.Module] = []
        width = channels
        for index in range(n_doublings):
            last = index == n_doublings - 1
            n_out = 3 if last else WIDTHS[min(n_doublings - index - 2, len(WIDTHS) - 1)]
            layers += [nn.Conv2d(width, 4 * n_out, 3, padding=1), nn.PixelShuffle(2)]
            if not last:
                layers.append(nn.ReLU(inplace=True))
            width = n_out
        self.layers = nn.Sequential(*layers)
        self.size = size

    def forward(self, features: Tensor) -> Tensor:
        """Return images (N, 3, S, S) in [-1, 1]."""
        images = cast(Tensor, self.layers(features))
        if images.shape[-1] != self.size or images.shape[-2] != self.size:
            images = functional.interpolate(images.float(), size=(self.size, self.size), mode="bilinear")
        return torch.tanh(images)
