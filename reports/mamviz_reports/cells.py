"""Pictures in rows, with words over and under them: places in inches from a figure's upper left corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from mamviz.schema.generation import Pictures
from mamviz_reports.style import GREY, axes_at

LINE = 0.115  # inches of a line of small words
SMALL = 6.5


@dataclass(frozen=True)
class Place:
    """Upper left corner of a picture, and its side."""

    left: float
    top: float
    side: float


def show_picture(
    figure: Figure, picture: Pictures, place: Place, *, name: str, over: str = "", under: Sequence[str] = ()
) -> Axes:
    """Draw a picture (S, S, 3) as it is, with words over it and lines under it; `name` tells it from others."""
    axes = bare_axes(figure, place, name=name)
    axes.imshow(picture, interpolation="nearest")
    if over:
        axes.set_title(over, fontsize=7, pad=3)
    write_lines(figure, under, place.left + place.side / 2, place.top + place.side, ha="center")
    return axes


def bare_axes(figure: Figure, place: Place, *, name: str) -> Axes:
    """Add axes in a thin frame, without ticks."""
    axes = axes_at(figure, place.left, place.top, place.side, place.side)
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, color=GREY, linewidth=0.4)
    axes.set_gid(name)
    return axes


def write(figure: Figure, words: str, left: float, top: float, *, size: float = 7, weight: str = "normal") -> Text:
    """Write words whose upper left corner is at a place."""
    width, height = figure.get_size_inches()
    return figure.text(
        left / width, 1 - top / height, words, ha="left", va="top", fontsize=size, fontweight=weight, linespacing=1.25
    )


def write_lines(
    figure: Figure,
    lines: Sequence[str],
    left: float,
    top: float,
    *,
    ha: Literal["left", "center"] = "left",
    size: float = SMALL,
) -> None:
    """Write small lines under a place, each on its own base line, so that lines of neighbours stand level."""
    width, height = figure.get_size_inches()
    for number, line in enumerate(lines, start=1):
        level = 1 - (top + number * LINE + 0.01) / height
        if line:
            figure.text(left / width, level, line, ha=ha, va="baseline", fontsize=size)


def describe_label(label: int) -> str:
    """Say whether an image has an attribute."""
    return "present" if label else "absent"
