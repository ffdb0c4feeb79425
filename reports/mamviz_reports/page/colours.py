"""Colours of maps and heatmaps, the same in the page as in the figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.colors import to_hex

from mamviz.schema import Floats
from mamviz_reports.style import DIVERGING, SEQUENTIAL

Palette = Literal["diverging", "sequential"]
N_COLOURS = 33  # odd: a diverging scale has a middle
_MAPS: Mapping[Palette, str] = {"diverging": DIVERGING, "sequential": SEQUENTIAL}
_UNKNOWN = (200, 200, 200)  # where there is no number


def palette_colours(palette: Palette) -> tuple[str, ...]:
    """Return the colours from the lowest to the highest value as #rrggbb."""
    return tuple(to_hex(colormaps[_MAPS[palette]](share)) for share in np.linspace(0, 1, N_COLOURS))


def paint(values: Floats, lowest: float, highest: float, palette: Palette) -> npt.NDArray[np.uint8]:
    """Return the colours of a map, (H, W, 3); values outside take the end colour, NaN is grey."""
    reach = (highest - lowest) or 1.0
    shares = np.nan_to_num(np.clip((values - lowest) / reach, 0, 1), nan=0.5)
    coloured = np.asarray(colormaps[_MAPS[palette]](shares))[..., :3]
    pixels: npt.NDArray[np.uint8] = np.round(255 * coloured).astype(np.uint8)
    pixels[np.isnan(values)] = _UNKNOWN
    return pixels
