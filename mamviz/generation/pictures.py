"""Pictures drawn from features: what an attribute's mask lets through, and an attribute added and removed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mamviz.data.batches import to_tensor
from mamviz.data.dataset import ImageData
from mamviz.generation.directions import Edit
from mamviz.generation.moving import mask_features, move_features
from mamviz.generation.reference import Reference, read_drawn, read_logits
from mamviz.models.network import MaskNetwork
from mamviz.schema import (
    NONE,
    EditedPicture,
    EditSettings,
    EditStrip,
    FeatureDrawing,
    Floats,
    OtherChange,
    Transformation,
)
from mamviz.schema.generation import Pictures
from mamviz.stats.names import find_names


@torch.no_grad()
def draw_features(
    network: MaskNetwork,
    data: ImageData,
    *,
    images: Sequence[str],
    attributes: Sequence[str],
    transformation: Transformation = NONE,
) -> tuple[FeatureDrawing, ...]:
    """Return what is drawn from the masked features of each image and attribute, beside the plain reconstruction.

    transformation   of the masks, before they meet the features. Raises DataError for a name that the data lack.
    """
    rows = find_names(images, data.names, what="image")
    columns = find_names(attributes, data.attributes, what="attribute")
    features = read_features(network, data, rows)
    plain = to_pictures(network.reconstructor(features))
    masked = [mask_features(network, features, column, transformation) for column in columns]
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
    features = read_features(network, data, [row]).expand(len(dial), -1, -1, -1).contiguous()
    asked = torch.tensor([each * float(reference.spread[column]) for each in dial]).to(features)
    moved = move_features(network, features, make_edit(column, reference, settings), asked)
    return EditStrip(
        name=image,
        attribute=attribute,
        label=int(data.labels[row, column]),
        image=np.array(data.images[row]),
        pictures=_draw_moved(network, moved, dial, column=column, attributes=data.attributes),
    )


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


def read_features(network: MaskNetwork, data: ImageData, rows: Sequence[int]) -> Tensor:
    """Return the features (N, C, H, W) of images of the data, on the network's device."""
    device = network.readout.bias.device
    features: Tensor = network.extractor(to_tensor(np.array(data.images[list(rows)]), device=device)).float()
    return features


def most_changed(change: Floats, column: int, attributes: tuple[str, ...]) -> OtherChange:
    """Return the attribute beside `column` whose logit changes most, the first of equals.

    change   (K,) of all logits. Where there is no other attribute: no name, and 0.
    """
    if len(attributes) == 1:
        return OtherChange("", 0.0)
    size = np.abs(change)
    size[column] = -1
    most = int(size.argmax())
    return OtherChange(attributes[most], float(change[most]))


def _draw_moved(
    network: MaskNetwork, moved: Tensor, dial: Sequence[float], *, column: int, attributes: tuple[str, ...]
) -> tuple[EditedPicture, ...]:
    """Draw features that were moved by each strength, and read all logits of features and of pictures."""
    still = dial.index(0.0)
    pictures = network.reconstructor(moved)
    difference = ((pictures - pictures[still]) / 2).mean(1).double().cpu().numpy()
    logits, drawn, shown = read_logits(network, moved), read_drawn(network, moved), to_pictures(pictures)
    return tuple(
        EditedPicture(
            strength=strength,
            picture=shown[place],
            difference=difference[place],
            own_features=float(logits[place, column]),
            own_drawn=float(drawn[place, column]),
            other_features=most_changed(logits[place] - logits[still], column, attributes),
            other_drawn=most_changed(drawn[place] - drawn[still], column, attributes),
        )
        for place, strength in enumerate(dial)
    )
