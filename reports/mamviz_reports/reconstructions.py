"""What attributes' masks let through, drawn: one row an image, one column an attribute."""

from __future__ import annotations

from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz.schema import FeatureDrawing, Gallery, Provenance
from mamviz_reports.captions import describe_provenance
from mamviz_reports.cells import LINE, Place, describe_label, show_picture
from mamviz_reports.style import TWO_COLUMNS, caption, fold_name, house_style, new_figure, title

_PITCH = 1.15  # inches from one picture to the next, where there is room
_SMALLEST = 0.75  # of very many attributes: then the figure is wider than two columns
_BETWEEN = 0.12
_HEAD = 0.36  # inches over the first row, for names of two lines
_WORDS = 2 * LINE + 0.14  # under each row


@house_style()
def features_figure(gallery: Gallery, provenance: Provenance) -> Figure:
    """Draw each image, its reconstruction, and what is drawn from the features that each attribute's mask lets through.

    Raises StatisticsError for no images.
    """
    if not gallery.drawings:
        raise StatisticsError("features figure: expected images, got none. Choose some.")
    n_attributes = len(gallery.drawings[0].attributes)
    pitch = max(_SMALLEST, min(_PITCH, (TWO_COLUMNS + _BETWEEN) / (2 + n_attributes)))
    rise = pitch - _BETWEEN + _WORDS
    figure = new_figure((2 + n_attributes) * pitch - _BETWEEN, _HEAD + len(gallery.drawings) * rise)
    for row, drawing in enumerate(gallery.drawings):
        _draw_row(figure, drawing, _HEAD + row * rise, pitch=pitch, headed=row == 0)
    title(figure, "What masks let through", "One row an image; from the third picture on, one column an attribute")
    caption(figure, _caption(gallery, provenance))
    return figure


def _draw_row(figure: Figure, drawing: FeatureDrawing, top: float, *, pitch: float, headed: bool) -> None:
    side = pitch - _BETWEEN
    show_picture(
        figure,
        drawing.image,
        Place(0, top, side),
        name=f"{drawing.name}/image",
        over="image" if headed else "",
        under=fold_name(drawing.name, 16).splitlines(),
    )
    show_picture(
        figure,
        drawing.plain,
        Place(pitch, top, side),
        name=f"{drawing.name}/all features",
        over="all features" if headed else "",
    )
    for place, attribute in enumerate(drawing.attributes):
        show_picture(
            figure,
            drawing.pictures[place],
            Place((2 + place) * pitch, top, side),
            name=f"{drawing.name}/{attribute}",
            over=fold_name(attribute, 15) if headed else "",
            under=(describe_label(int(drawing.labels[place])), f"mean mask {drawing.levels[place]:.2f}"),
        )


def _caption(gallery: Gallery, provenance: Provenance) -> str:
    kind = gallery.transformation
    changed = "" if kind.kind == "none" else f" Masks are transformed first ({kind.name}), cell by cell."
    return (
        "Drawn by the network's reconstructor from features times the mask of the attribute, divided by the mask's "
        "mean over the image's channels and cells, so that attributes compare; a mask that is the same everywhere "
        f"would give the picture of all features.{changed} Present, absent: the label. The reconstructor learned "
        f"from whole features: masked ones are new to it. Run: {describe_provenance(provenance)}"
    )
