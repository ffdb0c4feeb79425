"""Noise and one-step attacks on images, and the classifier that they are aimed at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from mamviz.models.network import MaskNetwork
from mamviz.models.transforming import classify_features
from mamviz.schema import Transformation

GREY_LEVEL = 1 / 127.5  # of 255, in images in [-1, 1]


@dataclass(frozen=True)
class Defence:
    """A classifier: the network under one transformation of its masks, its logits calibrated anew.

    scale, bias   (K,) of the calibrated logits
    """

    network: MaskNetwork
    transformation: Transformation
    scale: Tensor
    bias: Tensor

    def read(self, features: Tensor, *, surrogate: bool = False) -> Tensor:
        """Return the calibrated logits (N, K) of features (N, C, H, W)."""
        logits = classify_features(self.network, features, self.transformation, surrogate=surrogate)
        return logits * self.scale + self.bias


def attack_direction(defence: Defence, x: Tensor, labels: Tensor, *, surrogate: bool = False) -> Tensor:
    """Return the sign of the loss's gradient by each pixel: -1, 0 or 1, in the shape of x.

    x        (N, 3, S, S) in [-1, 1]; labels (N, K), 0 or 1
    loss     binary cross-entropy of the calibrated logits, summed over attributes: every attribute is attacked at
             once, away from its label (untargeted). Images do not touch each other
    Source: the fast gradient sign method, Goodfellow et al. 2015 (arXiv 1412.6572, section 4).
    """
    with torch.enable_grad():
        moved = x.detach().clone().requires_grad_()
        logits = defence.read(defence.network.extractor(moved), surrogate=surrogate)
        loss = F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype), reduction="sum")
        (gradient,) = torch.autograd.grad(loss, moved)
    return gradient.sign()


def perturb(x: Tensor, direction: Tensor, strength: float) -> Tensor:
    """Move images by so many grey levels of 255 along a direction; the result is an image again, within [-1, 1]."""
    return (x + strength * GREY_LEVEL * direction).clamp(-1, 1)


def draw_noise(indices: npt.NDArray[np.int64], *, size: int, seed: int) -> Tensor:
    """Return Gaussian noise of standard deviation 1, (n, 3, size, size) float32.

    An image's noise belongs to its index and the seed: it is the same whatever images stand beside it, and every
    strength scales the same draw.
    """
    drawn = [
        np.random.default_rng([seed, int(index)]).standard_normal((3, size, size), np.float32) for index in indices
    ]
    return torch.from_numpy(np.array(drawn))
