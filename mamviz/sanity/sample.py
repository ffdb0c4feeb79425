"""The images that checks are made on, with what every check needs of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.data.dataset import ImageData, SplitName
from mamviz.errors import DataError
from mamviz.schema import Floats
from mamviz.stats.moments import adjusted_weights

FEWEST_IMAGES = 8


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Images drawn from one part of a data set; n of them, in the data's order.

    indices      (n,) into the data
    images       (n, S, S, 3) uint8; labels (n, K) 0 or 1
    units        (n,) the person where known, else the image: what intervals resample
    weights      (n, K) w_k(n) of the adjusted maps of these images
    """

    indices: npt.NDArray[np.int64]
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]
    units: npt.NDArray[np.int64]
    weights: Floats
    attributes: tuple[str, ...]

    @property
    def n_images(self) -> int:
        """Number of images."""
        return len(self.indices)

    @property
    def n_units(self) -> int:
        """Number of persons, or images where persons aren't known."""
        return len(np.unique(self.units))


def draw_sample(data: ImageData, *, split: SplitName, n_images: int, generator: np.random.Generator) -> Sample:
    """Draw images of one split without replacement; all of them where it has no more.

    Raises DataError where there are fewer than eight.
    """
    indices = data.select(split)
    if min(len(indices), n_images) < FEWEST_IMAGES:
        raise DataError(
            f"{data.description}: expected at least {FEWEST_IMAGES} images of the split {split!r} to check, got "
            f"{min(len(indices), n_images)}. Use --split all, or more --images."
        )
    if len(indices) > n_images:
        indices = np.sort(generator.choice(indices, n_images, replace=False))
    labels = np.asarray(data.labels[indices])
    return Sample(
        indices=indices,
        images=np.array(data.images[indices]),
        labels=labels,
        units=data.units[indices],
        weights=adjusted_weights(labels).values,
        attributes=data.attributes,
    )
