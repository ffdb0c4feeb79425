"""Tables of what is related to what: the poster's Table 2, and a row a pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isnan

from mamviz.errors import StatisticsError
from mamviz.schema import Certainty, Neighbour, Provenance, Ranking
from mamviz_reports.captions import describe_provenance, list_names
from mamviz_reports.certainty import (
    FIELDS,
    RowCertainty,
    certainty_facts,
    certainty_notes,
    describe_neighbour,
    know_rows,
)
from mamviz_reports.tables import UNDEFINED, Cell, Column, Table, Value, provenance_facts


def ranking_table(
    ranking: Ranking,
    provenance: Provenance,
    *,
    targets: Sequence[str] | None = None,
    certainty: Certainty | None = None,
) -> Table:
    """Return the poster's Table 2: each target's top related with r, best first.

    targets     names in the order wanted; all that the correlation has when None
    certainty   of this ranking: intervals, inclusion and marks stand beside each r
    A target without a correlation says n/a. Raises StatisticsError for a name that the ranking doesn't have.
    """
    names = ranking.correlation.names
    unknown = [target for target in targets or () if target not in names]
    if unknown:
        raise StatisticsError(
            f"target {unknown[0]!r}: expected one of the {len(names)} {ranking.correlation.axis}s "
            f"({list_names(names)}). Check the spelling."
        )
    extra = FIELDS if certainty else ()
    fields = tuple(f"{name}_{rank}" for rank in range(1, ranking.top + 1) for name in ("related", "r", *extra))
    chosen = names if targets is None else targets
    known = know_rows(ranking.rows, certainty) if certainty else {}
    rows = tuple(_row(ranking, target, len(fields), known) for target in chosen)
    return Table(
        title=f"Top {ranking.top} related {ranking.correlation.axis}s of each target",
        columns=(Column("Target", ("target",)), Column(f"Top {ranking.top}, with r", fields)),
        rows=rows,
        notes=_notes(ranking, provenance, certainty, chosen),
        facts=_facts(ranking, provenance, certainty),
    )


def ranking_list(ranking: Ranking, provenance: Provenance, *, certainty: Certainty | None = None) -> Table:
    """Return the ranking with one row a pair: the form to compute with."""
    extra = tuple(Column(name, (name,), "right") for name in FIELDS) if certainty else ()
    known = know_rows(ranking.rows, certainty) if certainty else {}
    rows = tuple(
        (
            Cell(row.target, (row.target,)),
            Cell(str(row.rank), (row.rank,)),
            Cell(row.name, (row.name,)),
            Cell(f"{row.r:.3f}", (row.r,)),
            *(_cell(value) for value in (known[row].values if certainty else ())),
        )
        for row in ranking.rows
    )
    columns = (
        Column("Target", ("target",)),
        Column("Rank", ("rank",), "right"),
        Column("Related", ("related",)),
        Column("r", ("r",), "right"),
        *extra,
    )
    return Table(
        title=f"Top {ranking.top} related {ranking.correlation.axis}s, a row a pair",
        columns=columns,
        rows=rows,
        notes=_notes(ranking, provenance, certainty, ranking.correlation.names),
        facts=_facts(ranking, provenance, certainty),
    )


def _row(ranking: Ranking, target: str, n_values: int, known: Mapping[Neighbour, RowCertainty]) -> tuple[Cell, Cell]:
    found = ranking.of(target)
    values: list[Value] = []
    for row in found:
        values += [row.name, row.r, *(known[row].values if known else ())]
    text = ", ".join(describe_neighbour(row, known.get(row)) for row in found) or UNDEFINED
    return Cell(target, (target,)), Cell(text, (*values, *[None] * (n_values - len(values))))


def _cell(value: Value) -> Cell:
    if value is None or (isinstance(value, float) and isnan(value)):
        return Cell(UNDEFINED, (None,))
    return Cell(f"{value:.3g}" if isinstance(value, float) else f"{value}", (value,))


def _notes(
    ranking: Ranking, provenance: Provenance, certainty: Certainty | None, targets: Sequence[str]
) -> tuple[str, ...]:
    correlation = ranking.correlation
    by = "the size of r" if ranking.by == "abs" else "r"
    notes = [f"Correlated: {correlation.choices.describe(correlation.axis)}; ranked by {by}, ties by name."]
    if certainty:
        notes += certainty_notes(certainty, targets=targets)
    if correlation.undefined:
        notes.append(f"No correlation, the map is constant: {list_names(correlation.undefined, most=20)}.")
    return (*notes, describe_provenance(provenance, n_images=correlation.n_images))


def _facts(ranking: Ranking, provenance: Provenance, certainty: Certainty | None) -> tuple[tuple[str, Value], ...]:
    return (
        *asdict(ranking.correlation.choices).items(),
        ("ranked_by", ranking.by),
        *(certainty_facts(certainty) if certainty else ()),
        *provenance_facts(provenance, ranking.correlation.n_images),
    )
