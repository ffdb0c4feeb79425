"""Two images that take each other's features where the mask of an attribute is open."""

from __future__ import annotations

import numpy as np
import torch

from mamviz.data.dataset import ImageData
from mamviz.errors import DataError
from mamviz.generation.directions import open_cells
from mamviz.generation.moving import swap_features
from mamviz.generation.pictures import read_features, to_pictures
from mamviz.generation.reference import read_drawn, read_logits
from mamviz.models.network import MaskNetwork
from mamviz.schema import SwapPair
from mamviz.stats.names import find_names


@torch.no_grad()
def swap_images(
    network: MaskNetwork, data: ImageData, *, images: tuple[str, str], attribute: str, open_from: float
) -> SwapPair:
    """Return two images after each took the other's features where its mask of the attribute is open.

    Raises DataError for a name that the data lack.
    """
    rows = find_names(images, data.names, what="image")
    (column,) = find_names([attribute], data.attributes, what="attribute")
    features = read_features(network, data, rows)
    swapped = swap_features(network, features, column, open_from=open_from)
    opened = open_cells(network, features, column, open_from=open_from)
    return SwapPair(
        names=images,
        attribute=attribute,
        labels=(int(data.labels[rows[0], column]), int(data.labels[rows[1], column])),
        images=np.stack([np.array(data.images[row]) for row in rows]),
        plain=to_pictures(network.reconstructor(features)),
        swapped=to_pictures(network.reconstructor(swapped)),
        before=read_logits(network, features)[:, column],
        after=read_logits(network, swapped)[:, column],
        drawn_before=read_drawn(network, features)[:, column],
        drawn_after=read_drawn(network, swapped)[:, column],
        open_share=opened.double().mean((1, 2, 3)).cpu().numpy(),
    )


def find_partner(data: ImageData, image: str, attribute: str) -> str:
    """Return the first test image with the other label of the attribute: what an image is swapped with.

    The first image of all, where no test image has it. Raises DataError where every image has the same label.
    """
    (row,) = find_names([image], data.names, what="image")
    (column,) = find_names([attribute], data.attributes, what="attribute")
    other = np.flatnonzero(data.labels[:, column] != data.labels[row, column])
    if not len(other):
        raise DataError(f"{attribute}: expected an image with another label to swap with, got none. Change it.")
    tests = other[np.isin(other, data.select("test"))]
    return data.names[int((tests if len(tests) else other)[0])]
