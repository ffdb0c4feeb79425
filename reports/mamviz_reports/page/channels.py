"""The section on channels: who uses them, which say the same, and whether the masks' claim is causal."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from mamviz.schema import AbsentPart, Overview
from mamviz_reports.causal import causal_figure, causal_table
from mamviz_reports.channels import channels_figure
from mamviz_reports.heatmaps import correlation_figure
from mamviz_reports.page.colours import palette_colours
from mamviz_reports.page.drawings import Drawing, draw
from mamviz_reports.page.images import picture_uri
from mamviz_reports.page.relations import Heatmap
from mamviz_reports.page.sections import Section, absent_part, linked
from mamviz_reports.page.tables import table_html
from mamviz_reports.page.templating import fill
from mamviz_reports.usages import channel_table


@dataclass(frozen=True, kw_only=True)
class Channels:
    """What the section shows; causal: None where no channel was removed to see."""

    n: int
    n_candidates: int
    n_dead: int
    threshold: str
    table: Markup
    usage: Drawing
    heatmap: Heatmap
    correlation: Drawing
    causal: Drawing | None
    causal_table: Markup | None
    missing: AbsentPart | None


def channels_section(overview: Overview) -> Section:
    """Return the section on channels."""
    report, provenance, pruning = overview.channels, overview.provenance, overview.pruning
    going = None if pruning is None or not pruning.safe else pruning.going
    checked = pruning if pruning is not None and pruning.causal else None
    correlation = correlation_figure(overview.channel_correlation, overview.channel_clustering, provenance)
    part = Channels(
        n=len(report.rows),
        n_candidates=len(report.candidates),
        n_dead=len(report.dead),
        threshold=f"{report.threshold:g}",
        table=table_html(channel_table(report, provenance, going=going), "channels", linked(overview, bar="usage")),
        usage=draw(channels_figure(report, provenance), "channels", "Usage and mean mask of every channel."),
        heatmap=_heatmap(overview),
        correlation=draw(correlation, "channel-correlation", "The same as a figure for print, with its tree."),
        causal=None
        if checked is None
        else draw(causal_figure(checked, provenance), "pruning-causal", "What masks claim, and what happens."),
        causal_table=None
        if checked is None
        else table_html(causal_table(checked, provenance), "pruning-causal", linked(overview)),
        missing=absent_part(overview, "pruning"),
    )
    return Section(id="channels", heading="Channels", body=fill("channels.html", part))


def _heatmap(overview: Overview) -> Heatmap:
    correlation, order = overview.channel_correlation, overview.channel_clustering.order
    return Heatmap(
        key="channels",
        title="Correlation between channels",
        detail=f"Correlation r of {correlation.choices.describe('channel')}.",
        still=picture_uri(correlation.values[order][:, order], (-1, 1), "diverging"),
        lowest="\N{MINUS SIGN}1",
        highest="1",
        gradient=", ".join(palette_colours("diverging")),
    )
