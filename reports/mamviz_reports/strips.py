"""Strips of an attribute removed and added: pictures, logits under them, and what changed, on one scale."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz.schema import EditedPicture, EditSettings, EditStrip, Gallery, OtherChange, Provenance
from mamviz_reports.captions import describe_provenance
from mamviz_reports.cells import LINE, SMALL, Place, bare_axes, describe_label, show_picture, write, write_lines
from mamviz_reports.style import DIVERGING, axes_at, caption, house_style, new_figure, title

_SIDE = 0.92
_SMALL = 0.6  # inches of a difference
_FIRST = 1.15  # inches of the column of the image and the headings
_PITCH = 1.22
_NAMES = 6.0  # points
_LONGEST = 26  # letters that are as wide as _PITCH: the longest name of CelebA with its change
_HEAD = 0.3
_LINES = 4 * LINE + 0.07
_RISE = _HEAD + _SIDE + _LINES + _SMALL + 0.14
_HEADINGS = ("logit, features", "most changed other", "logit, picture", "most changed other")

# What each direction is, in words for captions and notes.
DIRECTIONS = {
    "contrast": "how features differ with the label over training images, all other labels held fixed, kept to what "
    "raises the attribute's logit",
    "gradient": "the gradient of the attribute's logit, masks included",
    "own": "the attribute's evidence less the mean evidence of all attributes",
    "evidence": "the attribute's evidence, masks held",
}


@house_style()
def strips_figure(gallery: Gallery, provenance: Provenance, *, image: str) -> Figure:
    """Draw every strip of one image, an attribute under the other.

    Raises StatisticsError for an image without strips.
    """
    strips = [strip for strip in gallery.strips if strip.name == image]
    if not strips:
        raise StatisticsError(f"strips figure: expected strips of {image!r}, got none. Choose an image of the gallery.")
    scale = Normalize(-gallery.difference_limit, gallery.difference_limit)
    width = _FIRST + max(len(strip.pictures) for strip in strips) * _PITCH
    figure = new_figure(width, len(strips) * _RISE + 0.35)
    for row, strip in enumerate(strips):
        _draw_strip(figure, strip, row * _RISE, scale)
    _draw_scale(figure, len(strips) * _RISE, scale)
    heading = f"Attributes removed from and added to {image}"
    title(
        figure, heading, "At the left the image; each picture is drawn from features moved until the logit has changed"
    )
    caption(figure, _caption(gallery, provenance))
    return figure


def strips_figures(gallery: Gallery, provenance: Provenance) -> dict[str, Figure]:
    """Return a figure an image by the name of its file, numbered in the images' order."""
    images: Sequence[str] = list(dict.fromkeys(strip.name for strip in gallery.strips))
    return {
        f"generate-edits-{number}": strips_figure(gallery, provenance, image=image)
        for number, image in enumerate(images, start=1)
    }


def describe_moving(settings: EditSettings, n_reference: int) -> str:
    """Say along what features move, where, how far, and what the two readings are worth."""
    return (
        f"Features move along {DIRECTIONS[settings.direction]}, where the mask of the attribute is at least "
        f"{settings.open_from:g}, until its logit has changed as asked (SD: standard deviations of that logit over "
        f"{n_reference:,} training images). Read of features, the result is partly by construction: they are moved to "
        "change this very logit. The harder question is what the whole network reads in the picture that is drawn from "
        "them."
    )


def _draw_strip(figure: Figure, strip: EditStrip, top: float, scale: Normalize) -> None:
    write(figure, strip.attribute, 0, top, size=8, weight="bold")
    name, level = f"{strip.name}/{strip.attribute}", top + _HEAD
    over = f"image: {describe_label(strip.label)}"
    show_picture(figure, strip.image, Place(0, level, _SIDE), name=f"{name}/image", over=over)
    write_lines(figure, _HEADINGS, 0, level + _SIDE)
    lower = level + _SIDE + _LINES
    write(figure, "difference from\nthe picture\nat 0 SD", 0, lower, size=SMALL)
    for place, each in enumerate(strip.pictures):
        left = _FIRST + place * _PITCH
        heading = f"{each.strength:+g} SD" if each.strength else "0 SD"
        shown = f"{name}/{each.strength:g}"
        show_picture(figure, each.picture, Place(left, level, _SIDE), name=shown, over=heading)
        lines = _describe_picture(each)
        size = min(_NAMES, _NAMES * _LONGEST / max(map(len, lines)))
        write_lines(figure, lines, left + _SIDE / 2, level + _SIDE, ha="center", size=size)
        if each.strength:
            axes = bare_axes(figure, Place(left + (_SIDE - _SMALL) / 2, lower, _SMALL), name=f"{shown}/difference")
            axes.imshow(each.difference, cmap=DIVERGING, norm=scale, interpolation="nearest")


def _describe_picture(each: EditedPicture) -> tuple[str, ...]:
    """Return four lines: the own logit and the most changed other, of the features and of the picture."""
    parts = ((each.own_features, each.other_features), (each.own_drawn, each.other_drawn))
    return tuple(
        line for own, other in parts for line in (f"{own:+.2f}", _describe_other(other, moved=bool(each.strength)))
    )


def _describe_other(other: OtherChange, *, moved: bool) -> str:
    return f"{other.attribute} {other.change:+.2f}" if moved and other.attribute else ""


def _draw_scale(figure: Figure, top: float, scale: Normalize) -> None:
    axes = axes_at(figure, _FIRST, top, 2.6, 0.09)
    bar = figure.colorbar(ScalarMappable(scale, colormaps[DIVERGING]), cax=axes, orientation="horizontal")
    bar.set_label("difference, share of the range from black to white", fontsize=7, labelpad=2)
    limit = float(scale.vmax or 0)
    bar.set_ticks([-limit, 0, limit], labels=[f"{-limit:.2g}", "0", f"{limit:.2g}"])
    axes.tick_params(labelsize=SMALL, pad=1.5, length=2)


def _caption(gallery: Gallery, provenance: Provenance) -> str:
    return (
        f"{describe_moving(gallery.settings, gallery.n_reference)} Under each picture: the attribute's logit, and the "
        "other attribute whose logit changed most with its change, in logit units; first of the features, then of the "
        "picture. Differences are means over colours and have one scale in all strips of all images. Run: "
        f"{describe_provenance(provenance)}"
    )
