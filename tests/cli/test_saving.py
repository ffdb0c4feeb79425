from __future__ import annotations

from pathlib import Path

from mamviz_cli.saving import name_files, save_table
from mamviz_reports.tables import Cell, Column, Table


def test_a_table_is_written_in_the_kinds_asked_for(tmp_path: Path) -> None:
    table = Table(
        title="Small", columns=(Column("Name", ("name",)),), rows=((Cell("Five_o", ("Five_o",)),),), facts=(("n", 3),)
    )
    files = save_table(table, tmp_path / "tables", "small", kinds=("csv", "tex"))
    assert [file.name for file in files] == ["small.csv", "small.tex"]
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == ["small.csv", "small.tex"]
    assert files[0].read_text() == "name,n\nFive_o,3\n"
    assert r"Five\_o" in files[1].read_text()


def test_files_of_one_name_are_named_together() -> None:
    files = [Path("t/a.csv"), Path("t/a.md"), Path("f/a.png"), Path("t/b.csv")]
    assert name_files(files) == "wrote t/a.csv .md, f/a.png, t/b.csv"
