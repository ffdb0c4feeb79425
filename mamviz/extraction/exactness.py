"""How exactly evidence adds up to the logit."""

from __future__ import annotations

import torch

from mamviz.data.batches import iterate, to_tensor
from mamviz.data.dataset import ImageData
from mamviz.models.network import MaskNetwork
from mamviz.schema import Array


@torch.inference_mode()
def largest_gap(
    network: MaskNetwork, data: ImageData, indices: Array, *, device: str = "cpu", batch_size: int = 64
) -> float:
    """Return max |logit - (b + sum of evidence)| over images and attributes, float32; 0 without images.

    The logit is the classifier's own, which pools before it weighs; evidence is weighed cell by cell.
    """
    gap = 0.0
    for _, images in iterate(data, indices, batch_size=batch_size):
        x = to_tensor(images, device=device)
        masks = network.explain(x)
        total = masks.evidence.double().sum((2, 3, 4)) + network.readout.bias.double()
        gap = max(gap, float((network.classify(x).double() - total).abs().max()))
    return gap
