from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from math import isnan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamviz_reports.tables import NBSP, Cell, Column, Table
from mamviz_reports.texts import to_csv, to_latex, to_markdown, to_values
from tests.reports.records import NAN


def example() -> Table:
    return Table(
        title="Scores_of a & b",
        columns=(Column("Attribute", ("attribute",)), Column("Acc %", ("accuracy", "low"), "right")),
        rows=(
            (Cell("5_o_Clock|Shadow", ("5_o_Clock|Shadow",)), Cell(f"91.3{NBSP}[90.1]", (0.1 + 0.2, 0.9), strong=True)),
            (Cell("Mean", ("Mean",)), Cell("-1.0", (NAN, None))),
        ),
        rule=1,
        notes=("Made of 100 % nothing, r < 1.",),
        facts=(("run", "a, b"), ("n_images", 7)),
    )


def test_csv_reads_back_to_the_same_numbers():
    rows = list(csv.DictReader(io.StringIO(to_csv(example()))))
    assert list(rows[0]) == ["attribute", "accuracy", "low", "run", "n_images"]
    assert float(rows[0]["accuracy"]) == 0.1 + 0.2
    assert rows[0]["run"] == "a, b"
    assert (rows[1]["accuracy"], rows[1]["low"], rows[1]["n_images"]) == ("", "", "7")


@given(
    st.lists(st.tuples(st.text(max_size=9).filter(lambda t: "\r" not in t and "\0" not in t), st.floats()), max_size=4)
)
def test_csv_keeps_any_name_and_any_float(values: list[tuple[str, float]]):
    rows = tuple((Cell("", (name,)), Cell("", (value,))) for name, value in values)
    table = Table(title="", columns=(Column("", ("name",)), Column("", ("value",))), rows=rows)
    back = list(csv.reader(io.StringIO(to_csv(table), newline="")))[1:]
    assert [name for name, _ in back] == [name for name, _ in values]
    assert [value for _, value in back] == ["" if isnan(value) else repr(value) for _, value in values]


def test_values_are_strict_json_with_none_for_nan():
    values = json.loads(json.dumps(to_values(example()), allow_nan=False))
    assert values["rows"][0] == {"attribute": "5_o_Clock|Shadow", "accuracy": 0.1 + 0.2, "low": 0.9}
    assert values["rows"][1]["accuracy"] is None
    assert values["facts"] == {"run": "a, b", "n_images": 7}
    assert values["notes"] == ["Made of 100 % nothing, r < 1."]


def test_markdown_has_one_row_a_line_bold_winners_and_escaped_bars():
    lines = to_markdown(example()).splitlines()
    assert lines[2:6] == [
        "| Attribute | Acc % |",
        "| --- | ---: |",
        f"| 5_o_Clock\\|Shadow | **91.3{NBSP}[90.1]** |",
        "| Mean | -1.0 |",
    ]
    assert lines[-1] == "- Made of 100 % nothing, r \\< 1."


def test_markdown_escapes_underscores_only_where_they_would_open_emphasis():
    table = Table(title="_a b_ c_d", columns=(), rows=())
    assert to_markdown(table).startswith("**\\_a b\\_ c_d**")


def test_latex_uses_booktabs_and_escapes_every_special_character():
    text = to_latex(example())
    assert "5\\_o\\_Clock\\textbar{}Shadow & \\textbf{91.3~[90.1]} \\\\" in text
    assert "\\caption{Scores\\_of a \\& b. Made of 100 \\% nothing, r \\textless{} 1.}" in text
    assert "\\begin{tabular}{lr}" in text
    assert "Mean & $-$1.0 \\\\" in text
    body = text.splitlines()
    assert body.index("\\midrule", body.index("\\midrule") + 1) == body.index("Mean & $-$1.0 \\\\") - 1


def test_latex_keeps_hyphens_in_words_and_turns_only_minus_signs():
    table = Table(title="multi-2 -3 faces-3 (-0.5)", columns=(), rows=())
    assert "multi-2 $-$3 faces-3 ($-$0.5)." in to_latex(table)


def test_latex_sets_long_cells_as_a_paragraph():
    table = Table(title="t", columns=(Column("c", ("c",)),), rows=((Cell("long " * 9, ("long",)),),))
    assert "\\begin{tabular}{p{0.6\\linewidth}}" in to_latex(table)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(tmp_path: Path):
    document = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n" + to_latex(example())
    (tmp_path / "t.tex").write_text(document + "\\end{document}\n", encoding="utf-8")
    subprocess.run(["pdflatex", "-halt-on-error", "t.tex"], cwd=tmp_path, check=True, capture_output=True, timeout=60)
