"""The table of a smaller run: what it still knows, and what it costs, beside the run it was made of."""

from __future__ import annotations

from mamviz.schema import ComparedAccuracy, Interval, Provenance, PrunedRun
from mamviz_reports.amounts import points, span
from mamviz_reports.captions import describe_provenance
from mamviz_reports.costs import cost_rows
from mamviz_reports.pruning import describe_fill, fields_of, raw
from mamviz_reports.tables import Cell, Column, Table, Value, percent, provenance_facts


def pruned_table(found: PrunedRun, provenance: Provenance) -> Table:
    """Return a row a quantity: of the whole network, of the smaller one, and what is lost or how many times less."""
    rows = [_accuracy("accuracy %, pruned", found.before, found.pruned)]
    if found.tuned is not None:
        rows.append(_accuracy("accuracy %, fine-tuned", found.before, found.tuned))
    rows += [(*row, Cell("", ("ratio",))) for row in cost_rows(found.cost)]
    return Table(
        title=f"Pruned: {len(found.kept)} of {found.n_channels} channels of {found.source}",
        columns=(
            Column("Quantity", ("quantity",)),
            Column("Before", fields_of("before"), "right"),
            Column("After", fields_of("after"), "right"),
            Column("Less", fields_of("less"), "right"),
            Column("", ("less_is",)),
        ),
        rows=tuple(rows),
        notes=_notes(found, provenance),
        facts=(*_facts(found), *provenance_facts(provenance, found.measured)),
    )


def _accuracy(name: str, before: Interval, after: ComparedAccuracy) -> tuple[Cell, ...]:
    cells = [Cell(span(each, percent), raw(each)) for each in (before, after.accuracy)]
    return (Cell(name, (name,)), *cells, Cell(span(after.loss, points), raw(after.loss)), Cell("points", ("loss",)))


def _notes(found: PrunedRun, provenance: Provenance) -> tuple[str, ...]:
    settings, cost = found.settings, found.cost
    threads = f"{cost.threads} thread{'s' if cost.threads != 1 else ''}"
    tuned = (
        "no fine-tune"
        if found.tuned is None
        else f"fine-tuned for {settings.epochs} epoch{'s' if settings.epochs > 1 else ''}"
    )
    return (
        f"Channels: by {settings.criterion}, {describe_fill(settings.fill)}, ranked and chosen on {found.ranked:,} "
        f"validation images; {tuned}. Accuracy of {found.measured:,} test images, mean over attributes; lost: paired, "
        f"below 0 is a gain. Intervals ({percent(settings.level, 0)} %) resample {found.n_units:,} units (unit: "
        f"{found.unit}) {settings.n_replicates:,} times.",
        f"Logits of the pruned network differ from the masked one's by at most {cost.error:.1e}.",
        "To classify: without the multi-label classifier and the reconstructor. Times: milliseconds a batch, median "
        f"and quartiles, both networks in turns on {cost.device} with {threads}. Memory: the most that is held at "
        "once besides the weights.",
        describe_provenance(provenance, n_images=found.measured),
    )


def _facts(found: PrunedRun) -> tuple[tuple[str, Value], ...]:
    settings = found.settings
    return (
        ("source", found.source),
        ("criterion", settings.criterion),
        ("fill", settings.fill),
        ("epochs", settings.epochs),
        ("error", found.cost.error),
        ("device", found.cost.device),
        ("threads", found.cost.threads),
        ("ranked", found.ranked),
        ("level", settings.level),
        ("unit", found.unit),
        ("n_units", found.n_units),
        ("seed", settings.seed),
    )
