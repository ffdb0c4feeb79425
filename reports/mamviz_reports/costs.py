"""Tables of what a smaller network gains: cost before and after, accuracy after a fine-tune."""

from __future__ import annotations

from collections.abc import Callable

from mamviz.schema import CostChange, Interval, NetworkCost, Provenance, PruningReport, TunedPoint
from mamviz_reports.amounts import count, points, size, span, times_of
from mamviz_reports.pruning import common_facts, common_notes, fields_of, raw
from mamviz_reports.tables import NBSP, Cell, Column, Table


def cost_table(report: PruningReport, change: CostChange, provenance: Provenance) -> Table:
    """Return a row a quantity: of the whole network, of the smaller one, and how many times less."""
    threads = f"{change.threads} thread{'s' if change.threads != 1 else ''}"
    return Table(
        title=f"Pruning: {change.after.channels} of {change.before.channels} channels, cost before and after",
        columns=(
            Column("Quantity", ("quantity",)),
            Column("Before", fields_of("before"), "right"),
            Column("After", fields_of("after"), "right"),
            Column("Times less", fields_of("ratio"), "right"),
        ),
        rows=tuple(cost_rows(change)),
        notes=(
            "To classify: without the multi-label classifier and the reconstructor. Times: milliseconds a batch, "
            f"median and quartiles, both networks in turns on {change.device} with {threads}; times less: median of "
            "the paired ratios with its interval. Memory: the most that is held at once besides the weights.",
            f"Logits of the smaller network differ from the masked one's by at most {change.error:.1e}.",
            *common_notes(report, provenance)[1:],
        ),
        facts=(
            ("device", change.device),
            ("threads", change.threads),
            ("error", change.error),
            *common_facts(report, provenance),
        ),
    )


def tuned_table(report: PruningReport, provenance: Provenance) -> Table:
    """Return a row a number of channels: accuracy lost after pruning, after a fine-tune, and trained from scratch."""
    rows = [_tuned(point, report.n_channels) for point in report.tuned]
    return Table(
        title="Pruning: before and after a fine-tune, and trained from scratch, points lost",
        columns=(
            Column("Channels", ("kept", "n_channels"), "right"),
            Column("Epochs", ("epochs",), "right"),
            *(
                Column(heading, (f"{name}_accuracy", *fields_of(f"{name}_loss")), "right")
                for heading, name in (("Pruned", "pruned"), ("Fine-tuned", "tuned"), ("From scratch", "scratch"))
            ),
        ),
        rows=tuple(rows),
        notes=(
            "Against the whole network as it was trained; below 0 is a gain. From scratch: the small network with "
            "random weights, for as many steps.",
            *common_notes(report, provenance),
        ),
        facts=common_facts(report, provenance),
    )


def cost_rows(change: CostChange) -> list[tuple[Cell, ...]]:
    """Return a row a quantity, timings and memory last: its name, before, after, and how many times less."""
    before, after = change.before, change.after
    rows = [_row(name, read(before), read(after), write) for name, read, write in QUANTITIES]
    for first, second, ratio in zip(before.latency, after.latency, change.ratio, strict=True):
        times = [Interval(each.median, each.low, each.high) for each in (first, second)]
        cells = [Cell(span(each, "{:.3g}".format), raw(each)) for each in times]
        name = f"ms, batch of {first.batch_size}"
        rows.append((Cell(name, (name,)), *cells, Cell(times_of(ratio), raw(ratio))))
    for first, second in zip(before.latency, after.latency, strict=True):
        rows.append(_row(f"memory, batch of {first.batch_size}", first.peak_bytes, second.peak_bytes, size))
    return rows


def _row(name: str, before: float, after: float, write: Callable[[float], str]) -> tuple[Cell, ...]:
    ratio = before / after
    cells = [Cell(write(value), (value, None, None)) for value in (before, after)]
    return (Cell(name, (name,)), *cells, Cell(f"{ratio:.2f}{NBSP}x", (ratio, None, None)))


def _tuned(point: TunedPoint, n_channels: int) -> tuple[Cell, ...]:
    pairs = ((point.pruned, point.pruned_loss), (point.tuned, point.tuned_loss), (point.scratch, point.scratch_loss))
    return (
        Cell(f"{point.kept} of {n_channels}", (point.kept, n_channels)),
        Cell(str(point.epochs), (point.epochs,)),
        *(Cell(span(loss, points), (accuracy.value, *raw(loss))) for accuracy, loss in pairs),
    )


QUANTITIES: tuple[tuple[str, Callable[[NetworkCost], float], Callable[[float], str]], ...] = (
    ("channels", lambda cost: cost.channels, "{:.0f}".format),
    ("parameters", lambda cost: cost.parameters, count),
    ("parameters to classify", lambda cost: cost.inference, count),
    ("FLOPs an image", lambda cost: cost.flops, count),
    ("file", lambda cost: cost.file_bytes, size),
)
