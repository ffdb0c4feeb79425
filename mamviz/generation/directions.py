"""Along which features move to add an attribute, and where its mask lets them.

With slopes e_kcp = s_kc M_kcp / P, by which evidence of attribute k rises with a feature while masks are held:

    evidence   d = e_k. The readout s is shared, so that this moves all attributes' logits together
    own        d = e_k - mean over attributes j of e_j: what is the attribute's own of it (`common` centring)
    gradient   d = the derivative of logit_k by F, masks included
    contrast   d = A_k where it raises logit_k, else 0. A_k = sum over training images n of w_k(n) F(n), w_k(n) the
               weights of the `adjusted` maps: how features differ with label k, all other labels held fixed. It keeps
               to changes that images show, and of them to those which the gradient says are for the attribute

All are zero where the mask of the attribute is closed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mamviz.models.network import MaskNetwork
from mamviz.schema import EditDirection


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One attribute's edit: along what, and where.

    attribute   its index
    contrast    (C, H, W) A_k; only `contrast` reads it
    open_from   the mask is open from this level on
    """

    attribute: int
    direction: EditDirection
    contrast: Tensor
    open_from: float


@torch.no_grad()
def open_cells(network: MaskNetwork, features: Tensor, attribute: int, *, open_from: float) -> Tensor:
    """Return where the mask of an attribute is open, (N, C, H, W) booleans."""
    return network.masking.mask_of(features, attribute) >= open_from


@torch.enable_grad()
def logit_gradient(network: MaskNetwork, features: Tensor, attribute: int) -> tuple[Tensor, Tensor]:
    """Return logit_k (N,) and its derivative by features (N, C, H, W), masks included."""
    inputs = features.detach().requires_grad_(True)
    masks = network.masking.mask_of(inputs, attribute)
    slopes = readout_of(network, attribute) / (features.shape[2] * features.shape[3])
    logits = (masks * inputs * slopes).sum((1, 2, 3)) + network.readout.bias[attribute]
    (gradient,) = torch.autograd.grad(logits.sum(), inputs)
    return logits.detach(), gradient


@torch.no_grad()
def find_direction(network: MaskNetwork, features: Tensor, edit: Edit, *, gradient: Tensor) -> Tensor:
    """Return d (N, C, H, W), of any length, for features as they stand; closed cells are not yet left out.

    gradient   of the attribute's logit by these features
    """
    n_cells = features.shape[2] * features.shape[3]
    if edit.direction == "gradient":
        return gradient
    if edit.direction == "contrast":
        return torch.where(edit.contrast * gradient > 0, edit.contrast, 0.0)
    if edit.direction == "evidence":
        masks = network.masking.mask_of(features, edit.attribute)
        evidence: Tensor = masks * readout_of(network, edit.attribute) / n_cells
        return evidence
    scale = network.readout.scale.expand(network.n_attributes, -1)
    slopes = network.masking(features) * scale[None, :, :, None, None] / n_cells
    own: Tensor = slopes[:, edit.attribute] - slopes.mean(1)
    return own


def readout_of(network: MaskNetwork, attribute: int) -> Tensor:
    """Return s_k as (C, 1, 1), shared or the attribute's own."""
    scale: Tensor = network.readout.scale.expand(network.n_attributes, -1)[attribute][:, None, None]
    return scale
