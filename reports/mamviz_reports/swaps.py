"""Two images that take each other's features where the mask of an attribute is open: one row an attribute."""

from __future__ import annotations

from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz.schema import Gallery, Provenance, SwapPair
from mamviz_reports.captions import describe_provenance, list_names
from mamviz_reports.cells import LINE, Place, describe_label, show_picture, write
from mamviz_reports.style import caption, fold_name, house_style, new_figure, title
from mamviz_reports.tables import NBSP, percent

_SIDE = 1.0
_PITCH = 1.08  # inches from one picture to the next
_APART = 0.35  # more between the two images
_HEAD = 0.33  # inches over a row: the attribute, and what each picture is
_WORDS = 2 * LINE + 0.14


@house_style()
def swaps_figure(gallery: Gallery, provenance: Provenance) -> Figure:
    """Draw each pair before and after the swap, with the attribute's logits.

    Raises StatisticsError for no pairs.
    """
    if not gallery.swaps:
        raise StatisticsError("swaps figure: expected pairs of images that differ, got none. Choose other attributes.")
    rise = _HEAD + _SIDE + _WORDS
    figure = new_figure(6 * _PITCH + _APART, len(gallery.swaps) * rise)
    for row, pair in enumerate(gallery.swaps):
        _draw_pair(figure, pair, row * rise)
    title(
        figure,
        "Swapped features",
        "Each image takes the other's features where its own mask of the attribute is open",
    )
    caption(figure, _caption(gallery, provenance))
    return figure


def _draw_pair(figure: Figure, pair: SwapPair, top: float) -> None:
    write(figure, pair.attribute, 0, top, size=8, weight="bold")
    for side, name in enumerate(pair.names):
        left = side * (3 * _PITCH + _APART)
        logits = ((pair.before, pair.drawn_before), (pair.after, pair.drawn_after))
        before, after = ((f"features {own[side]:+.2f}", f"picture {drawn[side]:+.2f}") for own, drawn in logits)
        label = describe_label(pair.labels[side])
        pictures = (
            ("image", pair.images, (*fold_name(name, 16).splitlines(), label)),
            ("before", pair.plain, before),
            (f"after, {percent(float(pair.open_share[side]), 0)}{NBSP}% open", pair.swapped, after),
        )
        for place, (heading, picture, words) in enumerate(pictures):
            show_picture(
                figure,
                picture[side],
                Place(left + place * _PITCH, top + _HEAD, _SIDE),
                name=f"{pair.attribute}/{name}/{heading.partition(',')[0]}",
                over=heading,
                under=words,
            )


def _caption(gallery: Gallery, provenance: Provenance) -> str:
    left = f" No image of the data has another label of {list_names(gallery.unswapped)}." if gallery.unswapped else ""
    return (
        "Before: drawn from the image's own features; after: from those with the other image's where the own mask of "
        f"the attribute is at least {gallery.settings.open_from:g}, with the share of its channels and cells where it "
        "is. Logits of the attribute: features, of the features themselves, masks made anew; picture, of the drawn "
        f"picture, read again by the whole network. A logit above 0 says yes.{left} Run: "
        f"{describe_provenance(provenance)}"
    )
