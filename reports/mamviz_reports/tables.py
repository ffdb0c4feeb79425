"""A table that knows its raw numbers, and how they read."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Literal

from mamviz.errors import StatisticsError
from mamviz.schema import Provenance

UNDEFINED = "n/a"
NBSP = "\N{NO-BREAK SPACE}"

Value = str | int | float | None


@dataclass(frozen=True)
class Column:
    """One column: its heading, and the names of its cells' raw values.

    fields   names of the raw values, in the order of Cell.values: the CSV's columns and the JSON's keys
    align    "right" for numbers
    minor    what a narrow terminal leaves out first; files hold it anyway
    """

    heading: str
    fields: tuple[str, ...]
    align: Literal["left", "right"] = "left"
    minor: bool = False


@dataclass(frozen=True)
class Cell:
    """What one cell says, and the raw numbers it says it from.

    text     as a person reads it; a no-break space where a line must not break
    values   as many as the column has fields; None or NaN where undefined
    strong   the winner of its row
    """

    text: str
    values: tuple[Value, ...]
    strong: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells under columns, with what a reader must know to use them.

    rows    all as long as `columns`
    rule    number of last rows that stand apart under a rule: a mean
    notes   sentences shown under the table
    facts   (name, value) of the choices and the provenance: constant columns of the CSV, so that it stays a clean
            table, each row says where it comes from, and files of several runs can be put under each other
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    rule: int = 0
    notes: tuple[str, ...] = ()
    facts: tuple[tuple[str, Value], ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            widths = [len(cell.values) for cell in row]
            if widths != [len(column.fields) for column in self.columns]:
                raise StatisticsError(
                    f"table {self.title!r}: expected {[len(column.fields) for column in self.columns]} values a cell, "
                    f"got {widths}. Give every cell as many values as its column has fields."
                )

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of all raw values of a row, then of the facts."""
        return tuple(name for column in self.columns for name in column.fields) + tuple(name for name, _ in self.facts)

    def records(self) -> tuple[tuple[Value, ...], ...]:
        """Return the raw values of each row in the order of `fields`; NaN becomes None."""
        facts = tuple(value for _, value in self.facts)
        return tuple(tuple(map(_defined, [v for cell in row for v in cell.values])) + facts for row in self.rows)


def provenance_facts(provenance: Provenance, n_images: int) -> tuple[tuple[str, Value], ...]:
    """Return the facts that every table ends with; n_images of the result itself."""
    return (
        ("n_images", n_images),
        ("split", provenance.split),
        ("data", provenance.data),
        ("data_fingerprint", provenance.fingerprint),
        ("run", provenance.run),
        ("readout", provenance.readout),
        ("model_sha256", provenance.model_sha256),
        ("mamviz_version", provenance.version),
    )


def percent(share: float, decimals: int = 1) -> str:
    """Write a share in percent, without the sign; "n/a" for NaN."""
    return UNDEFINED if isnan(share) else f"{100 * share:.{decimals}f}"


def _defined(value: Value) -> Value:
    return None if isinstance(value, float) and isnan(value) else value
