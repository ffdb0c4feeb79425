"""Which images and attributes a figure shows where none are named: always the same ones of the same data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mamviz.data.dataset import ImageData
from mamviz.schema import Array, ImageMasks


def choose_images(data: ImageData, *, n_images: int) -> tuple[str, ...]:
    """Return the names of the first test images, or of the first images where the data have no test split."""
    indices = data.select("test")
    if not len(indices):
        indices = data.select("all")
    return tuple(data.names[index] for index in indices[:n_images])


def choose_attributes(data: ImageData, images: Sequence[str], *, n_attributes: int) -> tuple[str, ...]:
    """Return the attributes that tell these images apart: those that some have and some lack, the rarest first.

    A rare one is easier to see than one that every second image has. Where too few tell them apart, the rest follow
    in the data's order.
    """
    rows = [data.names.index(name) for name in images]
    here = data.labels[rows].mean(axis=0)
    split = (here > 0) & (here < 1)
    rarity = data.labels.mean(axis=0)
    order = sorted(range(len(data.attributes)), key=lambda k: (not split[k], rarity[k] if split[k] else 0.0, k))
    return tuple(data.attributes[k] for k in order[:n_attributes])


def evidence_limit(images: Sequence[ImageMasks]) -> float:
    """Return the largest evidence of a cell, summed over channels, in logit units: the end of the colour scale."""
    largest = max(float(np.abs(image.evidence.sum(axis=1)).max()) for image in images)
    return largest or 1.0


def mean_mask_limits(images: Sequence[ImageMasks]) -> tuple[float, float]:
    """Return the lowest and highest cell of the images' masks averaged over channels: the ends of a colour scale.

    Averages vary much less than masks do. (0, 1) where they don't vary.
    """
    means = [image.masks.mean(axis=1) for image in images]
    low, high = min(float(each.min()) for each in means), max(float(each.max()) for each in means)
    return (low, high) if low < high else (0.0, 1.0)


def name_rarest(labels: Array, attributes: Sequence[str], *, most: int = 3) -> tuple[tuple[str, ...], ...]:
    """Return for each image the names of the rarest attributes that it has, rarest first, ties in the given order.

    labels   (image, attribute), 0 or 1
    """
    order = np.argsort(labels.mean(axis=0), kind="stable")
    return tuple(tuple(attributes[k] for k in order if row[k])[:most] for row in labels)
