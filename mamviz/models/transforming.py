"""Masks transformed inside the network's forward pass: sharpened, raised to a power, or cut off.

The idea of Kimura & Tanaka 2019 (arXiv 1905.02719): emphasise the features that are important for an attribute by
transforming its trained masks, and see whether the network withstands more. The transformations here are our own
reading of that; `mamviz.schema.Transformation` has their formulas.

Gradients. `none`, `sharpen` and `power` have true ones. `threshold` has the true one of what it lets through and none
of its step; `binary` has none at all through its masks. With `surrogate` the forward pass is the same and the backward
pass takes the step for a smooth one, sigmoid((m - t) / WIDTH): backward pass differentiable approximation (Athalye et
al. 2018, arXiv 1802.00420, section 4.1), so that an attack is not fooled by a gradient that is not there.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from mamviz.models.network import MaskNetwork
from mamviz.schema import Transformation

WIDTH = 0.05  # of a smooth step, in units of the mask: half of all masks of a trained network lie within 0.15 of 0.5
CLOSED = 1e-6  # masks nearer to 0 or 1 count as this near: logits and powers stay finite, and so do their gradients
CELLS_AT_A_TIME = 1 << 21  # of masks in work: 8 MB in float32


def transform_masks(masks: Tensor, transformation: Transformation, *, surrogate: bool = False) -> Tensor:
    """Transform masks in [0, 1] of any shape, cell by cell; the result has their shape and lies in [0, 1].

    surrogate   let gradients pass a step as if it were smooth; the values are the same
    A dial of 1 changes a sharpened mask or a power by at most 1e-6.
    """
    dial = transformation.dial
    if transformation.kind == "none":
        return masks
    if transformation.kind == "sharpen":
        return torch.sigmoid(dial * torch.logit(masks, eps=CLOSED))
    if transformation.kind == "power":
        return masks.clamp_min(CLOSED) ** dial
    step = (masks >= dial).to(masks.dtype)
    hard = step * masks if transformation.kind == "threshold" else step
    if not surrogate:
        return hard
    smooth = torch.sigmoid((masks - dial) / WIDTH)
    smooth = smooth * masks if transformation.kind == "threshold" else smooth
    return smooth + (hard - smooth).detach()


def classify_features(
    network: MaskNetwork, features: Tensor, transformation: Transformation, *, surrogate: bool = False
) -> Tensor:
    """Return the logits (N, K) of features (N, C, H, W) where masks are transformed before they meet the features.

    Works through the images a few at a time and makes masks again in the backward pass: no batch's masks are kept.
    The network must be in evaluation mode: batch norm over a few images would be another network.
    """
    assert not network.training

    def classify(part: Tensor) -> Tensor:
        masks = transform_masks(network.masking(part), transformation, surrogate=surrogate)
        pooled = (masks * part.unsqueeze(1)).mean((3, 4))
        return cast(Tensor, network.readout(pooled))

    step = max(1, CELLS_AT_A_TIME // (network.n_attributes * features[0].numel()))
    parts = torch.split(features, step)
    if not (torch.is_grad_enabled() and features.requires_grad):
        return torch.cat([classify(part) for part in parts])
    return torch.cat([cast(Tensor, checkpoint(classify, part, use_reentrant=False)) for part in parts])


def classify_transformed(
    network: MaskNetwork, x: Tensor, transformation: Transformation, *, surrogate: bool = False
) -> Tensor:
    """Return the logits (N, K) of images x (N, 3, S, S) in [-1, 1] under transformed masks; see `classify_features`."""
    return classify_features(network, network.extractor(x), transformation, surrogate=surrogate)
