"""Images that channels are ranked or measured on, as features: the extractor runs once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mamviz.data.batches import iterate, to_tensor
from mamviz.data.dataset import ImageData, SplitName
from mamviz.errors import DataError
from mamviz.models.network import MaskNetwork
from mamviz.schema import Progress, silent

FEWEST_IMAGES = 8
BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Part:
    """Images drawn from one part of a data set, and what the extractor makes of them; n of them, in the data's order.

    indices      (n,) into the data
    labels       (n, K) 0 or 1
    units        (n,) the person where known, else the image: what intervals resample
    features     (n, C, H, W) float32, on the network's device
    attributes   names of the K labels
    """

    indices: npt.NDArray[np.int64]
    labels: npt.NDArray[np.uint8]
    units: npt.NDArray[np.int64]
    features: Tensor
    attributes: tuple[str, ...]

    @property
    def n_images(self) -> int:
        """Number of images."""
        return len(self.indices)

    @property
    def n_units(self) -> int:
        """Number of persons, or images where persons aren't known."""
        return len(np.unique(self.units))

    @property
    def unit(self) -> Literal["image", "identity"]:
        """Say what intervals resample."""
        return "image" if np.array_equal(self.units, self.indices) else "identity"


@torch.no_grad()  # not inference_mode: Taylor's criterion differentiates by these features
def read_part(
    network: MaskNetwork,
    data: ImageData,
    split: SplitName,
    *,
    n_images: int,
    generator: np.random.Generator,
    progress: Progress = silent,
) -> Part:
    """Draw images of one split without replacement, all where it has no more, and run the extractor on them.

    The network is used as for inference and left as it was. Raises DataError where there are fewer than eight images.
    """
    indices = data.select(split)
    if min(len(indices), n_images) < FEWEST_IMAGES:
        raise DataError(
            f"{data.description}: expected at least {FEWEST_IMAGES} images of the split {split!r} to prune on, got "
            f"{min(len(indices), n_images)}. Take a larger data set, or more --images."
        )
    if len(indices) > n_images:
        indices = np.sort(generator.choice(indices, n_images, replace=False))
    device = network.readout.bias.device
    features = torch.empty(len(indices), *network.shape, device=device).to(memory_format=torch.channels_last)
    training = network.training
    network.eval()
    for positions, images in iterate(data, indices, batch_size=BATCH):
        features[positions[0] : positions[-1] + 1] = network.extractor(to_tensor(images, device=device)).float()
        progress(int(positions[-1]) + 1, len(indices))
    network.train(training)
    return Part(
        indices=indices,
        labels=np.asarray(data.labels[indices]),
        units=data.units[indices],
        features=features,
        attributes=data.attributes,
    )
