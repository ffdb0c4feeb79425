"""The table of the pruning report: who uses which channel, and which could go."""

from __future__ import annotations

import math
from collections.abc import Collection

from mamviz.schema import ChannelReport, ChannelRow, Provenance
from mamviz_reports.captions import describe_provenance, list_names
from mamviz_reports.tables import NBSP, UNDEFINED, Cell, Column, Table, percent, provenance_facts


def channel_table(
    report: ChannelReport,
    provenance: Provenance,
    *,
    limit: int | None = None,
    going: Collection[int] | None = None,
) -> Table:
    """Return the pruning report, a row a channel in the given order.

    limit   show the first rows only; a note says so
    going   channels that can go together, as measured; a column says of each whether it is one. None: not measured
    """
    shown = report.rows if limit is None else report.rows[:limit]
    columns = [
        Column("Channel", ("channel",), "right"),
        Column("Usage %", ("usage",), "right"),
        Column("Mask", ("mean_mask",), "right"),
        Column("Feature", ("activation",), "right"),
        Column("Most used by", ("top_attributes", "top_shares")),
        Column("Candidate", ("candidate", "duplicate_of", "duplicate_r")),
    ]
    candidates = len(report.candidates)
    notes = [
        f"Usage: share of all absolute evidence, in percent. Mask: mean of the mask. Feature: mean activation. "
        f"{candidates} of {len(report.rows)} channels could go; same as another: |r| of at least "
        f"{report.threshold:g} ({report.correlation.choices.describe(report.correlation.axis)})."
    ]
    if going is not None:
        columns.append(Column("Goes", ("goes",)))
        notes.append(f"Goes: one of the {len(going)} channels that can go together, as measured on images.")
    if report.dead:
        notes.append(f"Never active: {list_names([str(channel) for channel in report.dead], most=20)}.")
    if len(shown) < len(report.rows):
        notes.append(f"First {len(shown)} of {len(report.rows)} rows.")
    notes.append(describe_provenance(provenance, n_images=report.n_images))
    return Table(
        title="Channels: who uses them, and which could be pruned",
        columns=tuple(columns),
        rows=tuple((*_row(row), *_goes(row, going)) for row in shown),
        notes=tuple(notes),
        facts=(("threshold", report.threshold), *provenance_facts(provenance, report.n_images)),
    )


def _row(row: ChannelRow) -> tuple[Cell, ...]:
    names = ", ".join(f"{name}{NBSP}{100 * share:.0f}%" for name, share in row.top_attributes)
    raw = ("; ".join(name for name, _ in row.top_attributes), "; ".join(repr(s) for _, s in row.top_attributes))
    return (
        Cell(str(row.channel), (row.channel,)),
        Cell(percent(row.usage, 2), (row.usage,)),
        Cell(_number(row.mean_mask), (row.mean_mask,)),
        Cell(_number(row.activation), (row.activation,)),
        Cell(names or UNDEFINED, raw),
        Cell(row.candidate or "", (row.candidate, row.duplicate_of, row.duplicate_r)),
    )


def _goes(row: ChannelRow, going: Collection[int] | None) -> tuple[Cell, ...]:
    if going is None:
        return ()
    found = row.channel in going
    return (Cell("yes" if found else "", (int(found),)),)


def _number(value: float) -> str:
    return UNDEFINED if math.isnan(value) else f"{value:.3f}"
