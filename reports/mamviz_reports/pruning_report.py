"""All tables and figures of a pruning report, by the names of their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from matplotlib.figure import Figure

from mamviz.schema import Provenance, PruningReport
from mamviz_reports.causal import causal_figure, causal_table, effects_table
from mamviz_reports.costs import cost_table, tuned_table
from mamviz_reports.pruning import casualties_table, common_notes, criteria_table, differences_table, safe_table
from mamviz_reports.pruning_curves import casualties_figure, curves_figure
from mamviz_reports.pruning_words import summary_table
from mamviz_reports.tables import Table

# A row an attribute and channel: too many for a terminal, and for LaTeX.
LONG = "pruning-effects"
_CASUALTIES = 5  # shown on a terminal


def pruning_tables(report: PruningReport, provenance: Provenance) -> Mapping[str, Table]:
    """Return every table that the report has something for; the answers stand last."""
    tables = {"pruning-criteria": criteria_table(report, provenance)}
    if report.differences:
        tables["pruning-differences"] = differences_table(report, provenance)
    tables["pruning-safe"] = safe_table(report, provenance)
    tables["pruning-casualties"] = casualties_table(report, provenance)
    if report.cost is not None:
        tables["pruning-cost"] = cost_table(report, report.cost, provenance)
    if report.tuned:
        tables["pruning-tuned"] = tuned_table(report, provenance)
    if report.causal:
        tables["pruning-causal"] = causal_table(report, provenance)
        tables[LONG] = effects_table(report, provenance)
    tables["pruning"] = summary_table(report, provenance)
    return tables


def shown_tables(report: PruningReport, provenance: Provenance) -> Iterator[Table]:
    """Give the tables for a terminal: the first casualties only, and what all tables say under the last one only."""
    shared = common_notes(report, provenance)
    tables = {**pruning_tables(report, provenance)}
    tables["pruning-casualties"] = casualties_table(report, provenance, limit=_CASUALTIES)
    for stem, table in tables.items():
        if stem == "pruning":
            yield table
        elif stem != LONG:
            yield replace(table, notes=tuple(note for note in table.notes if note not in shared))


def pruning_figures(report: PruningReport, provenance: Provenance) -> Mapping[str, Figure]:
    """Return every figure that the report has something for."""
    figures = {
        "pruning-curves": curves_figure(report, provenance),
        "pruning-casualties": casualties_figure(report, provenance),
    }
    if report.causal:
        figures["pruning-causal"] = causal_figure(report, provenance)
    return figures
