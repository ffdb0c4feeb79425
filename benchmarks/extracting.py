"""Statistics of images as a pass makes them: features of a batch, then masks of a few images in the cache."""

from __future__ import annotations

import torch

from mamviz.extraction.sums import Sums, start_sums
from mamviz.extraction.sweep import add_batch
from mamviz.models.network import MaskNetwork

BATCH = 64


@torch.inference_mode()
def extract(network: MaskNetwork, x: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> Sums:
    """Return the sums of masks and evidence; labels and weights (n, K) float64, on the device of x."""
    sums = start_sums(network.n_attributes, network.shape, device=str(x.device))
    for start in range(0, len(x), BATCH):
        part = slice(start, start + BATCH)
        add_batch(sums, network, x[part], labels=labels[part], weights=weights[part])
    return sums
