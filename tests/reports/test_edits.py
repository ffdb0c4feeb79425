from __future__ import annotations

from dataclasses import replace

import pytest

from mamviz.schema import EditReport
from mamviz_reports.console import to_console
from mamviz_reports.edits import counts_table, edit_tables, edits_table
from mamviz_reports.tables import NBSP, Table
from mamviz_reports.texts import to_csv, to_latex, to_values
from tests.reports.drawn import edit_report
from tests.reports.records import NAN, PROVENANCE, around


def texts(table: Table) -> list[list[str]]:
    return [[cell.text.replace(NBSP, " ") for cell in row] for row in table.rows]


def test_counts_tell_features_from_pictures_and_raw_from_standard_deviations() -> None:
    table = counts_table(edit_report(), PROVENANCE)
    assert texts(table) == [
        ["moved features", "add", "2 of 2", "1 of 2", "3.00", "2.00", "90"],
        ["moved features", "remove", "2 of 2", "1 of 2", "3.00", "2.00", "90"],
        ["drawn picture, read again", "add", "1 of 2", "0 of 2", "1.00", "1.25", "30"],
        ["drawn picture, read again", "remove", "1 of 2", "0 of 2", "1.00", "1.25", "30"],
    ]
    assert to_values(table)["rows"][2]["wins"] == 1


def test_every_attribute_is_added_and_removed_with_the_winner_marked() -> None:
    table = edits_table(edit_report(), PROVENANCE)
    found = texts(table)
    assert [row[:3] for row in found] == [
        ["Smiling", "add", "40"],
        ["Smiling", "remove", "10"],
        ["Wearing_Hat", "add", "40"],
        ["Wearing_Hat", "remove", "10"],
    ]
    assert found[0][3:] == ["3.00 [2.99, 3.01]", "Bald -2.00", "90", "1.00 [0.99, 1.01]", "Bald -2.00", "30"]
    assert [cell.strong for cell in table.rows[0]] == [False, False, False, True, False, False, False, False, False]
    assert table.rows[2][6].strong
    values = to_values(table)
    row = values["rows"][0]
    assert (row["features_own_low"], row["drawn_other_sd"]) == pytest.approx((2.99, 2.0))
    assert (row["drawn_other_name"], row["drawn_other_sd_name"]) == ("Bald", "Male")
    facts = values["facts"]
    assert (facts["direction"], facts["strength"], facts["n_images"], facts["run"]) == ("contrast", 1.5, 45, "faces-3")


def unmeasured() -> EditReport:
    """A report in which nobody has a hat that could be removed."""
    report = edit_report()
    nothing = replace(around(NAN), low=NAN, high=NAN)
    fields = dict.fromkeys(("own", "other", "own_sd", "other_sd", "largest"), nothing)
    effects = tuple(
        replace(each, n_images=0, other_name="", other_sd_name="", **fields)
        if (each.attribute, each.action) == ("Wearing_Hat", "remove")
        else each
        for each in report.effects
    )
    return replace(report, effects=effects)


def test_what_could_not_be_measured_is_not_counted_and_left_empty() -> None:
    tables = edit_tables(unmeasured(), PROVENANCE)
    assert texts(tables["edits-counts"])[1][2:4] == ["1 of 1", "1 of 1"]
    assert texts(tables["edits"])[3] == ["Wearing_Hat", "remove", "0", "n/a", "n/a", "n/a", "n/a", "n/a", "n/a"]
    assert to_values(tables["edits"])["rows"][3]["drawn_other_name"] is None


def test_tables_say_what_is_by_construction_and_counts_fit_a_terminal() -> None:
    for table in edit_tables(edit_report(), PROVENANCE).values():
        words = to_console(table, width=100).replace("\n", " ")
        for part in ("partly by construction", "harder question", "1.5 SD", "1,500 training images", "45 images"):
            assert part in words
        assert r"\begin{tabular}" in to_latex(table)
        assert "by construction" not in to_csv(table)
    lines = to_console(counts_table(edit_report(), PROVENANCE), width=80).splitlines()
    assert max(map(len, lines)) <= 80
