"""The sections on what happens when something is changed: features moved, and images disturbed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markupsafe import Markup

from mamviz.schema import AbsentPart, Overview
from mamviz_reports.edits import edit_tables
from mamviz_reports.page.drawings import Drawing, draw
from mamviz_reports.page.sections import Section, absent_part, linked
from mamviz_reports.page.tables import TableLook, table_html
from mamviz_reports.page.templating import fill
from mamviz_reports.robustness import LONG, robustness_figure, robustness_tables


@dataclass(frozen=True, kw_only=True)
class Interventions:
    """What either section shows; first: None where nothing was measured."""

    first: Markup | None
    tables: tuple[Markup, ...]
    drawing: Drawing | None
    missing: AbsentPart | None


def edits_section(overview: Overview) -> Section:
    """Return the section on attributes added and removed."""
    report = overview.edits
    if report is None:
        part = _absent(absent_part(overview, "edits"))
    else:
        look, tables = linked(overview), edit_tables(report, replace(overview.evaluated, split=report.split))
        first = table_html(tables["edits-counts"], "edits-counts", replace(look, sortable=False))
        rest = table_html(tables["edits"], "edits", replace(look, notes=False))
        part = Interventions(first=first, tables=(rest,), drawing=None, missing=None)
    return Section(id="edits", heading="Images from features", body=fill("edits.html", part))


def robustness_section(overview: Overview) -> Section:
    """Return the section on noise and attacks."""
    report, provenance = overview.robustness, overview.evaluated
    if report is None:
        part = _absent(absent_part(overview, "robustness"))
    else:
        tables = dict(robustness_tables(report, provenance))
        answers = tables.pop("robustness-answers")
        del tables[LONG]
        part = Interventions(
            first=table_html(answers, "robustness-answers", TableLook(sortable=False, links={}, notes=False)),
            tables=tuple(table_html(table, name, linked(overview)) for name, table in tables.items()),
            drawing=draw(robustness_figure(report, provenance), "robustness", "Accuracy under noise and attacks."),
            missing=None,
        )
    return Section(id="robustness", heading="Noise and attacks", body=fill("robustness.html", part))


def _absent(missing: AbsentPart | None) -> Interventions:
    return Interventions(first=None, tables=(), drawing=None, missing=missing)
