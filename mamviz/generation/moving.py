"""Features moved to add or remove an attribute, or to take another image's place where a mask is open."""

from __future__ import annotations

import torch
from torch import Tensor

from mamviz.generation.directions import Edit, find_direction, logit_gradient, open_cells
from mamviz.models.network import MaskNetwork
from mamviz.models.transforming import transform_masks
from mamviz.schema import NONE, Transformation

# Directions and masks are made anew this many times on the way: one long step misses what is asked for.
STEPS = 4
# A step is no longer than this share of the features' own length; a flat logit would ask for any.
LONGEST = 0.5


def move_features(network: MaskNetwork, features: Tensor, edit: Edit, asked: Tensor) -> Tensor:
    """Move features along a direction until the attribute's logit has changed as asked, or nothing gives way.

    features   (N, C, H, W) >= 0; asked (N,) change of the logit, logit units; 0 leaves features as they are
    result     (N, C, H, W) >= 0, equal to `features` where the mask of the attribute is closed

    Each of four steps goes t d, with t from the slope of the logit along d there; features at 0 do not fall, and where
    all that could rise or fall has done so, less than asked is reached.
    """
    opened = open_cells(network, features, edit.attribute, open_from=edit.open_from)
    sign = torch.sign(asked)[:, None, None, None]
    limit = LONGEST * _length(features)
    moved, start = features, None
    for step in range(STEPS):
        logits, gradient = logit_gradient(network, moved, edit.attribute)
        start = logits if start is None else start
        direction = find_direction(network, moved, edit, gradient=gradient)
        direction = torch.where(opened & ((moved > 0) | (direction * sign > 0)), direction, 0.0)
        left = (asked - (logits - start)) / (STEPS - step)
        moved = (moved + _stride(direction, gradient, left, limit) * direction).clamp_min(0)
    return torch.where((asked == 0)[:, None, None, None], features, moved)


def swap_features(network: MaskNetwork, features: Tensor, attribute: int, *, open_from: float) -> Tensor:
    """Give each of two images the other's features where its own mask of the attribute is open.

    features   (2, C, H, W); an image swapped with itself stays as it is
    """
    opened = open_cells(network, features, attribute, open_from=open_from)
    return torch.where(opened, features.flip(0), features)


def mask_features(
    network: MaskNetwork, features: Tensor, attribute: int, transformation: Transformation = NONE
) -> tuple[Tensor, Tensor]:
    """Return M_k F divided by the image's mean mask, (N, C, H, W), and that mean, (N,).

    transformation   of M_k. Divided so that attributes whose masks differ in level compare, and a mask that is the
                     same everywhere gives the features themselves; one that is closed everywhere gives 0.
    """
    masks = transform_masks(network.masking.mask_of(features, attribute), transformation)
    level = masks.mean((1, 2, 3))
    divisor = level.clamp_min(torch.finfo(level.dtype).tiny)
    return masks * features / divisor[:, None, None, None], level


def _stride(direction: Tensor, gradient: Tensor, left: Tensor, limit: Tensor) -> Tensor:
    """Return t, (N, 1, 1, 1): none where the logit does not rise along the direction."""
    slope = (direction * gradient).sum((1, 2, 3))
    length = _length(direction)
    most = torch.where(length > 0, limit / length.clamp_min(torch.finfo(length.dtype).tiny), 0.0)
    wanted = torch.where(slope > 0, left / slope.clamp_min(torch.finfo(slope.dtype).tiny), 0.0)
    return torch.minimum(torch.maximum(wanted, -most), most)[:, None, None, None]


def _length(features: Tensor) -> Tensor:
    length: Tensor = features.flatten(1).norm(dim=1)
    return length
