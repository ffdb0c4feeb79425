"""The look of every figure: one context and palette, one way to save."""

from __future__ import annotations

import io
import os
import secrets
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

# Okabe and Ito (2008): eight colours that people with any common colour blindness tell apart; these are six of them.
INK = "#222222"
GREY = "#8c8c8c"
PALE = "#e6e6e6"
BLUE = "#0072b2"
VERMILION = "#d55e00"
GREEN = "#009e73"
PURPLE = "#cc79a7"
ORANGE = "#e69f00"

DIVERGING = "RdBu_r"  # signed values, centred on 0
SEQUENTIAL = (
    "viridis"  # values in [0, 1]; perceptually uniform, and none of its colours is the grey of an image under it
)

SETTINGS = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same widths on every machine
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "text.parse_math": False,  # a name with dollar signs is a name
    "svg.hashsalt": "mamviz",  # the same figure gives the same bytes
    "svg.fonttype": "path",
}
DPI = 200
# Inches that figures are drawn in so that, with the margin that is saved around them, they fit one column of a paper
# (3.4) or two (7.2).
ONE_COLUMN = 3.3
TWO_COLUMNS = 7.1
FigureKind = Literal["png", "svg"]
# No date and no random name: the same figure gives the same bytes.
_METADATA: dict[FigureKind, dict[str, Any]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
_GAP = 0.1  # inches between the drawing and the words above and below it
_MARGIN = 0.05  # inches around a saved figure


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in mamviz's style inside this block, or in the function it decorates."""
    with mpl.rc_context():
        mpl.rcdefaults()  # a user's matplotlibrc must not change a figure
        parameters: Any = mpl.rcParams  # its stubs take only literal names
        parameters.update(SETTINGS)
        yield


def new_figure(width: float, height: float, *, constrained: bool = False) -> Figure:
    """Make an empty figure that no global state knows; sizes in inches."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained" if constrained else None)
    FigureCanvasAgg(figure)
    return figure


def axes_at(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Add axes at a place in inches, counted from the figure's upper left corner."""
    full_width, full_height = figure.get_size_inches()
    bottom = full_height - top - height
    return figure.add_axes((left / full_width, bottom / full_height, width / full_width, height / full_height))


@house_style()
def title(figure: Figure, heading: str, detail: str = "") -> None:
    """Put a heading, and a wrapped line of detail, above all that is drawn so far."""
    if detail:
        _beside(figure, detail, size=8, weight="normal", up=_GAP).set_gid("title")
    _beside(figure, heading, size=10, weight="bold", up=0.06 if detail else _GAP).set_gid("title")


@house_style()
def caption(figure: Figure, text: str) -> Text:
    """Put `text`, wrapped, under all that is drawn so far: call it last.

    A saved file is cut to what is drawn, so the caption can't cover a label or be clipped.
    """
    words = _beside(figure, text, size=7, weight="normal", up=None)
    words.set_gid("caption")
    return words


def _beside(figure: Figure, text: str, *, size: float, weight: str, up: float | None) -> Text:
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    box = figure.get_tightbbox()  # inches
    width, height = figure.get_size_inches()
    # a letter of DejaVu Sans is 0.5 em wide on average, and 0.54 in the widest lines
    letters = int(max(box.width, ONE_COLUMN) * 72 / (0.54 * size))
    return figure.text(
        box.x0 / width,
        (box.y0 - _GAP if up is None else box.y1 + up) / height,
        _wrap(text, letters),
        ha="left",
        va="top" if up is None else "bottom",
        fontsize=size,
        fontweight=weight,
        linespacing=1.35,
    )


def _wrap(text: str, letters: int) -> str:
    """Break lines neither within names of runs, which have hyphens, nor between a number and its per cent sign."""
    return textwrap.fill(text.replace(" %", "\u00a0%"), letters, break_on_hyphens=False)


@house_style()
def save_figure(
    figure: Figure, folder: Path, stem: str, *, kinds: Sequence[FigureKind] = ("png", "svg")
) -> tuple[Path, ...]:
    """Write `stem`.png and `stem`.svg, or one of them, into `folder`; return their paths.

    Each is written whole or not at all.
    The same figure gives the same bytes: neither file holds a date or a random name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in kinds:
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, dpi=DPI, bbox_inches="tight", pad_inches=_MARGIN, metadata=_METADATA[kind])
        paths.append(_write(folder / f"{stem}.{kind}", buffer.getvalue()))
    return tuple(paths)


def _write(path: Path, content: bytes) -> Path:
    partial = path.with_name(f".{path.stem}.{os.getpid()}-{secrets.token_hex(4)}{path.suffix}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def thin(n: int, room: float) -> int:
    """Return the step between shown labels that gives each its `room`.

    room   share of the axis that a label needs
    """
    steps = (1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100)
    return next((step for step in steps if step >= room * n), -(-n // 10))


def fold_name(name: str, letters: int) -> str:
    """Break a long name over lines after its underscores and spaces."""
    pieces = name.replace("_", "_\0").replace(" ", " \0").split("\0")
    lines = [""]
    for piece in pieces:
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > letters:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.strip() for line in lines)
