"""What docs/file-format.md says: chapters, and the rows of their tables."""

from __future__ import annotations

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "file-format.md"


def chapter(title: str) -> str:
    """The text below a heading, up to the next of its rank."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)
    assert found is not None, title
    return found.group(1)


def rows_of(text: str, heading: str) -> list[list[str]]:
    """The rows of the tables under a header row that starts with `heading`, cell by cell, without backticks."""
    rows: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[0] == heading:
            inside = True
        elif inside and not set(cells[0]) <= {"-"}:
            rows.append(cells)
    return rows


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)


def keys_of(title: str) -> dict[str, set[str]]:
    """The keys in the table of a chapter on a JSON file, each with the words in backticks of its row."""
    lines = (line for line in chapter(title).splitlines() if re.match(r"\| `", line))
    found = (re.findall(r"`([^`]+)`", line) for line in lines)
    return {key: set(named) for key, *named in found}
