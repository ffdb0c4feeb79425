"""Results to files of a run: tables as CSV, Markdown and LaTeX, figures as PNG and SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mamviz_reports.style import FigureKind
    from mamviz_reports.tables import Table

ALL = ("csv", "md", "tex")


def save_table(table: Table, folder: Path, stem: str, *, kinds: Sequence[str] = ALL) -> tuple[Path, ...]:
    """Write a table in the kinds asked for, each file whole or not at all; return their paths."""
    from mamviz.run import write_text
    from mamviz_reports.texts import to_csv, to_latex, to_markdown

    texts = {"csv": to_csv, "md": to_markdown, "tex": to_latex}
    paths = tuple(folder / f"{stem}.{kind}" for kind in kinds)
    for kind, path in zip(kinds, paths, strict=True):
        write_text(path, texts[kind](table))
    return paths


def save(figure: Figure, folder: Path, stem: str, *, kinds: Sequence[FigureKind] = ("png", "svg")) -> tuple[Path, ...]:
    """Write a figure as PNG and SVG, or as one of them; return their paths."""
    from mamviz_reports.style import save_figure

    return save_figure(figure, folder, stem, kinds=kinds)


def name_files(files: Sequence[Path]) -> str:
    """Say which files were written, those of one name together: `tables/accuracy.csv .md .tex`."""
    kinds: dict[Path, list[str]] = {}
    for file in files:
        kinds.setdefault(file.with_suffix(""), []).append(file.suffix)
    return "wrote " + ", ".join(f"{stem}{' '.join(suffixes)}" for stem, suffixes in kinds.items())
