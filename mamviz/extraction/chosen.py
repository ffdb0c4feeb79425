"""Whole masks of chosen images, for the poster's Figure 2."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from mamviz.data.batches import to_tensor
from mamviz.data.dataset import ImageData
from mamviz.errors import DataError
from mamviz.models.network import MaskNetwork
from mamviz.schema import ImageMasks
from mamviz.stats.names import find_names


@torch.inference_mode()
def explain_images(
    network: MaskNetwork,
    data: ImageData,
    *,
    images: Sequence[str],
    attributes: Sequence[str],
    channels: Sequence[int] | int = 6,
    device: str = "cpu",
) -> tuple[ImageMasks, ...]:
    """Return masks and evidence of the images and attributes named.

    channels    indices, or how many: then those with the most absolute evidence over these images and attributes
    Raises DataError for a name the data lack or a channel the network lacks.
    """
    rows = find_names(images, data.names, what="image")
    columns = find_names(attributes, data.attributes, what="attribute")
    pixels = np.asarray(data.images[rows])
    masks = network.explain(to_tensor(pixels, device=device))
    values = masks.masks[:, columns].cpu().numpy()
    evidence = masks.evidence[:, columns].double().cpu().numpy()
    if isinstance(channels, int):
        usage = np.abs(evidence).sum(axis=(0, 1, 3, 4))
        chosen = tuple(int(channel) for channel in np.argsort(-usage, kind="stable")[:channels])
    else:
        chosen = tuple(channels)
        outside = [channel for channel in chosen if not 0 <= channel < evidence.shape[2]]
        if outside:
            raise DataError(f"channels: expected 0 to {evidence.shape[2] - 1}, got {outside[0]}. Change --channels.")
    return tuple(
        ImageMasks(
            name=data.names[row],
            image=pixels[index],
            attributes=tuple(data.attributes[column] for column in columns),
            masks=values[index],
            evidence=evidence[index],
            channels=chosen,
            labels=data.labels[row][columns],
            logits=masks.logits[index, columns].double().cpu().numpy(),
        )
        for index, row in enumerate(rows)
    )
