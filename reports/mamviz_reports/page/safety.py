"""The sections on whether the masks mean anything: sanity checks, and agreement with other seeds."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from mamviz.schema import AbsentPart, Overview, SanityCheck
from mamviz_reports.page.cards import count_verdicts
from mamviz_reports.page.drawings import Drawing, draw
from mamviz_reports.page.sections import Section, absent_part, linked
from mamviz_reports.page.tables import table_html
from mamviz_reports.page.templating import fill
from mamviz_reports.sanity import checks_table, losses_table, sanity_figure
from mamviz_reports.seeds import seeds_figure
from mamviz_reports.stability import features_table, stability_table


@dataclass(frozen=True, kw_only=True)
class Sanity:
    """What the section shows; verdicts: None where nothing was checked. failed: the checks that did not pass."""

    verdicts: str | None
    failed: tuple[SanityCheck, ...]
    tables: tuple[Markup, ...]
    drawing: Drawing | None
    missing: AbsentPart | None


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What the section shows; tables are empty where no other seed was compared."""

    tables: tuple[Markup, ...]
    drawing: Drawing | None
    missing: AbsentPart | None


def sanity_section(overview: Overview) -> Section:
    """Return the section on sanity checks."""
    report, provenance, look = overview.sanity, overview.evaluated, linked(overview)
    if report is None:
        missing = absent_part(overview, "sanity")
        part = Sanity(verdicts=None, failed=(), tables=(), drawing=None, missing=missing)
    else:
        n = count_verdicts(report)
        tables = {"sanity": checks_table(report, provenance), "sanity-losses": losses_table(report, provenance)}
        part = Sanity(
            verdicts=f"{n['pass']} of {len(report.checks)} checks pass, {n['fail']} fail, {n['unclear']} are unclear.",
            failed=tuple(check for check in report.checks if check.verdict == "fail"),
            tables=tuple(table_html(table, name, look) for name, table in tables.items()),
            drawing=draw(sanity_figure(report, provenance), "sanity", "What the checks rest on."),
            missing=None,
        )
    return Section(id="sanity", heading="Sanity checks", body=fill("sanity.html", part))


def stability_section(overview: Overview) -> Section:
    """Return the section on agreement between runs of other seeds."""
    stability, look = overview.stability, linked(overview)
    if stability is None:
        part = Agreement(tables=(), drawing=None, missing=absent_part(overview, "stability"))
    else:
        tables = {"stability": stability_table(stability)}
        if stability.features:
            tables["stability-features"] = features_table(stability)
        part = Agreement(
            tables=tuple(table_html(table, name, look) for name, table in tables.items()),
            drawing=draw(seeds_figure(stability), "stability", "Agreement of every two runs."),
            missing=None,
        )
    return Section(id="stability", heading="Stability over seeds", body=fill("stability.html", part))
