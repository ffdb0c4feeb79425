"""One image with its masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.schema.arrays import Array, Floats


@dataclass(frozen=True, kw_only=True)
class ImageMasks:
    """One image with its masks and evidence of chosen attributes, for the poster's Figure 2.

    image      (S, S, 3) uint8
    masks      (A, C, H, W) of the A chosen attributes, in (0, 1); evidence the same shape, logit units
    channels   the chosen channels, the same for all attributes
    labels     (A,) 0 or 1; logits (A,)
    """

    name: str
    image: npt.NDArray[np.uint8]
    attributes: tuple[str, ...]
    masks: Array
    evidence: Array
    channels: tuple[int, ...]
    labels: npt.NDArray[np.uint8]
    logits: Floats
