"""The poster's Figure 2: masks and evidence over an image, by channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz.schema import Array, ImageMasks, Provenance
from mamviz_reports.captions import describe_provenance
from mamviz_reports.style import (
    DIVERGING,
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

_CELL = 0.82  # inches of one map, where there is room
_BETWEEN = 0.06  # from one map to the next
_APART = 0.12  # more between the sums and the channels
_WORDS = 1.25  # inches for name, label and logit
_HEAD = 0.45  # inches for the headings of a block
_SMALLEST = 0.4  # inches of a map of very many channels: then the figure is wider than two columns
_VEIL = 0.7  # of a map over the grey image


@dataclass(frozen=True, kw_only=True)
class _Look:
    """How large maps are, in inches, and what their colours mean."""

    cell: float
    masks: Normalize
    means: Normalize
    evidence: Normalize

    @property
    def step(self) -> float:
        return self.cell + _BETWEEN


@house_style()
def masks_figure(
    images: Sequence[ImageMasks],
    provenance: Provenance,
    *,
    evidence_limit: float,
    mask_limits: tuple[float, float] = (0.0, 1.0),
    mean_limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw the masks and the evidence of each image, one row an attribute.

    A row has the mean mask, the evidence summed over channels, and the masks of the chosen channels.
    evidence_limit   logit units; colours run from -limit to limit in all images, values outside take the end colour
    mask_limits      the ends of the mask's colours in all images
    mean_limits      those of the mean mask, which varies much less; mask_limits where None
    A map has the size of the feature grid: its cells are drawn as they are, not smoothed.
    Raises StatisticsError for no images, or images with different channels.
    """
    if not images or len({image.channels for image in images}) > 1:
        raise StatisticsError(
            f"masks figure: expected images with the same chosen channels, got {len(images)} images with "
            f"{sorted({image.channels for image in images})}. Draw them in figures of their own."
        )
    room = (TWO_COLUMNS - _CELL - _WORDS - _APART) / (2 + len(images[0].channels)) - _BETWEEN
    look = _Look(
        cell=min(_CELL, max(_SMALLEST, room)),
        masks=Normalize(*mask_limits),
        means=Normalize(*(mean_limits or mask_limits)),
        evidence=Normalize(-evidence_limit, evidence_limit),
    )
    heights = [_HEAD + max(len(image.attributes) * look.step, _CELL + _BETWEEN) for image in images]
    figure = new_figure(TWO_COLUMNS, sum(heights) + 0.7)
    top = 0.0
    for image, height in zip(images, heights, strict=True):
        _draw_block(figure, image, top, look)
        top += height
    _draw_scales(figure, top + 0.12, look)
    title(figure, "Attention masks", "One row an attribute; at the right, one square is one channel of its mask")
    caption(figure, _caption(images, provenance, own_scale=mean_limits is not None))
    return figure


def describe_answer(label: int, logit: float) -> str:
    """Say in words what the image has and whether the classifier is right.

    The classifier says yes above a logit of 0.
    """
    said = logit > 0
    right = "true" if said == bool(label) else "false"
    return f"{'present' if label else 'absent'}, logit {logit:+.2f}\n{right} {'positive' if said else 'negative'}"


def _draw_block(figure: Figure, image: ImageMasks, top: float, look: _Look) -> None:
    grey = np.asarray(image.image, dtype=np.float64) @ (0.299, 0.587, 0.114)  # ITU-R BT.601 luma
    photo = axes_at(figure, 0, top + _HEAD, _CELL, _CELL)
    photo.imshow(image.image, interpolation="nearest")
    photo.set_title(fold_name(image.name, 16), fontsize=7, pad=3)
    _bare(photo)
    for row, attribute in enumerate(image.attributes):
        level = top + _HEAD + row * look.step
        words = f"{fold_name(attribute, 20)}\n{describe_answer(int(image.labels[row]), float(image.logits[row]))}"
        _write(figure, words, _CELL + 0.12, level + look.cell / 2)
        left = _CELL + _WORDS
        maps = (
            ("mean mask", image.masks[row].mean(axis=0), look.means, SEQUENTIAL, grey),
            ("evidence", image.evidence[row].sum(axis=0), look.evidence, DIVERGING, grey),
            *(
                (f"channel {channel}", image.masks[row][channel], look.masks, SEQUENTIAL, None)
                for channel in image.channels
            ),
        )
        for place, (heading, values, scale, colours, under) in enumerate(maps):
            gap = _APART if place > 1 else 0.0  # sets the channels apart from the sums
            axes = axes_at(figure, left + place * look.step + gap, level, look.cell, look.cell)
            _draw_map(axes, values, scale, colours, under)
            axes.set_gid(f"{image.name}/{attribute}/{heading}")
            if row == 0:
                axes.set_title(heading, fontsize=6.5, pad=3)


def _draw_map(axes: Axes, values: Array, scale: Normalize, colours: str, under: Array | None) -> None:
    height, width = values.shape
    if under is not None:
        axes.imshow(
            under, cmap="gray", vmin=-160, vmax=415, extent=(0, width, height, 0), interpolation="nearest"
        )  # middle greys: the map is the subject
    axes.imshow(
        values,
        cmap=colours,
        norm=scale,
        alpha=None if under is None else _VEIL,
        extent=(0, width, height, 0),
        interpolation="nearest",
    )
    _bare(axes)


def _bare(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, color=GREY, linewidth=0.4)


def _write(figure: Figure, words: str, left: float, middle: float) -> None:
    width, height = figure.get_size_inches()
    figure.text(left / width, 1 - middle / height, words, ha="left", va="center", fontsize=7, linespacing=1.3)


def _draw_scales(figure: Figure, top: float, look: _Look) -> None:
    whole = (look.masks.vmin, look.masks.vmax) == (0, 1)
    scales = [
        (_CELL + 0.12, look.masks, SEQUENTIAL, "mask M", "neither" if whole else "both"),
        (_CELL + 2.0, look.evidence, DIVERGING, "evidence, summed over channels (logit units)", "both"),
    ]
    if (look.means.vmin, look.means.vmax) != (look.masks.vmin, look.masks.vmax):
        scales.append((_CELL + 4.4, look.means, SEQUENTIAL, "mean mask", "neither"))
    for place, scale, colours, label, extend in scales:
        axes = axes_at(figure, place, top, 1.5, 0.1)
        mappable = ScalarMappable(scale, colormaps[colours])
        bar = figure.colorbar(mappable, cax=axes, orientation="horizontal", extend=extend)
        bar.set_label(label, fontsize=7, labelpad=2)
        low, high = float(scale.vmin or 0), float(scale.vmax or 0)
        bar.set_ticks([low, (low + high) / 2, high], labels=[f"{low:.3g}", f"{(low + high) / 2:.3g}", f"{high:.3g}"])
        axes.tick_params(labelsize=6.5, pad=1.5, length=2)


def _caption(images: Sequence[ImageMasks], provenance: Provenance, *, own_scale: bool) -> str:
    own = " The mean mask has a scale of its own: it varies less." if own_scale else ""
    channels, height, width = images[0].masks.shape[1:]
    return (
        f"Masks of {len(images)} {'image' if len(images) == 1 else 'images'}; map: mask and evidence, signed, of one "
        f"image each. Mean mask: over all {channels} channels; evidence: summed over all {channels} channels, so its "
        f"{height} x {width} cells and the classifier's bias add up to the logit; both lie over the image in grey, "
        f"which dims their colours. Channels: the mask itself, as it is. One scale a kind for the whole figure.{own} "
        f"Run's masks: {describe_provenance(provenance)}"
    )
