"""Features of several networks for the same images, summed into what CKA and matched channels are computed from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mamviz.data.batches import Indices, iterate, to_tensor
from mamviz.data.dataset import ImageData, SplitName
from mamviz.errors import DataError
from mamviz.models.network import MaskNetwork
from mamviz.schema import FeatureProducts, Progress, silent


def spread_images(data: ImageData, *, split: SplitName, most: int) -> Indices:
    """Return indices of up to `most` images of a part, spread evenly over it, ascending: always the same.

    Raises DataError where the part has no image.
    """
    indices = data.select(split)
    if not len(indices):
        raise DataError(f"{data.description}: expected images in the split {split!r}, found none. Use another split.")
    places = np.linspace(0, len(indices) - 1, min(most, len(indices))).round().astype(np.int64)
    return indices[places]


@torch.inference_mode()
def multiply_features(
    networks: Sequence[MaskNetwork],
    data: ImageData,
    indices: Indices,
    *,
    device: str = "cpu",
    batch_size: int = 64,
    progress: Progress = silent,
) -> FeatureProducts:
    """Sum features and their products over images, of all networks side by side, in float64.

    An observation is a cell of an image; where the networks' grids differ it is an image, its features averaged over
    cells. The networks are in evaluation mode on `device`, and take images of the same size.
    """
    channels = tuple(network.shape[0] for network in networks)
    by_cell = len({network.shape[1:] for network in networks}) == 1
    total = torch.zeros(sum(channels), dtype=torch.float64, device=device)
    gram = torch.zeros(sum(channels), sum(channels), dtype=torch.float64, device=device)
    count = 0
    for positions, images in iterate(data, indices, batch_size=batch_size):
        x = to_tensor(images, device=device)
        rows = torch.cat([_observe(network.extractor(x), by_cell=by_cell) for network in networks], dim=1)
        total += rows.sum(0)
        gram += rows.T @ rows
        count += len(rows)
        progress(int(positions[-1]) + 1, len(indices))
    return FeatureProducts(
        channels=channels, n_images=len(indices), count=count, total=total.cpu().numpy(), gram=gram.cpu().numpy()
    )


def _observe(features: Tensor, *, by_cell: bool) -> Tensor:
    """Return (observation, channel) of features (image, channel, height, width)."""
    if not by_cell:
        features = F.adaptive_avg_pool2d(features.double(), 1)
    return features.double().permute(0, 2, 3, 1).flatten(0, 2)  # (image * height * width, channel)
