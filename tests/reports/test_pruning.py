from __future__ import annotations

from dataclasses import replace

import pytest

from mamviz_reports.console import to_console
from mamviz_reports.pruning import casualties_table, criteria_table, differences_table, safe_table
from mamviz_reports.tables import NBSP, Table
from mamviz_reports.texts import to_latex, to_values
from tests.reports.records import PROVENANCE
from tests.reports.thinned import curve, difference, pruning_report


def texts(table: Table) -> list[list[str]]:
    return [[cell.text.replace(NBSP, " ") for cell in row] for row in table.rows]


def test_criteria_stand_by_their_area_with_the_best_of_each_fill_marked() -> None:
    table = criteria_table(pruning_report(), PROVENANCE)
    assert [row[:2] for row in texts(table)] == [
        [name, fill] for fill in ("zero", "mean") for name in ("Taylor", "usage", "L1", "random, 2 draws")
    ]
    assert [row[2].strong for row in table.rows] == [True, False, False, False] * 2
    assert texts(table)[1][3:] == ["89.0 [88.0, 90.0]", "1.00 [0.95, 1.05]"]


def test_criteria_keep_their_raw_numbers() -> None:
    rows = to_values(criteria_table(pruning_report(), PROVENANCE))["rows"]
    usage = rows[1]
    area = curve("usage", "zero").area
    assert (usage["criterion"], usage["n_draws"], usage["area"]) == ("usage", 1, area.value)
    assert (usage["area_low"], usage["area_high"]) == (area.low, area.high)
    assert usage["half"] == pytest.approx(0.89)
    assert usage["half_loss_high"] == pytest.approx(0.0105)
    assert rows[3]["n_draws"] == 2


def test_notes_say_what_was_ranked_measured_and_left_out() -> None:
    text = " ".join(to_console(criteria_table(pruning_report(), PROVENANCE), width=100).split())
    for words in (
        "from 0 to 95 %", "4 of 8 channels kept", "Ranked on 300 validation images", "321 units (unit: identity) 500",
        "400 images of the test split", "Left out: batch norm: the extractor's last layer has none.",
    ):  # fmt: skip
        assert words in text


def test_differences_have_a_row_a_baseline_and_fill() -> None:
    table = differences_table(pruning_report(), PROVENANCE)
    assert texts(table)[0] == ["L1, zero", "+2.00 [+1.80, +2.20]"]
    assert [row[0] for row in texts(table)] == [
        f"{other}, {fill}" for fill in ("zero", "mean") for other in ("L1", "Taylor", "random")
    ]
    assert [row[1].strong for row in table.rows] == [True, False, True, True, False, False]
    row = to_values(table)["rows"][4]
    assert (row["baseline"], row["fill"]) == ("Taylor", "mean")
    assert (row["usage"], row["usage_low"], row["usage_high"]) == (-0.003, -0.005, pytest.approx(-0.001))
    assert [row["usage_verdict"] for row in to_values(table)["rows"]] == [
        "better", "unclear", "better", "better", "worse", "unclear"
    ]  # fmt: skip


def test_a_criterion_that_was_not_compared_leaves_its_cell_empty() -> None:
    report = pruning_report()
    more = replace(report.differences[0], criterion="both")
    table = differences_table(replace(report, differences=(*report.differences, more)), PROVENANCE)
    assert [column.heading for column in table.columns] == ["Against", "Usage", "Both"]
    assert [row[2] for row in texts(table)] == ["+2.00 [+1.80, +2.20]", "", "", "", "", ""]


def test_differences_of_five_criteria_fit_a_hundred_columns() -> None:
    report = pruning_report()
    names = ("contrast", "usage", "mean mask", "redundancy", "both")
    found = tuple(difference(name, "activation", "mean", -0.0123) for name in names)
    text = to_console(differences_table(replace(report, differences=found), PROVENANCE), width=100)
    assert max(map(len, text.splitlines())) <= 100
    assert text.count("-1.23") == text.count("[-1.43, -1.03]") == 5


def test_safe_removal_says_what_it_cost_on_both_parts() -> None:
    table = safe_table(pruning_report(), PROVENANCE)
    assert "at most 0.20 points" in table.title
    assert texts(table) == [
        ["usage", "mean", "4 of 8", "0.15 [0.05, 0.25]", "0.10 [0.00, 0.18]", "kept"],
        ["usage", "zero", "2 of 8", "0.15 [0.05, 0.25]", "0.10 [0.00, 0.40]", "unclear"],
    ]
    values = to_values(table)
    assert values["facts"]["max_loss"] == 0.002
    assert (values["rows"][0]["removed"], values["rows"][0]["n_channels"]) == (4, 8)
    assert values["rows"][1]["test_loss_high"] == 0.004


def test_casualties_stand_worst_first_and_a_note_says_what_is_missing() -> None:
    report = pruning_report()
    table = casualties_table(report, PROVENANCE)
    assert texts(table)[0] == ["Bald", "90.0", "89.0", "1.00 [0.80, 1.20]"]
    assert [row[0] for row in texts(table)] == ["Bald", "Male", "Smiling"]
    assert not any("First" in note for note in table.notes)
    few = casualties_table(report, PROVENANCE, limit=2)
    assert [row[0] for row in texts(few)] == ["Bald", "Male"]
    assert "First 2 of 3 rows." in few.notes[0]
    assert few.title.endswith("without 4 of 8 channels")


@pytest.mark.parametrize("make", [criteria_table, differences_table, safe_table, casualties_table])
def test_every_row_says_where_it_comes_from(make) -> None:
    table = make(pruning_report(), PROVENANCE)
    facts = to_values(table)["facts"]
    assert (facts["ranked"], facts["n_images"], facts["unit"], facts["run"]) == (300, 400, "identity", "faces-3")
    assert r"\begin{tabular}" in to_latex(table)
