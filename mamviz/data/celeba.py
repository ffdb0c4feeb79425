"""CelebA's own layout: the official text files, or Kaggle's CSVs, beside a folder of images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mamviz.data.table import Table, place_columns, read_lines, read_table
from mamviz.errors import DataError

# Anno and Eval: the folders of the official Drive archive. The doubled name: what Kaggle's zip unpacks to.
TABLE_FOLDERS = (".", "Anno", "Eval")
IMAGE_FOLDERS = (
    "img_align_celeba/img_align_celeba",
    "Img/img_align_celeba",
    "img_align_celeba",
    "img_celeba",
    "Img/img_celeba",
    ".",
)
SUFFIXES = (".txt", ".csv")
PATH = "file name"  # has no name of its own in the official header


@dataclass(frozen=True, kw_only=True)
class CelebA:
    """The rows of list_attr_celeba and what the other two files say of them.

    split      (n,) 0, 1, 2; -1 where list_eval_partition has no readable value; None without that file
    identity   (n,) 0 or more; -1 likewise; None without identity_CelebA
    problems   those of the two files and of the header; the table has its own
    """

    table: Table
    split: npt.NDArray[np.int8] | None
    identity: npt.NDArray[np.int64] | None
    problems: tuple[str, ...]


def read_celeba(folder: Path) -> CelebA:
    """Read the tables in `folder`, or in its sub-folders Anno and Eval.

    Raises DataError where list_attr_celeba is missing, is a web page, or has no readable header.
    """
    file = _find_table(folder, "list_attr_celeba")
    if file is None:
        raise DataError(
            f"{folder}: expected CelebA's layout, found no list_attr_celeba.txt or list_attr_celeba.csv. "
            "Give the folder that holds it, or a CSV file of your own."
        )
    table, problems = _read_attributes(file)
    split = _read_values(_find_table(folder, "list_eval_partition"), table, problems, _parse_split)
    identity = _read_values(_find_table(folder, "identity_CelebA"), table, problems, _parse_identity)
    return CelebA(
        table=table,
        split=None if split is None else split.astype(np.int8),
        identity=identity,
        problems=tuple(problems),
    )


def find_images(folder: Path, name: str) -> Path:
    """Return the folder of CelebA's images: the first that holds the file `name`, else that there is."""
    candidates = [folder / images for images in IMAGE_FOLDERS]
    present = [candidate for candidate in candidates if candidate.is_dir()]
    return next((candidate for candidate in present if (candidate / name).exists()), present[0])


def _find_table(folder: Path, stem: str) -> Path | None:
    candidates = (folder / sub / f"{stem}{suffix}" for suffix in SUFFIXES for sub in TABLE_FOLDERS)
    return next((file for file in candidates if file.is_file()), None)


def _read_attributes(file: Path) -> tuple[Table, list[str]]:
    lines = read_lines(file)
    _, header = next(lines, (0, []))
    if file.suffix == ".csv":
        path = header[0] if header else ""
        return read_table(file, lines, place_columns(file, header, path=path)), []
    _, names = next(lines, (0, []))
    if len(header) != 1 or not header[0].isdecimal() or not names:
        raise DataError(
            f"{file}: expected the number of rows in line 1 and the attributes' names in line 2, got "
            f"{' '.join(header)[:60]!r} in line 1. Download the file again."
        )
    table = read_table(file, lines, place_columns(file, [PATH, *names], path=PATH))
    said = int(header[0])
    problem = f"{file.name}:1: says {said:,} rows, but {table.n_rows:,} follow; the file may be cut short"
    return table, [] if said == table.n_rows else [problem]


def _read_values(
    file: Path | None, table: Table, problems: list[str], parse: Callable[[str], int]
) -> npt.NDArray[np.int64] | None:
    """Read one value a name, in the table's order; -1 where there is none, with the problem noted."""
    if file is None:
        return None
    values: dict[str, int] = {}
    lines = read_lines(file)
    if file.suffix == ".csv":
        next(lines, None)
    for number, fields in lines:
        name = fields[0]
        value = parse(fields[1]) if len(fields) == 2 else -1
        if value >= 0 and name in table.seen and name not in values:
            values[name] = value
            continue
        problems.append(f"{file.name}:{number}: {_describe_row(fields, table, known=name in values)}")
        values.setdefault(name, -1)
    for name, line in zip(table.names, table.lines.tolist(), strict=True):
        if name not in values:
            problems.append(f"{table.file.name}:{line}: {name} has no row in {file.name}")
    return np.array([values.get(name, -1) for name in table.names], np.int64)


def _describe_row(fields: list[str], table: Table, *, known: bool) -> str:
    if fields[0] not in table.seen:
        return f"{fields[0]} has no row in {table.file.name}"
    if known:
        return f"{fields[0]} stands here a second time"
    return f"{' '.join(fields)[:60]!r} is not a file name and a number that is known"


def _parse_split(text: str) -> int:
    return int(text) if text in ("0", "1", "2") else -1


def _parse_identity(text: str) -> int:
    return int(text) if text.isdecimal() else -1
