"""The figure of the pruning report: how much each channel is used."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from mamviz.schema import ChannelReport, Provenance
from mamviz_reports.captions import describe_choices, describe_provenance
from mamviz_reports.style import BLUE, GREY, TWO_COLUMNS, VERMILION, caption, house_style, new_figure, thin, title

_LABEL = 0.14  # inches that a tick label needs
_MARKED = 100  # up to so many channels, a mark over a bar is narrower than the bar


@house_style()
def channels_figure(report: ChannelReport, provenance: Provenance) -> Figure:
    """Draw usage and mean mask of each channel, in the given order.

    Candidates for pruning have another colour and a mark.
    The dashed line is the usage of a channel if all were used alike.
    """
    n = len(report.rows)
    width = min(TWO_COLUMNS, max(4.5, 0.16 * n + 1.2))
    figure = new_figure(width, 3.8, constrained=True)
    usage_axes, mask_axes = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    places = np.arange(n)
    usage = np.array([100 * row.usage for row in report.rows])
    going = np.array([row.candidate is not None for row in report.rows], dtype=bool)
    kinds: list[Artist] = []
    for chosen, colour, name in ((~going, BLUE, "kept"), (going, VERMILION, "could be pruned")):
        usage_axes.bar(places[chosen], usage[chosen], width=0.8, color=colour)
        # no bar, no colour: a legend made from bars would give an empty kind the next one's
        kinds.append(Patch(color=colour, label=f"{name} ({chosen.sum()})"))
    kinds.append(usage_axes.axhline(100 / max(n, 1), color=GREY, linewidth=0.7, linestyle="--", label="equal share"))
    if n <= _MARKED:
        above = usage_axes.transData + ScaledTranslation(0, 3.5 / 72, figure.dpi_scale_trans)
        usage_axes.plot(places[going], usage[going], "v", color=VERMILION, markersize=3, transform=above)
    usage_axes.set(ylabel="usage, % of absolute evidence", ylim=(0, None))
    usage_axes.legend(handles=kinds, loc="lower right", bbox_to_anchor=(1, 1), ncols=3)
    _draw_masks(mask_axes, report, going)
    step = thin(n, _LABEL / (width - 0.9))
    names = [str(row.channel) for row in report.rows[::step]]
    mask_axes.set_xticks(places[::step], names, rotation=90 if n > 12 else 0, fontsize=6.5)
    mask_axes.set(xlim=(-0.8, n - 0.2), xlabel="channel, in the order of the report")
    figure.align_ylabels()
    title(figure, "Channels: usage and mean mask")
    caption(figure, _words(report, provenance, step))
    return figure


def _draw_masks(axes: Axes, report: ChannelReport, going: npt.NDArray[np.bool_]) -> None:
    places = np.arange(len(report.rows))
    masks = np.array([row.mean_mask for row in report.rows])
    axes.scatter(places[~going], masks[~going], s=9, color=BLUE, linewidths=0)
    axes.scatter(places[going], masks[going], s=12, color=VERMILION, marker="v", linewidths=0)
    axes.axhline(0.5, color=GREY, linewidth=0.7, linestyle=":")
    axes.set(ylabel="mean mask", ylim=(0, 1))


def _words(report: ChannelReport, provenance: Provenance, step: int) -> str:
    words = [
        f"Usage: the channel's share of all absolute evidence; it adds up to 100 % over the {len(report.rows)} "
        f"channels. Mean mask: over attributes, positions and images; dotted: 0.5, where every mask started. "
        f"Triangles: {len(report.candidates)} channels that could be pruned, {len(report.dead)} of them never active; "
        f"a channel repeats another from |r| {report.threshold:g} on ({describe_choices(report.correlation)})."
    ]
    if step > 1:
        words.append(f"One channel in {step} is named.")
    return " ".join([*words, describe_provenance(provenance, n_images=report.n_images)])
