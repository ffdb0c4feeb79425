"""Strips of pictures: what an attribute sees, an attribute added and removed, features swapped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mamviz.data.batches import to_tensor
from mamviz.data.dataset import ImageData
from mamviz.errors import DataError
from mamviz.generation.directions import Edit, open_cells
from mamviz.generation.moving import mask_features, move_features, swap_features
from mamviz.generation.reference import Reference, read_drawn, read_logits
from mamviz.models.network import MaskNetwork
from mamviz.schema import EditedPicture, EditSettings, EditStrip, FeatureDrawing, Floats, OtherChange, SwapPair
from mamviz.schema.generation import Pictures
from mamviz.stats.names import find_names


@torch.no_grad()
def draw_features(
    network: MaskNetwork, data: ImageData, *, images: Sequence[str], attributes: Sequence[str]
) -> tuple[FeatureDrawing, ...]:
    """Return what is drawn from the masked features of each image and attribute, beside the plain reconstruction.

    Raises DataError for a name that the data lack.
    """
    rows = find_names(images, data.names, what="image")
    columns = find_names(attributes, data.attributes, what="attribute")
    features = _features(network, data, rows)
    plain = to_pictures(network.reconstructor(features))
    masked = [mask_features(network, features, column) for column in columns]
    drawn = np.stack([to_pictures(network.reconstructor(each)) for each, _ in masked], axis=1)
    levels = np.stack([level.double().cpu().numpy() for _, level in masked], axis=1)
    return tuple(
        FeatureDrawing(
            name=data.names[row],
            image=np.array(data.images[row]),
            plain=plain[place],
            attributes=tuple(attributes),
            pictures=drawn[place],
            levels=levels[place],
            labels=np.asarray(data.labels[row][columns]),
        )
        for place, row in enumerate(rows)
    )


@torch.no_grad()
def edit_image(
    network: MaskNetwork,
    data: ImageData,
    reference: Reference,
    settings: EditSettings,
    *,
    image: str,
    attribute: str,
    strengths: Sequence[float],
) -> EditStrip:
    """Return one image with an attribute added (strengths above 0) and removed (below), ascending, with 0 among them.

    strengths   in standard deviations of the attribute's logit; `settings.strength` is not read
    Raises DataError for a name that the data lack.
    """
    (row,) = find_names([image], data.names, what="image")
    (column,) = find_names([attribute], data.attributes, what="attribute")
    dial = sorted({0.0, *map(float, strengths)})
    features = _features(network, data, [row]).expand(len(dial), -1, -1, -1).contiguous()
    asked = torch.tensor([each * float(reference.spread[column]) for each in dial]).to(features)
    moved = move_features(network, features, make_edit(column, reference, settings), asked)
    pictures = network.reconstructor(moved)
    still = dial.index(0.0)
    difference = ((pictures - pictures[still]) / 2).mean(1).double().cpu().numpy()
    logits, drawn, shown = read_logits(network, moved), read_drawn(network, moved), to_pictures(pictures)
    return EditStrip(
        name=image,
        attribute=attribute,
        label=int(data.labels[row, column]),
        image=np.array(data.images[row]),
        pictures=tuple(
            EditedPicture(
                strength=strength,
                picture=shown[place],
                difference=difference[place],
                own_features=float(logits[place, column]),
                own_drawn=float(drawn[place, column]),
                other_features=_other(logits[place] - logits[still], column, data.attributes),
                other_drawn=_other(drawn[place] - drawn[still], column, data.attributes),
            )
            for place, strength in enumerate(dial)
        ),
    )


@torch.no_grad()
def swap_images(
    network: MaskNetwork, data: ImageData, *, images: tuple[str, str], attribute: str, open_from: float
) -> SwapPair:
    """Return two images after each took the other's features where its mask of the attribute is open.

    Raises DataError for a name that the data lack.
    """
    rows = find_names(images, data.names, what="image")
    (column,) = find_names([attribute], data.attributes, what="attribute")
    features = _features(network, data, rows)
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


def make_edit(column: int, reference: Reference, settings: EditSettings) -> Edit:
    """Return the edit of one attribute with the settings' direction and gate."""
    return Edit(
        attribute=column,
        direction=settings.direction,
        contrast=reference.contrasts[column],
        open_from=settings.open_from,
    )


def to_pictures(images: Tensor) -> Pictures:
    """Return images (N, 3, S, S) in [-1, 1] as (N, S, S, 3) uint8."""
    pixels: Pictures = ((images.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    return pixels


def _features(network: MaskNetwork, data: ImageData, rows: Sequence[int]) -> Tensor:
    device = network.readout.bias.device
    features: Tensor = network.extractor(to_tensor(np.array(data.images[list(rows)]), device=device)).float()
    return features


def _other(change: Floats, column: int, attributes: tuple[str, ...]) -> OtherChange:
    size = np.abs(change)
    size[column] = -1
    most = int(size.argmax())
    return OtherChange(attributes[most], float(change[most]))
