"""Tables within the page: sortable where a script runs, with their CSV beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isnan

from markupsafe import Markup, escape

from mamviz_reports.page.anchors import pair_address
from mamviz_reports.tables import UNDEFINED, Cell, Column, Table
from mamviz_reports.texts import to_csv


@dataclass(frozen=True, kw_only=True)
class TableLook:
    """How a table is shown.

    sortable   its headings sort it
    links      anchors of attributes: a cell that is one of these names leads to it, a pair of them to the pair
    bar        field whose numbers have a bar in their cell, from 0 to the largest of their size
    notes      shown under it
    """

    sortable: bool = True
    links: Mapping[str, str] = field(default_factory=dict)
    bar: str | None = None
    notes: bool = True


def table_html(table: Table, name: str, look: TableLook | None = None) -> Markup:
    """Return a table in its own scroll box, with title, notes, CSV, and a button that saves it.

    Rows under a rule are the table's foot, which sorting leaves alone.
    """
    look = look or TableLook()
    n_body = len(table.rows) - table.rule
    peak = _peak(table, look.bar)
    rows = [_row(table, row, look, peak) for row in table.rows]
    foot = Markup("<tfoot>{}</tfoot>").format(_join(rows[n_body:])) if table.rule else Markup()
    notes = _join([Markup("<li>{}</li>").format(note) for note in table.notes]) if look.notes else Markup()
    return Markup(
        '<div class="tabled {kind}"><div class="scroll" tabindex="0" role="region" aria-label="{title}">'
        '<table class="{classes}" data-name="{name}"><caption>{title}</caption>'
        "<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table></div>"
        '<p class="tools"><button type="button" class="download" data-download="{name}" hidden>CSV</button></p>'
        "{notes}{csv}</div>"
    ).format(
        title=table.title,
        kind="boxed" if look.sortable else "whole",
        classes="data sortable" if look.sortable else "data",
        name=name,
        head=_join([_heading(column, sortable=look.sortable) for column in table.columns]),
        body=_join(rows[:n_body]),
        foot=foot,
        notes=Markup('<ul class="notes">{}</ul>').format(notes) if notes else Markup(),
        csv=csv_script(table, name),
    )


def csv_script(table: Table, name: str) -> Markup:
    """Return a table's CSV as a script that is never run.

    The text is raw; where it has what would end a script or open a comment, every & and < is written as in HTML and
    the element says so: data-encoded="html".
    """
    text = to_csv(table)
    hostile = any(mark in text.lower() for mark in ("</", "<!--", "<script"))
    encoded = ' data-encoded="html"' if hostile else ""
    if hostile:
        text = text.replace("&", "&amp;").replace("<", "&lt;")
    return Markup('<script type="text/csv" data-csv="{}"{}>{}</script>').format(name, Markup(encoded), Markup(text))


def _heading(column: Column, *, sortable: bool) -> Markup:
    kind = "number" if column.align == "right" else "text"
    if not sortable:
        return Markup('<th scope="col" data-type="{}">{}</th>').format(kind, column.heading)
    return Markup('<th scope="col" aria-sort="none" data-type="{}"><button type="button">{}</button></th>').format(
        kind, column.heading
    )


def _row(table: Table, row: tuple[Cell, ...], look: TableLook, peak: float) -> Markup:
    cells = [
        _cell(column, cell, look, peak, first=place == 0)
        for place, (column, cell) in enumerate(zip(table.columns, row, strict=True))
    ]
    return Markup("<tr>{}</tr>").format(_join(cells))


def _cell(column: Column, cell: Cell, look: TableLook, peak: float, *, first: bool) -> Markup:
    text = _link(column, cell, look)
    if cell.strong:
        text = Markup("<strong>{}</strong>").format(text)
    if column.align == "left":
        return Markup('<th scope="row">{}</th>' if first else "<td>{}</td>").format(text)
    number = sort_value(cell)
    value = Markup(' data-value="{}"').format(number) if number is not None else Markup()
    if look.bar in column.fields and number is not None:
        side = "low" if number < 0 else "high"
        bar = Markup('<span class="bar {}" style="--share:{:.3f}"></span>').format(side, abs(number) / peak)
        return Markup('<td class="barred"{}>{}{}</td>').format(value, bar, text)
    missing = Markup(' class="missing"') if cell.text == UNDEFINED else Markup()
    return Markup("<td{}{}>{}</td>").format(missing, value, text)


def sort_value(cell: Cell) -> int | float | None:
    """Return the number that a cell sorts by: the first defined one of its raw values; None where there is none."""
    for value in cell.values:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return None if isnan(value) else value
    return None


def _link(column: Column, cell: Cell, look: TableLook) -> Markup:
    names = [value for value in cell.values if isinstance(value, str) and value in look.links]
    if cell.text in look.links:
        return Markup('<a href="#attribute-{}">{}</a>').format(look.links[cell.text], cell.text)
    if column.fields == ("first", "second") and len(names) == len(column.fields):
        first, second = (look.links[name] for name in names)
        return Markup('<a href="{}">{}</a>').format(pair_address(first, second), cell.text)
    return escape(cell.text)


def _peak(table: Table, bar: str | None) -> float:
    sizes = [
        abs(number)
        for row in table.rows
        for column, cell in zip(table.columns, row, strict=True)
        if bar in column.fields and (number := sort_value(cell)) is not None
    ]
    return max(sizes, default=0.0) or 1.0


def _join(parts: list[Markup]) -> Markup:
    return Markup().join(parts)
