"""The poster's Figure 1: the network's parts with the shapes and parameters they really have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle
from matplotlib.text import Text

from mamviz.errors import ConfigError
from mamviz.schema import Budget, Component
from mamviz_reports.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    TWO_COLUMNS,
    axes_at,
    caption,
    fold_name,
    house_style,
    new_figure,
    title,
)

PARTS = ("extractor", "mask generator", "binary classifiers", "multi-label classifier", "reconstructor")
_HEIGHT = 3.35  # inches
_LETTERS = 20  # of a line in a box
_SMALL = 6.0  # points
_FINEST = 16  # cells a side: finer grids would be black
_TINTS = {BLUE: "#e0eef7", ORANGE: "#fbeed2", GREY: "#f4f4f4"}


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A rectangle in inches, from the lower left corner of the drawing."""

    left: float
    middle: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.middle - self.height / 2

    @property
    def centre(self) -> float:
        return self.left + self.width / 2

    @property
    def top(self) -> float:
        return self.middle + self.height / 2


# The way from the image to the logits runs through the middle; masks above it, what only training needs at the edges.
_MAIN, _MASKS, _UPPER, _LOWER = 1.24, 2.2, 3.05, 0.29
_IMAGE = _Place(left=0.02, middle=_MAIN, width=0.56, height=0.56)
_BOXES = {
    "extractor": _Place(left=0.8, middle=_MAIN, width=1.12, height=0.66),
    "mask generator": _Place(left=2.98, middle=_MASKS, width=1.12, height=0.66),
    "binary classifiers": _Place(left=5.42, middle=_MAIN, width=1.12, height=0.66),
    "multi-label classifier": _Place(left=2.98, middle=_UPPER, width=1.28, height=0.54),
    "reconstructor": _Place(left=2.98, middle=_LOWER, width=1.28, height=0.54),
}
_FEATURES = _Place(left=2.14, middle=_MAIN, width=0.44, height=0.44)
_MASKED = _Place(left=4.42, middle=_MASKS, width=0.34, height=0.34)
_PRODUCT = _Place(left=4.5, middle=_MAIN, width=0.2, height=0.2)
_REDRAWN = _Place(left=4.5, middle=_LOWER, width=0.44, height=0.44)
_END = 6.72  # where logits are written


@house_style()
def network_figure(budget: Budget, *, run: str) -> Figure:
    """Draw the network as a chain of boxes, each with its name, what it is, its parameters and the shape it gives.

    Planes have the cells of the real grid; four of them stand for all channels, three stacks for all attributes.
    Dashed boxes are needed only while training. Raises ConfigError where the budget doesn't have the five parts.
    """
    parts = {part.name: part for part in budget.components}
    missing = [name for name in PARTS if name not in parts]
    if missing:
        raise ConfigError(
            f"network figure: expected the parts {', '.join(PARTS)}; {missing[0]} is missing. Predict the budget again."
        )
    figure = new_figure(TWO_COLUMNS, _HEIGHT)
    axes = axes_at(figure, 0, 0, TWO_COLUMNS, _HEIGHT)
    axes.set(xlim=(0, TWO_COLUMNS), ylim=(0, _HEIGHT))
    axes.axis("off")
    _draw_tensors(axes, parts)
    for name, place in _BOXES.items():
        auxiliary = name in ("multi-label classifier", "reconstructor")
        _draw_box(axes, place, parts[name], ORANGE if name == "mask generator" else GREY if auxiliary else BLUE)
    _draw_arrows(axes)
    _draw_answers(axes, parts)
    title(figure, "The network")
    caption(figure, _words(budget, parts, run))
    return figure


def _draw_tensors(axes: Axes, parts: dict[str, Component]) -> None:
    features, masks, image = (parts[name].output for name in ("extractor", "mask generator", "reconstructor"))
    grid = (features[-2], features[-1])
    for place, words in ((_IMAGE, "image x"), (_REDRAWN, "reconstruction")):
        _draw_plane(axes, place, (1, 1), PALE)
        if place is _IMAGE:
            _write(axes, place.centre, place.bottom - 0.05, f"{words}\n{_shape(image)}", "top")
        else:
            _write(axes, place.right + 0.08, place.middle, f"{words}\n{_shape(image)}", "center", align="left")
    _draw_stack(axes, _FEATURES, grid, _TINTS[BLUE], n=4)
    _write(axes, _FEATURES.centre + 0.05, _FEATURES.bottom - 0.05, f"features F\n{_shape(features)}", "top")
    for number in (2, 1, 0):
        place = _Place(left=_MASKED.left + 0.42 * number, middle=_MASKS, width=0.34, height=0.34)
        _draw_stack(axes, place, grid, _TINTS[ORANGE], n=3)
    _write(axes, _MASKED.left + 1.3, _MASKS, "…", "center", align="left")
    _write(
        axes, _MASKED.left, _MASKED.top + 0.16, f"masks M, one an attribute\n{_shape(masks)}", "bottom", align="left"
    )


def _draw_stack(axes: Axes, place: _Place, grid: tuple[int, int], colour: str, *, n: int) -> None:
    """Draw planes behind each other, the farthest first."""
    for step in range(n - 1, -1, -1):
        behind = _Place(
            left=place.left + 0.04 * step, middle=place.middle + 0.04 * step, width=place.width, height=place.height
        )
        _draw_plane(axes, behind, grid if step == 0 else (1, 1), colour)


def _draw_plane(axes: Axes, place: _Place, grid: tuple[int, int], colour: str) -> None:
    rows, columns = grid if max(grid) <= _FINEST else (1, 1)
    axes.add_patch(
        Rectangle((place.left, place.bottom), place.width, place.height, facecolor=colour, edgecolor=INK, linewidth=0.5)
    )
    places = [place.left + place.width * step / columns for step in range(1, columns)]
    axes.vlines(places, place.bottom, place.top, color=INK, linewidth=0.25)
    heights = [place.bottom + place.height * step / rows for step in range(1, rows)]
    axes.hlines(heights, place.left, place.right, color=INK, linewidth=0.25)


def _draw_box(axes: Axes, place: _Place, part: Component, colour: str) -> None:
    box = FancyBboxPatch(
        (place.left, place.bottom),
        place.width,
        place.height,
        boxstyle="round,pad=0,rounding_size=0.05",
        facecolor=_TINTS[colour],
        edgecolor=colour,
        linewidth=0.9,
        linestyle="--" if colour == GREY else "-",
    )
    box.set_gid(part.name)
    axes.add_patch(box)
    lines = [line for line in fold_name(part.detail, _LETTERS).split("\n") if line]
    words = "\n".join([*lines, f"{part.parameters:,} parameters"])
    _write(axes, place.centre, place.top - 0.04, part.name, "top", size=7, bold=True)
    below = (place.bottom + place.top - 0.15) / 2
    _write(axes, place.centre, below, words, "center").set_gid("detail")


def _draw_arrows(axes: Axes) -> None:
    boxes = _BOXES
    fork = _FEATURES.right + 0.24
    _arrow(axes, (_IMAGE.right, _MAIN), (boxes["extractor"].left, _MAIN))
    _arrow(axes, (boxes["extractor"].right, _MAIN), (_FEATURES.left, _MAIN))
    _arrow(axes, (_FEATURES.right + 0.14, _MAIN), (_PRODUCT.left, _MAIN))
    axes.vlines(fork, _LOWER, _UPPER, color=INK, linewidth=0.8, zorder=0)
    axes.plot([fork], [_MAIN], "o", color=INK, markersize=2.5)
    for name in ("mask generator", "multi-label classifier", "reconstructor"):
        _arrow(axes, (fork, boxes[name].middle), (boxes[name].left, boxes[name].middle))
    _arrow(axes, (boxes["mask generator"].right, _MASKS), (_MASKED.left, _MASKS))
    _arrow(axes, (_PRODUCT.centre, _MASKED.bottom), (_PRODUCT.centre, _PRODUCT.top))
    _arrow(axes, (_PRODUCT.right, _MAIN), (boxes["binary classifiers"].left, _MAIN))
    _arrow(axes, (boxes["binary classifiers"].right, _MAIN), (_END - 0.03, _MAIN))
    _arrow(axes, (boxes["reconstructor"].right, _LOWER), (_REDRAWN.left, _LOWER))
    _arrow(axes, (boxes["multi-label classifier"].right, _UPPER), (boxes["multi-label classifier"].right + 0.2, _UPPER))
    axes.add_patch(Circle((_PRODUCT.centre, _MAIN), 0.1, facecolor="white", edgecolor=INK, linewidth=0.8))
    axes.plot([_PRODUCT.centre], [_MAIN], "x", color=INK, markersize=4.5, markeredgewidth=0.9)


def _draw_answers(axes: Axes, parts: dict[str, Component]) -> None:
    n_attributes, n_channels = parts["mask generator"].output[:2]
    classifiers, multi = _BOXES["binary classifiers"], _BOXES["multi-label classifier"]
    halfway = (_PRODUCT.right + classifiers.left) / 2
    _write(axes, halfway, _MAIN + 0.04, "mean\nover cells", "bottom")
    _write(axes, halfway, _MAIN - 0.05, _shape((n_attributes, n_channels)), "top")
    _write(axes, _PRODUCT.centre, _MAIN - 0.14, "M F", "top")
    _write(axes, _END, _MAIN, f"{parts['binary classifiers'].output[0]}\nlogits", "center", align="left")
    words = f"{parts['multi-label classifier'].output[0]} logits"
    _write(axes, multi.right + 0.23, _UPPER, words, "center", align="left")


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate(
        "", end, start, arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0,
                                    "mutation_scale": 7},
    )  # fmt: skip


def _write(
    axes: Axes, x: float, y: float, words: str, vertical: str, *, align: str = "center", size: float = _SMALL,
    bold: bool = False,
) -> Text:  # fmt: skip
    weight = "bold" if bold else "normal"
    return axes.text(x, y, words, ha=align, va=vertical, fontsize=size, fontweight=weight, linespacing=1.25)


def _shape(sizes: Sequence[int]) -> str:
    return " x ".join(map(str, sizes))


def _words(budget: Budget, parts: dict[str, Component], run: str) -> str:
    n_channels, height, width = parts["extractor"].output
    total = sum(part.parameters for part in budget.components)
    cost = f", {budget.flops_per_image / 1e9:.3g} GFLOP an image" if budget.flops_per_image else ""
    return (
        f"The network of run {run}, with the shapes of one image: each of {parts['mask generator'].output[0]} "
        f"attributes has a mask of {n_channels} channels on a grid of {height} x {width} cells. The logit of an "
        f"attribute is its bias plus the sum over channels of s times the mean of M F over cells. Planes stand for all "
        f"channels, stacks for all attributes. Dashed: only while training. {total:,} parameters in all{cost}."
    )
