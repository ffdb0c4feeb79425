"""Maps of single images by the network's own masks and evidence, and the data-set maps of the same images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from mamviz.data.batches import to_tensor
from mamviz.models.network import MaskNetwork
from mamviz.schema import Array, Floats, Progress, silent
from mamviz.stats.moments import adjusted_weights

_AT_ONCE = 32  # images; their masks and evidence take 25 MB each at K = 40, C = 48, 8 x 8


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What the network says of each image, and of all of them.

    logits            (n, K)
    mask, evidence    (n, K, H, W) summed over channels
    mask_adjusted, evidence_adjusted    (K, H, W) absolute adjusted data-set maps, summed over channels after the
                                        absolute value: the recommended choices, of these images; NaN: constant label
    """

    logits: Floats
    mask: Floats
    evidence: Floats
    mask_adjusted: Floats
    evidence_adjusted: Floats


@torch.inference_mode()
def explain_faces(
    network: MaskNetwork,
    images: npt.NDArray[np.uint8],
    labels: Array,
    *,
    device: str = "cpu",
    progress: Progress = silent,
) -> Explained:
    """Return masks and evidence of every image, summed over channels, and their adjusted data-set maps.

    images   (n, S, S, 3); labels (n, K)
    """
    network.eval()
    n_images, n_attributes, grid = len(images), network.n_attributes, network.shape
    weights = adjusted_weights(labels)
    logits = np.empty((n_images, n_attributes))
    seen = {name: np.empty((n_images, n_attributes, *grid[1:])) for name in ("masks", "evidence")}
    sums = {name: torch.zeros(n_attributes, *grid, dtype=torch.float64, device=device) for name in seen}
    for start in range(0, n_images, _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        found = network.explain(to_tensor(images[some], device=device))
        logits[some] = found.logits.double().cpu().numpy()
        weight = torch.from_numpy(weights.values[some]).to(device)
        for name, maps in seen.items():
            values = getattr(found, name).double()
            maps[some] = values.sum(2).cpu().numpy()
            sums[name] += torch.einsum("nk,nkchw->kchw", weight, values)
        progress(min(start + _AT_ONCE, n_images), n_images, "masks of fresh faces")
    adjusted = {name: total.abs().sum(1).cpu().numpy() for name, total in sums.items()}
    for values in adjusted.values():
        values[list(weights.constant)] = np.nan
    return Explained(
        logits=logits,
        mask=seen["masks"],
        evidence=seen["evidence"],
        mask_adjusted=adjusted["masks"],
        evidence_adjusted=adjusted["evidence"],
    )
