"""The figure and table of the causal check: what masks claim of a channel, and what happens without it."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from mamviz.schema import CausalCheck, Provenance, PruningReport
from mamviz_reports.amounts import number, span
from mamviz_reports.pruning import common_facts, common_notes, describe_fill, fields_of, raw
from mamviz_reports.style import BLUE, GREY, INK, PALE, TWO_COLUMNS, caption, house_style, new_figure, title
from mamviz_reports.tables import Cell, Column, Table

_ROW = 0.105  # inches of an attribute's row


def causal_table(report: PruningReport, provenance: Provenance) -> Table:
    """Return a row a fill: rank correlations of claim and effect over all pairs, and within attributes."""
    rows = [
        (
            Cell(check.fill, (check.fill,)),
            *(Cell(span(each, number), raw(each)) for each in (check.pairs, check.within, check.loss_within)),
        )
        for check in report.causal
    ]
    return Table(
        title="Pruning: is the masks' claim causal? Each channel removed alone",
        columns=(
            Column("Fill", ("fill",)),
            Column("All pairs", fields_of("pairs"), "right"),
            Column("Within attributes", fields_of("within"), "right"),
            Column("Within, rise of the loss", fields_of("loss_within"), "right"),
        ),
        rows=tuple(rows),
        notes=(
            "Spearman's correlation of usage (absolute evidence, validation images) with the mean absolute change of "
            "an attribute's logit (test images) when the channel is removed and masks are made anew: over all pairs of "
            "attribute and channel; within an attribute, mean over attributes; and with the rise of its cross entropy.",
            *common_notes(report, provenance),
        ),
        facts=common_facts(report, provenance),
    )


def effects_table(report: PruningReport, provenance: Provenance) -> Table:
    """Return a row a fill, attribute and channel: claim, effect, rise of the loss, change of accuracy."""
    rows = [
        (
            Cell(check.fill, (check.fill,)),
            Cell(attribute, (attribute,)),
            Cell(str(channel), (channel,)),
            *(
                Cell(f"{float(values[k, channel]):.4g}", (float(values[k, channel]),))
                for values in (check.claim, check.effect, check.loss_rise, check.accuracy)
            ),
        )
        for check in report.causal
        for k, attribute in enumerate(check.attributes)
        for channel in range(check.claim.shape[1])
    ]
    names = ("fill", "attribute", "channel", "claim", "effect", "loss_rise", "accuracy")
    return Table(
        title="Pruning: what each channel does to each attribute",
        columns=tuple(Column(name, (name,)) for name in names),
        rows=tuple(rows),
        facts=common_facts(report, provenance),
    )


@house_style()
def causal_figure(report: PruningReport, provenance: Provenance) -> Figure:
    """Draw each check: effect over claim for all pairs, and the rank correlation within each attribute."""
    checks = report.causal
    height = max(3.0, _ROW * len(report.attributes))
    figure = new_figure(TWO_COLUMNS, (height + 0.4) * len(checks), constrained=True)
    panels = figure.subplots(len(checks), 2, squeeze=False, width_ratios=(1.35, 1))
    for (left, right), check in zip(panels, checks, strict=True):
        _draw_pairs(left, check)
        _draw_within(right, check)
    title(figure, "Is the masks' claim causal? Each channel removed alone")
    caption(figure, _words(report, provenance))
    return figure


def _draw_pairs(axes: Axes, check: CausalCheck) -> None:
    seen = (check.claim > 0) & (check.effect > 0)
    claim, effect = check.claim[seen], check.effect[seen]
    axes.loglog(claim, effect, ".", color=BLUE, markersize=2.5, alpha=0.35, markeredgewidth=0, rasterized=True)
    if claim.size:
        ends = [min(claim.min(), effect.min()), max(claim.max(), effect.max())]
        axes.plot(ends, ends, color=GREY, linewidth=0.7, linestyle="--")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        axis.set_major_formatter("{x:g}")  # powers of ten would be set as formulas, which names with a $ forbid
        axis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="claim: usage, logit units", ylabel="effect: mean |change of the logit|")
    axes.set_title(f"{describe_fill(check.fill)}: {span(check.pairs, number)} over all pairs", loc="left")


def _draw_within(axes: Axes, check: CausalCheck) -> None:
    order = list(check.best_first)
    values = check.by_attribute[order]
    places = np.arange(len(order))
    axes.hlines(places, 0, values, color=PALE, linewidth=1)
    axes.plot(values, places, "o", color=BLUE, markersize=3)
    axes.axvline(0, color=INK, linewidth=0.6)
    if not math.isnan(check.within.low):
        axes.axvspan(check.within.low, check.within.high, color=GREY, alpha=0.35, linewidth=0)
    axes.set_yticks(places, [check.attributes[k] for k in order], fontsize=6)
    axes.tick_params(axis="y", length=0)
    lowest = min(0.0, float(np.nanmin(values, initial=0.0)))
    axes.set(xlabel="Spearman over channels", xlim=(lowest - 0.03, 1.03), ylim=(len(order) - 0.3, -0.7))
    axes.set_title(f"{span(check.within, number)} within attributes", loc="left")


def _words(report: PruningReport, provenance: Provenance) -> str:
    n_attributes, n_channels = report.causal[0].claim.shape
    return " ".join(
        [
            f"Each of {n_attributes} x {n_channels} points is an attribute and a channel. Claim: its absolute evidence "
            "in an image, mean over validation images. Effect: on test images, with the channel removed and masks made "
            "anew. Dashed: effect as claimed. Right: the same ranked within each attribute; grey: the mean's interval. "
            "Pairs without any claim or effect have no point, attributes without a correlation no dot.",
            *common_notes(report, provenance),
        ]
    )
