"""Tables on a terminal: readable in 80 columns, and without colour."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mamviz_reports.tables import NBSP, Cell, Column, Table

if TYPE_CHECKING:
    from rich.text import Text

# rich breaks lines at every Unicode space, the no-break one included; the empty braille cell is no space to it
_KEEP = "\N{BRAILLE PATTERN BLANK}"
_FOLDED = 24  # columns that a column of words may be squeezed to


@dataclass(frozen=True)
class _Layout:
    """A table as it is shown: widths of its columns in letters, and the blanks between two of them."""

    table: Table
    widths: tuple[int, ...]
    gap: int

    @property
    def width(self) -> int:
        return sum(self.widths) + self.gap * (len(self.widths) - 1)


def to_console(table: Table, *, width: int = 80, colour: bool = False) -> str:
    """Return the table as lines for a terminal of `width` columns.

    Long cells go on in the next line; where that is not enough, columns stand closer, intervals go below their value
    and minor columns are left out, which a note then says. No name and no number is ever cut: a table that still
    can't fit is wider than `width`. Winners carry a star, so they are seen without colour; with `colour` they are bold
    too.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid

    layout = _fit(table, width)
    table = layout.table
    starred = _starred(table)
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=max(width, layout.width),
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )
    padding = (0, layout.gap - 1, 0, 0)  # the box puts one blank between columns by itself
    grid = Grid(box=box.SIMPLE_HEAD, padding=padding, pad_edge=False, show_edge=False, header_style="bold")
    for column, letters in zip(table.columns, layout.widths, strict=True):
        grid.add_column(_keep(column.heading), justify=column.align, width=letters, overflow="fold")
    for number, row in enumerate(table.rows):
        texts = [_text(cell, star) for cell, star in zip(row, starred, strict=True)]
        grid.add_row(*texts, end_section=number + 1 == len(table.rows) - table.rule)
    console.print(table.title, style="bold")
    console.print(grid)
    console.print()
    for note in table.notes:
        console.print(_keep(note), style="dim")
    return re.sub(r" +$", "", buffer.getvalue().replace(_KEEP, " "), flags=re.MULTILINE)


def _fit(table: Table, width: int) -> _Layout:
    """Return the first layout that fits `width`, or the last one tried."""
    for tried in _narrower(table):
        layout = _lay_out(tried, width, gap=2 if tried is table else 1)
        closer = layout if layout.width <= width or layout.gap == 1 else _lay_out(tried, width, gap=1)
        if closer.width <= width:
            return closer
    return closer


def _narrower(table: Table) -> Iterator[Table]:
    """Yield the table, then with intervals under their values, then with fewer and fewer of its minor columns."""
    yield table
    table = _fold_intervals(table)
    yield table
    minor = [place for place, column in enumerate(table.columns) if column.minor]
    for count in range(1, len(minor) + 1):
        yield _without(table, minor[-count:])


def _fold_intervals(table: Table) -> Table:
    rows = tuple(tuple(replace(cell, text=cell.text.replace(f"{NBSP}[", "\n[")) for cell in row) for row in table.rows)
    return replace(table, rows=rows)


def _without(table: Table, places: Sequence[int]) -> Table:
    kept = [place for place in range(len(table.columns)) if place not in places]
    left_out = ", ".join(table.columns[place].heading for place in places)
    note = f"Left out for want of room: {left_out}. Files and wider terminals show them."
    return replace(
        table,
        columns=tuple(table.columns[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in table.rows),
        notes=(*table.notes, note),
    )


def _lay_out(table: Table, width: int, *, gap: int) -> _Layout:
    return _Layout(table, tuple(_widths(table, _starred(table), width, gap)), gap)


def _starred(table: Table) -> list[bool]:
    return [any(row[place].strong for row in table.rows) for place in range(len(table.columns))]


def _widths(table: Table, starred: list[bool], width: int, gap: int) -> list[int]:
    """Return each column's letters.

    Our own, since rich shrinks columns of numbers as well, and crops what doesn't fit.
    """
    columns = range(len(table.columns))
    texts = [[table.columns[place].heading] + [row[place].text for row in table.rows] for place in columns]
    full = [max(len(line) for text in texts[place] for line in text.split("\n")) + starred[place] for place in columns]
    widths = [min(full[place], _least(table.columns[place], texts[place]) + starred[place]) for place in columns]
    room = width - gap * (len(widths) - 1) - sum(widths)
    while room > 0 and widths != full:
        for place in columns:
            if room > 0 and widths[place] < full[place]:
                widths[place] += 1
                room -= 1
    return widths


def _least(column: Column, texts: list[str]) -> int:
    words = [word for text in texts for word in re.split(r"[ \n]", text)]
    if column.align == "right":  # a number is never broken, a heading may be
        return max(
            [len(word) for word in texts[0].split(" ")] + [len(line) for text in texts[1:] for line in text.split("\n")]
        )
    return min(_FOLDED, max(map(len, words)))


def _text(cell: Cell, starred: bool) -> Text:
    from rich.text import Text

    mark = "" if not starred else "*" if cell.strong else _KEEP
    return Text(_keep(cell.text) + mark, style="bold" if cell.strong else "")


def _keep(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", _KEEP)
