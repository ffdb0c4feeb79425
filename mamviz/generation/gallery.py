"""Pictures of a few chosen images: what masks let through, attributes added and removed, features swapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mamviz.data.dataset import ImageData
from mamviz.generation.pictures import draw_features, edit_image
from mamviz.generation.reference import Reference
from mamviz.generation.swaps import find_partner, swap_images
from mamviz.models.network import MaskNetwork
from mamviz.schema import NONE, EditSettings, EditStrip, Gallery, Progress, SwapPair, Transformation, silent
from mamviz.stats.names import find_names

# Parts of the strength that a strip shows: removed, as it is, added.
PARTS = (-2.0, -1.0, 0.0, 1.0, 2.0)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What pictures are drawn of.

    transformation   of the masks, where what they let through is drawn
    """

    images: tuple[str, ...]
    attributes: tuple[str, ...]
    transformation: Transformation = NONE


def make_gallery(
    network: MaskNetwork,
    data: ImageData,
    reference: Reference,
    settings: EditSettings,
    *,
    chosen: Chosen,
    progress: Progress = silent,
) -> Gallery:
    """Draw the chosen images' masked features, edit each attribute in each image, and swap one pair an attribute.

    Strips go from minus to plus twice `settings.strength`. Progress counts strips.
    Raises DataError for a name that the data lack.
    """
    drawings = draw_features(
        network, data, images=chosen.images, attributes=chosen.attributes, transformation=chosen.transformation
    )
    strips: list[EditStrip] = []
    for image in chosen.images:
        for attribute in chosen.attributes:
            strengths = [part * settings.strength for part in PARTS]
            strip = edit_image(
                network, data, reference, settings, image=image, attribute=attribute, strengths=strengths
            )
            strips.append(strip)
            progress(len(strips), len(chosen.images) * len(chosen.attributes), "strips")
    pairs = {attribute: choose_pair(data, chosen.images, attribute) for attribute in chosen.attributes}
    swaps: list[SwapPair] = [
        swap_images(network, data, images=pair, attribute=attribute, open_from=settings.open_from)
        for attribute, pair in pairs.items()
        if pair is not None
    ]
    return Gallery(
        settings=settings,
        transformation=chosen.transformation,
        drawings=drawings,
        strips=tuple(strips),
        swaps=tuple(swaps),
        difference_limit=difference_limit(strips),
        unswapped=tuple(attribute for attribute, pair in pairs.items() if pair is None),
        n_reference=reference.n_images,
    )


def choose_pair(data: ImageData, images: Sequence[str], attribute: str) -> tuple[str, str] | None:
    """Return the first image and the first of the others with another label, or else such an image of the data.

    None where all images of the data have the same label.
    """
    rows = find_names(images, data.names, what="image")
    (column,) = find_names([attribute], data.attributes, what="attribute")
    labels = data.labels[:, column]
    if labels.min() == labels.max():
        return None
    others = [data.names[row] for row in rows if labels[row] != labels[rows[0]]]
    return images[0], others[0] if others else find_partner(data, images[0], attribute)


def difference_limit(strips: Sequence[EditStrip]) -> float:
    """Return the largest difference of any picture, in [0, 1]: the end of the colours; 1 where nothing differs."""
    largest = max((float(np.abs(each.difference).max()) for strip in strips for each in strip.pictures), default=0.0)
    return largest or 1.0
