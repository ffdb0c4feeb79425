"""The section on pruning: the answers first, then curves and tables."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from mamviz.schema import AbsentPart, Overview, PruningReport
from mamviz_reports.page.drawings import Drawing, draw
from mamviz_reports.page.sections import Section, absent_part, linked
from mamviz_reports.page.tables import TableLook, table_html
from mamviz_reports.page.templating import fill
from mamviz_reports.pruning_curves import casualties_figure, curves_figure
from mamviz_reports.pruning_report import LONG, pruning_tables

_ELSEWHERE = (LONG, "pruning-causal", "pruning")  # too long, with the channels, and first


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """What the section shows; answers: None where pruning was never measured."""

    answers: Markup | None
    drawings: tuple[Drawing, ...]
    tables: tuple[Markup, ...]
    missing: AbsentPart | None


def pruning_section(overview: Overview) -> Section:
    """Return the section on pruning."""
    report = overview.pruning
    missing = absent_part(overview, "pruning")
    if report is None:
        part = Pruning(answers=None, drawings=(), tables=(), missing=missing)
    else:
        part = _measured(overview, report)
    return Section(id="pruning", heading="Pruning", body=fill("pruning.html", part))


def _measured(overview: Overview, report: PruningReport) -> Pruning:
    provenance, look = overview.provenance, linked(overview)
    tables = pruning_tables(report, provenance)
    first = table_html(tables["pruning"], "pruning", TableLook(sortable=False, links=look.links, notes=False))
    return Pruning(
        answers=first,
        drawings=(
            draw(curves_figure(report, provenance), "pruning-curves", "Accuracy lost as channels go."),
            draw(casualties_figure(report, provenance), "pruning-casualties", "Which attributes lose."),
        ),
        tables=tuple(table_html(table, name, look) for name, table in tables.items() if name not in _ELSEWHERE),
        missing=None,
    )
