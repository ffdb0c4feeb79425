"""Sheets of images: faces with labels, and pairs that differ in one attribute."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz.schema import Array
from mamviz_reports.style import VERMILION, axes_at, caption, fold_name, house_style, new_figure, title

_SIDE = 1.0  # inches of an image
_GAP = 0.12
_PAIRS = 4  # pairs a row
_LINE = 0.115  # inches of a line of words


@house_style()
def images_sheet(
    images: npt.NDArray[np.uint8], labels: Sequence[str], *, heading: str, words: str, columns: int = 8
) -> Figure:
    """Draw images (n, S, S, 3) as a grid in the given order, a label under each.

    words   the caption. Raises StatisticsError for no images, or another number of labels.
    """
    _check(len(images), labels=len(labels))
    wide = min(columns, len(images))
    texts = [_fold_label(label) for label in labels]
    lines = max(text.count("\n") + 1 for text in texts)
    rise = _SIDE + lines * _LINE + _GAP
    tall = -(-len(images) // wide)
    figure = new_figure(wide * (_SIDE + _GAP), tall * rise)
    for number, (image, text) in enumerate(zip(images, texts, strict=True)):
        row, column = divmod(number, wide)
        _show(axes_at(figure, column * (_SIDE + _GAP), row * rise, _SIDE, _SIDE), image, below=text)
    title(figure, heading)
    caption(figure, words)
    return figure


@house_style()
def pairs_sheet(
    off: npt.NDArray[np.uint8],
    on: npt.NDArray[np.uint8],
    regions: npt.NDArray[np.bool_],
    attributes: Sequence[str],
    *,
    words: str,
) -> Figure:
    """Draw the same image without and with each attribute, the change outlined.

    off, on (n, S, S, 3); regions (n, S, S), True where the attribute changes the image; an empty one has no outline.
    Raises StatisticsError for no pairs, or arrays of different lengths.
    """
    _check(len(off), on=len(on), regions=len(regions), attributes=len(attributes))
    wide = min(_PAIRS, len(off))
    rise, run = _SIDE + 3 * _LINE, 2 * _SIDE + 2.5 * _GAP
    figure = new_figure(wide * run, -(-len(off) // wide) * rise)
    for number, attribute in enumerate(attributes):
        row, column = divmod(number, wide)
        top, left = row * rise, column * run
        without = axes_at(figure, left, top, _SIDE, _SIDE)
        _show(without, off[number], below="without")
        without.set_title(attribute, fontsize=7, pad=2, loc="left")
        with_it = axes_at(figure, left + _SIDE + 0.03, top, _SIDE, _SIDE)
        _show(with_it, on[number], below="with")
        _outline(with_it, regions[number])
    title(figure, "What each attribute changes")
    caption(figure, words)
    return figure


def _check(n: int, **lengths: int) -> None:
    wrong = {name: length for name, length in lengths.items() if length != n}
    if n == 0 or wrong:
        got = ", ".join(f"{length} {name}" for name, length in wrong.items()) or "none"
        raise StatisticsError(f"sheet: expected one of each for {n} images, at least one, got {got}. Give all of them.")


def _fold_label(label: str) -> str:
    return "\n".join(fold_name(line, 17) for line in label.split("\n"))


def _show(axes: Axes, image: Array, *, below: str) -> None:
    axes.imshow(image, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.set_xlabel(below, fontsize=6.5, labelpad=2)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _outline(axes: Axes, region: Array) -> None:
    """Draw a line along the edges of the region's pixels, closed at the border."""
    for colour, width in (("white", 1.6), (VERMILION, 0.8)):  # a light edge, so that it shows on any colour
        _edges(axes, region, colour, width)


def _edges(axes: Axes, region: Array, colour: str, width: float) -> None:
    padded = np.pad(np.asarray(region, dtype=bool), 1)
    rows, columns = np.nonzero(padded[1:, 1:-1] != padded[:-1, 1:-1])  # an edge above pixel (row, column)
    axes.hlines(
        rows - 0.5, columns - 0.5, columns + 0.5, color=colour, linewidth=width, capstyle="projecting", clip_on=False
    )
    rows, columns = np.nonzero(padded[1:-1, 1:] != padded[1:-1, :-1])  # an edge left of it
    axes.vlines(
        columns - 0.5, rows - 0.5, rows + 0.5, color=colour, linewidth=width, capstyle="projecting", clip_on=False
    )
