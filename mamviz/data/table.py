"""Rows of 0/1 or -1/1 labels, read from text or CSV with the line number of whatever is wrong."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from mamviz.data.problems import WEB_PAGE, is_web_page
from mamviz.errors import DataError

Line = tuple[int, list[str]]
Item = TypeVar("Item")

_NO, _YES, _MINUS = 0, 1, 2
_CODES = {
    **dict.fromkeys(("0", "0.0", "False", "FALSE", "false"), _NO),
    **dict.fromkeys(("1", "+1", "1.0", "True", "TRUE", "true"), _YES),
    **dict.fromkeys(("-1", "-1.0"), _MINUS),
}


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where a row holds what.

    width         fields in every row
    path          field of the file name
    attributes    names and fields of the labels
    extras        further fields to keep as text
    """

    width: int
    path: int
    attributes: tuple[str, ...]
    fields: tuple[int, ...]
    extras: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of a label table whose every value could be read; n rows.

    lines     (n,) number of each row's line in the file
    labels    (n, K) 0 or 1
    extras    (n, extras) texts of the further fields
    seen      all names met, those of unreadable rows included
    n_rows    rows met, likewise
    """

    file: Path
    attributes: tuple[str, ...]
    names: tuple[str, ...]
    lines: npt.NDArray[np.int64]
    labels: npt.NDArray[np.uint8]
    extras: tuple[tuple[str, ...], ...]
    seen: frozenset[str]
    n_rows: int
    problems: tuple[str, ...]


def read_lines(file: Path) -> Iterator[Line]:
    """Read the fields of each line that is not blank, with its number from 1.

    Fields of a .csv file stand between commas, semicolons or tabs, whichever its first line has most
    of; those of any other file between blanks. Raises DataError for what is no text, and for a web page.
    """
    try:
        with file.open("rb") as handle:
            if is_web_page(handle.read(512)):
                raise DataError(f"{file}: expected a table, but it {WEB_PAGE}.")
        with file.open(encoding="utf-8-sig", newline="") as text:
            if file.suffix.lower() != ".csv":
                yield from ((number, fields) for number, line in enumerate(text, 1) if (fields := line.split()))
                return
            first = text.readline()
            text.seek(0)
            reader = csv.reader(text, delimiter=max(",;\t", key=first.count), skipinitialspace=True)
            yield from ((reader.line_num, fields) for fields in reader if any(fields))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file}: expected text in UTF-8, got something else ({error}). Save it as UTF-8.") from error
    except OSError as error:
        raise DataError(f"{file}: can't be read ({error.strerror}). Check the path and its permissions.") from error


def place_columns(file: Path, header: Sequence[str], *, path: str, extras: Sequence[str] = ()) -> Columns:
    """Find each named column in `header`; the columns not named are the attributes.

    Raises DataError for a name that is blank, stands twice, or isn't there, and for a table without attributes.
    """
    names = [name.strip() for name in header]
    for number, name in enumerate(names, 1):
        if not name or names.index(name) != number - 1:
            what = f"{name!r} twice" if name else f"no name for column {number}"
            raise DataError(f"{file}: expected a different name for each column, got {what}. Correct the header.")
    for name in (path, *extras):
        if name not in names:
            raise DataError(
                f"{file}: expected a column {name!r}, the header has {', '.join(names)[:200]}. "
                "Name the columns of paths, split and identity in the settings, or correct the header."
            )
    fields = [field for field, name in enumerate(names) if name not in (path, *extras)]
    if not fields:
        raise DataError(f"{file}: expected at least one column of labels beside {', '.join(names)}. Add one.")
    return Columns(
        width=len(names),
        path=names.index(path),
        attributes=take(names, np.array(fields)),
        fields=tuple(fields),
        extras=tuple(names.index(name) for name in extras),
    )


def read_table(file: Path, lines: Iterable[Line], columns: Columns) -> Table:
    """Read rows of labels from `lines`, the header already taken off.

    A row of another width, a name met before and a value that is no label become problems, as does a 0
    in a column that also holds -1: some tables mean "not known" by it. Such rows are not in the result.
    """
    rows = _Rows(file.name, columns)
    n_rows = 0
    for number, fields in lines:
        rows.add(number, fields)
        n_rows += 1
    codes = np.frombuffer(rows.codes, np.uint8).reshape(len(rows.names), len(columns.attributes))
    unclear = (codes == _NO) & (codes == _MINUS).any(axis=0)
    for row in np.flatnonzero(unclear.any(axis=1)).tolist():
        attribute = columns.attributes[int(unclear[row].argmax())]
        rows.note(rows.lines[row], f"{attribute} is 0 where other rows say -1 or 1")
    good = np.flatnonzero(~unclear.any(axis=1))
    return Table(
        file=file,
        attributes=columns.attributes,
        names=take(rows.names, good),
        lines=np.array(rows.lines, np.int64)[good],
        labels=(codes[good] == _YES).astype(np.uint8),
        extras=take(rows.extras, good),
        seen=frozenset(rows.seen),
        n_rows=n_rows,
        problems=tuple(rows.problems),
    )


def take(values: Sequence[Item], indices: npt.NDArray[np.int64]) -> tuple[Item, ...]:
    """Return the values at `indices`."""
    return tuple(map(values.__getitem__, indices.tolist()))


class _Rows:
    """The rows read so far."""

    def __init__(self, file: str, columns: Columns) -> None:
        self.file, self.columns = file, columns
        self.names: list[str] = []
        self.lines: list[int] = []
        self.extras: list[tuple[str, ...]] = []
        self.codes = bytearray()
        self.seen: set[str] = set()
        self.problems: list[str] = []
        self._labels = _picker(columns.fields)
        self._extras = _picker(columns.extras)

    def note(self, number: int, problem: str) -> None:
        self.problems.append(f"{self.file}:{number}: {problem}")

    def add(self, number: int, fields: list[str]) -> None:
        columns = self.columns
        name = fields[columns.path] if len(fields) > columns.path else ""
        if not name or name in self.seen:
            self.note(number, f"{name} stands here a second time" if name else "no file name")
            return
        self.seen.add(name)
        if len(fields) != columns.width:
            self.note(number, f"{name} has {len(fields)} fields, the table {columns.width}")
            return
        try:
            self.codes += bytes(map(_CODES.__getitem__, self._labels(fields)))
        except KeyError:
            self.note(number, self._describe_unknown(fields))
            return
        self.names.append(name)
        self.lines.append(number)
        self.extras.append(self._extras(fields))

    def _describe_unknown(self, fields: list[str]) -> str:
        values = zip(self.columns.attributes, self._labels(fields), strict=True)
        attribute, value = next((name, value) for name, value in values if value not in _CODES)
        return f"{attribute} is {value!r}, not 1 and 0 or 1 and -1"


def _picker(fields: tuple[int, ...]) -> Callable[[list[str]], tuple[str, ...]]:
    if len(fields) > 1:
        return itemgetter(*fields)
    if not fields:
        return lambda _: ()
    return lambda row: tuple(row[field] for field in fields)
