"""Figures within the page: small SVG, with what they say in words beside them."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from typing import Literal

from matplotlib.figure import Figure

from mamviz_reports.style import house_style

HEAVY = 400_000  # bytes from which a drawing is kept as pixels
_DPI = 180
_SCREEN = 1.3 * 4 / 3  # CSS pixels a point; 4/3 would be the size on paper
_PAD = 0.1  # inches around a drawing, as in a saved figure


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A figure as the page holds it.

    caption   one short line under it; alt: heading and caption that stand in the picture itself
    width     and height: CSS pixels; larger than on paper, whose 7 points are too small on a screen
    """

    name: str
    kind: Literal["svg", "png"]
    uri: str
    alt: str
    caption: str
    width: int
    height: int


def draw(figure: Figure, name: str, caption: str) -> Drawing:
    """Return a figure as SVG, or as PNG where its SVG would be larger than 400 kB."""
    svg = slim_svg(_save(figure, "svg").decode("utf-8"))
    width, height = _size_of(svg)
    kind: Literal["svg", "png"] = "svg" if len(svg) <= HEAVY else "png"
    content = svg.encode("utf-8") if kind == "svg" else _save(figure, "png")
    mime = {"svg": "image/svg+xml", "png": "image/png"}[kind]
    uri = f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"
    return Drawing(name=name, kind=kind, uri=uri, alt=words_of(figure), caption=caption, width=width, height=height)


def words_of(figure: Figure) -> str:
    """Return the heading and the caption that stand in a figure, on one line."""
    found = [text for text in figure.texts if text.get_gid() in ("title", "caption")]
    ordered = sorted(found, key=lambda text: (text.get_gid() == "caption", -text.get_position()[1]))
    return " ".join(" ".join(text.get_text().split()).rstrip(".") + "." for text in ordered)


def slim_svg(svg: str) -> str:
    """Drop what a browser doesn't need: comments, metadata, blanks, and digits below a hundredth of a point.

    Numbers of transformations keep their digits: a glyph is scaled by 0.015625.
    """
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>|<!DOCTYPE[^>]*>|<\?xml[^>]*\?>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:d|x|y|points)="[^"]*"', lambda found: _round(found[0]), svg)
    return re.sub(r">\s+<", "><", svg).strip()


def _round(numbers: str) -> str:
    short = re.sub(r"-?\d+\.\d{3,}", lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), numbers)
    return re.sub(r"\s+", " ", short).replace("-0 ", "0 ")


@house_style()
def _save(figure: Figure, kind: Literal["svg", "png"]) -> bytes:
    buffer = io.BytesIO()
    metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    figure.savefig(buffer, format=kind, dpi=_DPI, bbox_inches="tight", pad_inches=_PAD, metadata=metadata)
    return buffer.getvalue()


def _size_of(svg: str) -> tuple[int, int]:
    """Return the size on a screen in CSS pixels."""
    head = svg[: svg.index(">")]
    width, height = (re.search(rf'{side}="([\d.]+)pt"', head) for side in ("width", "height"))
    assert width is not None
    assert height is not None
    return round(float(width[1]) * _SCREEN), round(float(height[1]) * _SCREEN)
