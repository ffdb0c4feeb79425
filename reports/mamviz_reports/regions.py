"""The figure of true regions on the built-in faces, beside data-set maps."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

from mamviz.schema import FaceValidation, Floats
from mamviz_reports.captions import describe_provenance
from mamviz_reports.style import (
    GREY,
    SEQUENTIAL,
    TWO_COLUMNS,
    axes_at,
    caption,
    fold_name,
    house_style,
    new_figure,
    title,
)
from mamviz_reports.tables import UNDEFINED
from mamviz_reports.validation import best_others

_CELL = 0.72  # inches of one map, where there is room
_BETWEEN = 0.08  # from one map to the next
_BELOW = 0.26  # from one row of maps to the next
_WORDS = 1.1  # inches for what a row shows


@house_style()
def regions_figure(validation: FaceValidation) -> Figure:
    """Draw true mean regions over our data-set maps over those of the other methods, a column an attribute.

    Attributes are the validation's examples. Every map has colours of its own, from 0 to its largest cell: where it is
    strong is compared, not how strong it is. Cells are drawn as they are, not smoothed.
    """
    regions = validation.regions
    rows: list[tuple[str, Floats, Floats | None]] = [("true region", regions.mean, None)]
    for entry in (validation.recommended, *best_others(validation)):
        name = "ours" if entry is validation.recommended else entry.method
        rows.append((f"{name},\n{entry.kind}", entry.maps, entry.map_r))
    columns = [regions.attributes.index(name) for name in validation.examples]
    cell = min(_CELL, (TWO_COLUMNS - _WORDS) / max(len(columns), 1) - _BETWEEN)
    figure = new_figure(TWO_COLUMNS, 0.4 + len(rows) * (cell + _BELOW))
    for row, (words, maps, r) in enumerate(rows):
        top = 0.4 + row * (cell + _BELOW)
        _write(figure, words, top + cell / 2)
        for place, k in enumerate(columns):
            axes = axes_at(figure, _WORDS + place * (cell + _BETWEEN), top, cell, cell)
            axes.imshow(maps[k], cmap=SEQUENTIAL, vmin=0, vmax=float(np.nanmax(maps[k])) or 1, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color=GREY, linewidth=0.4)
            axes.set_gid(f"{words}/{regions.attributes[k]}")
            if r is None:
                axes.set_title(fold_name(regions.attributes[k], 10), fontsize=6.5, pad=3)
            else:
                axes.set_xlabel(f"r {_number(float(r[k]), 2)}", fontsize=7, labelpad=2)
    title(figure, "True regions and data-set maps", f"{validation.provenance.run}; a column an attribute")
    caption(figure, _caption(validation))
    return figure


def _caption(validation: FaceValidation) -> str:
    ours = validation.recommended
    return (
        f"True region: mean share of each cell's pixels that change when the attribute's label is switched. Ours: "
        f"mask, absolute, adjusted, spatial (recommended), of {validation.n_masks:,} images; mean r over all "
        f"attributes {_number(ours.mean_r, 2)}. Other methods: the better of absolute adjusted and mean absolute. "
        f"Colours: dark 0, bright the map's largest cell. r: over cells, with the true region. Fresh faces: "
        f"{describe_provenance(validation.provenance)}"
    )


def _number(value: float, decimals: int) -> str:
    return UNDEFINED if math.isnan(value) else f"{value:.{decimals}f}"


def _write(figure: Figure, words: str, middle: float) -> None:
    height = float(figure.get_size_inches()[1])
    figure.text(0, 1 - middle / height, words, ha="left", va="center", fontsize=7, linespacing=1.3)
