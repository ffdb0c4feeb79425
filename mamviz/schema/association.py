"""How labels go together, and what masks share beyond that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mamviz.schema.arrays import Floats

Scale = Literal["rank", "raw"]
PairKind = Literal["shared", "separate"]


@dataclass(frozen=True, kw_only=True)
class LabelAssociation:
    """How the labels of the images go together, for every pair; matrices (K, K), ones on the diagonal.

    phi           Pearson's r of the 0/1 labels
    tetrachoric   r of the two normals that, cut, would give the pair's 2 x 2 table
    partial       phi with all other labels held fixed; `ridge` was added to phi's diagonal, 0 unless collinear
    empty_cells   pairs with a combination that no image shows: their tetrachoric r rests on a stated correction
    undefined     names of labels that never change: NaN row and column
    """

    names: tuple[str, ...]
    n_images: int
    phi: Floats
    tetrachoric: Floats
    partial: Floats
    ridge: float
    empty_cells: npt.NDArray[np.bool_]
    undefined: tuple[str, ...] = ()
