"""Tables as text: CSV with raw numbers, Markdown, LaTeX, values for JSON."""

from __future__ import annotations

import csv
import io
import re

from mamviz_reports.tables import NBSP, Cell, Table, Value

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    NBSP: "~",
}
_WIDE = 30  # letters; a column with longer cells is set as a paragraph


def to_csv(table: Table) -> str:
    """Return the raw numbers under one header row; no comments, no formatted text.

    Floats are written so that reading gives the same number back; undefined values are empty. The table's facts
    (choices, run, data, model) are the last columns, the same in every row. Notes are not written.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.fields)
    writer.writerows(["" if value is None else value for value in record] for record in table.records())
    return buffer.getvalue()


def to_values(table: Table) -> dict[str, object]:
    """Return the table as plain values for JSON; undefined numbers are None."""
    n_facts = len(table.facts)
    names = table.fields[: len(table.fields) - n_facts]
    rows: list[dict[str, Value]] = [dict(zip(names, record, strict=False)) for record in table.records()]
    return {"title": table.title, "facts": dict(table.facts), "notes": list(table.notes), "rows": rows}


def to_markdown(table: Table) -> str:
    """Return a GitHub table under its title, winners in bold, notes as a list."""
    lines = [f"**{_markdown(table.title)}**", ""]
    lines.append(_markdown_row([_markdown(column.heading) for column in table.columns]))
    lines.append(_markdown_row(["---:" if column.align == "right" else "---" for column in table.columns]))
    lines += [_markdown_row([_bold_markdown(cell) for cell in row]) for row in table.rows]
    lines += ["", *(f"- {_markdown(note)}" for note in table.notes)]
    return "\n".join(lines).rstrip() + "\n"


def to_latex(table: Table) -> str:
    """Return a table environment for the booktabs package.

    Every special character is escaped. A column with cells of more than 30 letters is a paragraph of 0.6 of the line;
    other columns don't break.
    """
    letters = [max((len(row[place].text) for row in table.rows), default=0) for place in range(len(table.columns))]
    kinds = [
        r"p{0.6\linewidth}" if wide > _WIDE else column.align[0]
        for column, wide in zip(table.columns, letters, strict=True)
    ]
    body = [_latex_row([_bold_latex(cell) for cell in row]) for row in table.rows]
    if 0 < table.rule < len(body):
        body.insert(len(body) - table.rule, r"\midrule")
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{' '.join(map(_latex, [table.title.rstrip('.') + '.', *table.notes]))}}}",
        rf"\begin{{tabular}}{{{''.join(kinds)}}}",
        r"\toprule",
        _latex_row([_latex(column.heading) for column in table.columns]),
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _markdown(text: str) -> str:
    text = re.sub(r"([\\|*`<])", r"\\\1", text.replace("\n", " "))
    # an underscore within a word is a letter to CommonMark; at its edge it would open emphasis
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)


def _markdown_row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _bold_markdown(cell: Cell) -> str:
    return f"**{_markdown(cell.text)}**" if cell.strong else _markdown(cell.text)


def _latex(text: str) -> str:
    escaped = "".join(_LATEX.get(letter, letter) for letter in text)
    return re.sub(r"(?<![\w-])-(?=\d)", "$-$", escaped)  # a minus, not a hyphen


def _latex_row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _bold_latex(cell: Cell) -> str:
    return rf"\textbf{{{_latex(cell.text)}}}" if cell.strong else _latex(cell.text)
