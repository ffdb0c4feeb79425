"""The section on relations: five heatmaps in one order, the pair one asks for, and the tables behind them."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from mamviz.schema import AbsentPart, Overview, OverviewMatrix
from mamviz_reports.certainty import certainty_warnings
from mamviz_reports.entanglement import explanation_table, pair_list, pair_table
from mamviz_reports.gaps import entanglement_figure
from mamviz_reports.heatmaps import correlation_figure
from mamviz_reports.page.colours import Palette, palette_colours
from mamviz_reports.page.drawings import Drawing, draw
from mamviz_reports.page.images import picture_uri
from mamviz_reports.page.sections import Section, absent_part, linked
from mamviz_reports.page.tables import table_html
from mamviz_reports.page.templating import fill
from mamviz_reports.rankings import ranking_table


@dataclass(frozen=True, kw_only=True)
class Heatmap:
    """One heatmap; still: its cells as a small picture, for readers without scripts."""

    key: str
    title: str
    detail: str
    still: str
    lowest: str
    highest: str
    gradient: str


@dataclass(frozen=True, kw_only=True)
class Relations:
    """What the section shows; missing: certainty and entanglement where they are not there."""

    names: tuple[str, ...]
    choices: str
    warnings: tuple[str, ...]
    heatmaps: tuple[Heatmap, ...]
    ranking: Markup
    figure: Drawing
    entanglement: tuple[Markup, ...]
    gaps: Drawing | None
    all_pairs: Markup | None
    missing: tuple[AbsentPart, ...]


def relations_section(overview: Overview) -> Section:
    """Return the section on relations between attributes."""
    certainty, provenance = overview.certainty, overview.provenance
    ranking = ranking_table(overview.ranking, provenance, certainty=certainty)
    figure = correlation_figure(overview.correlation, overview.clustering, provenance, certainty=certainty)
    found = (absent_part(overview, "certainty"), absent_part(overview, "entanglement"))
    entanglement = overview.entanglement
    part = Relations(
        names=overview.correlation.names,
        choices=overview.correlation.choices.describe(),
        warnings=() if certainty is None else certainty_warnings(certainty),
        heatmaps=tuple(heatmap(matrix, overview) for matrix in overview.matrices),
        ranking=table_html(ranking, "ranking", linked(overview)),
        figure=draw(figure, "correlation", "The recommended table with its tree, as a figure for print."),
        entanglement=tuple(_tables(overview)),
        gaps=None
        if entanglement is None
        else draw(entanglement_figure(entanglement, provenance), "entanglement", "Masks against labels."),
        all_pairs=None
        if entanglement is None
        else table_html(pair_list(entanglement, provenance), "pairs", linked(overview)),
        missing=tuple(each for each in found if each is not None),
    )
    return Section(id="relations", heading="Relations between attributes", body=fill("relations.html", part))


def heatmap(matrix: OverviewMatrix, overview: Overview) -> Heatmap:
    """Return what surrounds one heatmap of attributes."""
    order = overview.clustering.order
    palette: Palette = "diverging" if matrix.lowest < 0 else "sequential"
    return Heatmap(
        key=matrix.key,
        title=matrix.title,
        detail=matrix.detail,
        still=picture_uri(matrix.values[order][:, order], (matrix.lowest, matrix.highest), palette),
        lowest=f"{matrix.lowest:g}".replace("-", "\N{MINUS SIGN}"),
        highest=f"{matrix.highest:g}",
        gradient=", ".join(palette_colours(palette)),
    )


def _tables(overview: Overview) -> list[Markup]:
    entanglement, provenance = overview.entanglement, overview.provenance
    if entanglement is None:
        return []
    tables = {
        "shared": pair_table(entanglement, provenance, kind="shared", top=20),
        "separate": pair_table(entanglement, provenance, kind="separate", top=20),
        "explanation": explanation_table(entanglement, provenance),
    }
    return [table_html(table, name, linked(overview)) for name, table in tables.items()]
