"""Images and maps as text within the page."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from mamviz.schema import Floats
from mamviz_reports.page.colours import Palette, paint

LARGEST = 96  # pixels of an example's side
_QUALITY = 85


@dataclass(frozen=True, kw_only=True)
class CellMap:
    """A map as the page holds it.

    data             JSON that the page's script paints from
    still            the same as a small picture, for readers without scripts
    label            what it shows, for those who can't see it
    width, height    number of cells
    """

    kind: str
    data: str
    still: str
    label: str
    width: int
    height: int


def cell_map(values: Floats, *, limits: tuple[float, float], palette: Palette, kind: str, label: str) -> CellMap:
    """Return a map with its scale; values to four digits, NaN becomes null."""
    rows = [[None if np.isnan(value) else float(f"{value:.4g}") for value in row] for row in values]
    data = {"values": rows, "lowest": float(f"{limits[0]:.4g}"), "highest": float(f"{limits[1]:.4g}")}
    picture = picture_uri(values, limits, palette)
    text = json.dumps({**data, "palette": palette}, separators=(",", ":"), allow_nan=False)
    height, width = values.shape
    return CellMap(kind=kind, data=text, still=picture, label=label, width=width, height=height)


def photo_uri(image: npt.NDArray[np.uint8]) -> str:
    """Return an image as a JPEG of at most 96 pixels a side."""
    picture = Image.fromarray(image)
    picture.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    return _encode(picture, "jpeg")


def picture_uri(values: Floats, limits: tuple[float, float], palette: Palette) -> str:
    """Return a map as a PNG of one pixel a cell."""
    return _encode(Image.fromarray(paint(values, *limits, palette)), "png")


def _encode(picture: Image.Image, kind: str) -> str:
    buffer = io.BytesIO()
    if kind == "jpeg":
        picture.save(buffer, "jpeg", quality=_QUALITY, optimize=True)
    else:
        picture.save(buffer, "png", optimize=True)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
