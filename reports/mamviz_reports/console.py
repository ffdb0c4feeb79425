"""Tables on a terminal: readable in 80 columns, and without colour."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from mamviz_reports.tables import Cell, Column, Table

if TYPE_CHECKING:
    from rich.text import Text

# rich breaks lines at every Unicode space, the no-break one included; the empty braille cell is no space to it
_KEEP = "\N{BRAILLE PATTERN BLANK}"
_GAP = 2  # blanks between two columns
_FOLDED = 24  # columns that a column of words may be squeezed to


def to_console(table: Table, *, width: int = 80, colour: bool = False) -> str:
    """Return the table as lines for a terminal of `width` columns.

    Long cells go on in the next line; no name and no number is ever cut: a table that can't fit is wider than `width`.
    Winners carry a star, so they are seen without colour; with `colour` they are bold too.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid

    starred = [any(row[place].strong for row in table.rows) for place in range(len(table.columns))]
    widths = _widths(table, starred, width)
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=max(width, sum(widths) + _GAP * (len(widths) - 1)),
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )
    grid = Grid(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold")
    for column, letters in zip(table.columns, widths, strict=True):
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


def _widths(table: Table, starred: list[bool], width: int) -> list[int]:
    """Return each column's letters.

    Our own, since rich shrinks columns of numbers as well, and crops what doesn't fit.
    """
    columns = range(len(table.columns))
    texts = [[table.columns[place].heading] + [row[place].text for row in table.rows] for place in columns]
    full = [max(len(line) for text in texts[place] for line in text.split("\n")) + starred[place] for place in columns]
    widths = [min(full[place], _least(table.columns[place], texts[place]) + starred[place]) for place in columns]
    room = width - _GAP * (len(widths) - 1) - sum(widths)
    while room > 0 and widths != full:
        for place in columns:
            if room > 0 and widths[place] < full[place]:
                widths[place] += 1
                room -= 1
    return widths


def _least(column: Column, texts: list[str]) -> int:
    words = [word for text in texts for word in re.split(r"[ \n]", text)]
    if column.align == "right":  # a number is never broken, a heading may be
        return max([len(word) for word in texts[0].split(" ")] + [len(text) for text in texts[1:]])
    return min(_FOLDED, max(map(len, words)))


def _text(cell: Cell, starred: bool) -> Text:
    from rich.text import Text

    mark = "" if not starred else "*" if cell.strong else _KEEP
    return Text(_keep(cell.text) + mark, style="bold" if cell.strong else "")


def _keep(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", _KEEP)
