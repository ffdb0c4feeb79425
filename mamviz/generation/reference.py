"""What edits are measured against: how features differ with each label, and how much logits vary, over images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mamviz.data.batches import iterate, to_tensor
from mamviz.data.dataset import ImageData
from mamviz.errors import DataError
from mamviz.models.network import MaskNetwork
from mamviz.schema import Floats, Progress, silent
from mamviz.stats.moments import adjusted_weights

FEWEST_IMAGES = 8
BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Directions and scales from training images.

    contrasts   (K, C, H, W) A_k, on the network's device; 0 for a label that never changes
    spread      (K,) standard deviation of each logit over images; drawn_spread of the drawn picture's, read again
    """

    contrasts: Tensor
    spread: Floats
    drawn_spread: Floats
    n_images: int


@torch.no_grad()
def read_reference(
    network: MaskNetwork,
    data: ImageData,
    *,
    n_images: int,
    generator: np.random.Generator,
    progress: Progress = silent,
) -> Reference:
    """Draw training images without replacement (all, where there are no more) and sum their features by labels.

    Of all images where no image is in the training split. Raises DataError for fewer than eight images.
    """
    indices = data.select("train")
    indices = indices if len(indices) >= FEWEST_IMAGES else data.select("all")
    if min(len(indices), n_images) < FEWEST_IMAGES:
        raise DataError(
            f"{data.description}: expected at least {FEWEST_IMAGES} images to find directions on, got "
            f"{min(len(indices), n_images)}. Take a larger data set."
        )
    if len(indices) > n_images:
        indices = np.sort(generator.choice(indices, n_images, replace=False))
    weights = adjusted_weights(data.labels[indices]).values
    device = network.readout.bias.device
    contrasts = torch.zeros(network.n_attributes, *network.shape, device=device)
    logits, drawn = [], []
    for positions, images in iterate(data, indices, batch_size=BATCH):
        features = network.extractor(to_tensor(images, device=device)).float()
        share = torch.from_numpy(weights[positions]).to(features)
        contrasts += (share.T @ features.flatten(1)).view_as(contrasts)
        logits.append(read_logits(network, features))
        drawn.append(read_drawn(network, features))
        progress(int(positions[-1]) + 1, len(indices), "directions")
    return Reference(
        contrasts=contrasts,
        spread=np.concatenate(logits).std(axis=0),
        drawn_spread=np.concatenate(drawn).std(axis=0),
        n_images=len(indices),
    )


@torch.no_grad()
def read_logits(network: MaskNetwork, features: Tensor) -> Floats:
    """Return the logits (N, K) of features, masks made anew from them."""
    logits: Floats = network.readout(network.masking.pool(features)[0]).double().cpu().numpy()
    return logits


@torch.no_grad()
def read_drawn(network: MaskNetwork, features: Tensor) -> Floats:
    """Return the logits (N, K) that the whole network gives to the pictures drawn from features."""
    logits: Floats = network.classify(network.reconstructor(features)).double().cpu().numpy()
    return logits
