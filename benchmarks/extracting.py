"""Statistics of images as a pass makes them: features of a batch, then masks of a few images in the cache."""

from __future__ import annotations

import math

import torch

from mamviz.extraction.sums import Sums, add_images, start_sums
from mamviz.extraction.sweep import CELLS_AT_A_TIME
from mamviz.models.network import MaskNetwork

BATCH = 64


@torch.inference_mode()
def extract(network: MaskNetwork, x: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> Sums:
    """Return the sums of masks and evidence; labels and weights (n, K) float64, on the device of x."""
    sums = start_sums(network.n_attributes, network.shape, device=str(x.device))
    step = max(1, CELLS_AT_A_TIME[x.device.type] // (network.n_attributes * math.prod(network.shape)))
    for part in torch.arange(len(x)).split(BATCH):
        features = network.extractor(x[part])
        for few in torch.arange(len(part)).split(step):
            rows = part[few]
            add_images(sums, network.explain_features(features[few]), labels=labels[rows], weights=weights[rows])
    return sums
