from __future__ import annotations

import csv
import io

import pytest

from mamviz_reports.entanglement import explanation_table, pair_list, pair_table
from mamviz_reports.tables import NBSP
from mamviz_reports.texts import to_csv
from tests.reports.entangled import entanglement
from tests.reports.records import PROVENANCE


def names(table) -> list[tuple[str, str]]:
    return [row[0].values for row in table.rows]


def test_each_list_has_its_pairs_with_intervals_in_the_order_of_the_gap():
    shared = pair_table(entanglement(), PROVENANCE, kind="shared")
    assert names(shared) == [("Bald", "Hat"), ("Hat", "Male")]
    first = [cell.text for cell in shared.rows[0]]
    assert first == [
        "Bald,\nHat",
        "0.90\n[0.80, 1.00]",
        "0.01\n[-0.02, 0.04]",
        "0.80\n[0.70, 0.90]",
        "0.02",
        "0.40",
        "0.00",
    ]
    separate = pair_table(entanglement(), PROVENANCE, kind="separate")
    assert names(separate) == [("Male", "Young")]
    assert separate.title != shared.title


def test_a_shortened_list_says_how_many_pairs_there_are():
    table = pair_table(entanglement(), PROVENANCE, kind="shared", top=1)
    assert names(table) == [("Bald", "Hat")]
    assert "First 1 of 2 pairs." in table.notes
    assert not any("First" in note for note in pair_table(entanglement(), PROVENANCE, kind="shared", top=2).notes)


def test_an_attribute_shows_all_its_pairs_and_marks_the_certain_ones():
    largest = pair_table(entanglement(), PROVENANCE, kind="shared", targets=["Male"])
    assert names(largest) == [("Hat", "Male"), ("Bald", "Male"), ("Male", "Young")]
    assert [row[0].strong for row in largest.rows] == [True, False, False]
    lowest = pair_table(entanglement(), PROVENANCE, kind="separate", targets=["Male"])
    assert names(lowest) == names(largest)[::-1]
    assert [row[0].strong for row in lowest.rows] == [True, False, False]
    assert "Gaps of Male" in largest.title
    assert any(note.startswith("Marked where") for note in largest.notes)


def test_two_attributes_show_their_common_pair_once():
    table = pair_table(entanglement(), PROVENANCE, kind="shared", targets=["Male", "Hat"])
    assert names(table) == [("Bald", "Hat"), ("Hat", "Male"), ("Bald", "Male"), ("Male", "Young")]


def test_notes_state_rule_gap_choices_ridges_and_images():
    notes = " ".join(pair_table(entanglement(), PROVENANCE, kind="shared").notes)
    for words in (
        "more than 75 % of all pairs do",
        "phi lies within +-0.05",
        "adjusted contrast of masks",
        "ridge 0.1 for masks, 0 for labels",
        "90 % intervals, each by itself, from 500 draws of 64 blocks",
        "minus the share whose labels are",
        "1,234 images",
    ):
        assert words in notes.replace(NBSP, " ")
    lowest = " ".join(pair_table(entanglement(), PROVENANCE, kind="separate").notes)
    assert "less than 75 % of all pairs do, and |phi| is above 0.2" in lowest
    assert "Gap: r minus |phi|" in " ".join(pair_table(entanglement(scale="raw"), PROVENANCE, kind="shared").notes)


def test_the_list_of_all_pairs_has_every_figure_with_its_interval():
    rows = list(csv.DictReader(io.StringIO(to_csv(pair_list(entanglement(), PROVENANCE)))))
    assert len(rows) == 6
    first, last = rows[0], rows[-1]
    assert (first["first"], first["second"], first["list"], first["empty_cell"]) == ("Bald", "Hat", "shared", "False")
    assert (float(first["r"]), float(first["r_low"]), float(first["r_high"])) == (0.9, 0.8, 1.0)
    for name in ("rank", "phi", "gap", "raw_gap", "tetrachoric", "partial_r", "partial_phi"):
        assert float(first[f"{name}_low"]) <= float(first[name]) <= float(first[f"{name}_high"])
    assert (last["second"], last["r"], last["gap_low"], last["list"]) == ("Young", "", "", "")
    assert (first["view"], first["rule_independent"], first["n_replicates"], first["run"]) == (
        "spatial",
        "0.05",
        "500",
        "faces-3",
    )


def test_the_explanation_has_a_row_a_relation_of_labels():
    table = explanation_table(entanglement(), PROVENANCE)
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["phi", "-0.10\n[-0.20, 0.00]", "0.4000"],
        ["|phi|", "0.30\n[0.20, 0.40]", "0.0100"],
        ["|tetrachoric r|", "n/a", "n/a"],
    ]
    assert "Spearman over 5 pairs" in table.notes[0]


@pytest.mark.parametrize("kind", ["shared", "separate"])
def test_an_empty_list_is_a_table_without_rows(kind):
    table = pair_table(entanglement(kinds=False), PROVENANCE, kind=kind)
    assert table.rows == ()
    assert len(table.notes) == 4


def test_what_is_undefined_says_so():
    (undefined,) = [row for row in pair_list(entanglement(), PROVENANCE).rows if row[2].text == "n/a"]
    assert all(cell.text == "n/a" for cell in undefined[2:10])
