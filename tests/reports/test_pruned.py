from __future__ import annotations

from dataclasses import replace

import pytest

from mamviz.schema import ComparedAccuracy, Interval, PrunedRun, RemovalSettings
from mamviz_reports.pruned import pruned_table
from mamviz_reports.tables import NBSP
from tests.reports.records import PROVENANCE, around
from tests.reports.thinned import cost

FOUND = PrunedRun(
    settings=RemovalSettings(criterion="usage", keep=0.5, epochs=3, n_replicates=500),
    source="faces-1",
    run="faces-1-pruned-1",
    n_channels=8,
    kept=(0, 2, 5, 7),
    ranked=300,
    measured=400,
    n_units=321,
    unit="identity",
    before=around(0.9),
    pruned=ComparedAccuracy(accuracy=around(0.85), loss=Interval(0.05, 0.04, 0.06)),
    tuned=ComparedAccuracy(accuracy=around(0.902), loss=Interval(-0.002, -0.003, 0.001)),
    cost=cost(),
)


def rows_of(found: PrunedRun) -> dict[str, tuple[str, ...]]:
    table = pruned_table(found, PROVENANCE)
    return {row[0].text: tuple(cell.text.replace(NBSP, " ") for cell in row[1:]) for row in table.rows}


def test_accuracy_is_lost_in_points_and_cost_in_times() -> None:
    rows = rows_of(FOUND)
    assert rows["accuracy %, pruned"][2:] == ("5.00 [4.00, 6.00]", "points")
    assert rows["accuracy %, fine-tuned"][2:] == ("-0.20 [-0.30, 0.10]", "points")
    assert rows["channels"] == ("8", "4", "2.00 x", "")
    assert rows["ms, batch of 16"][2] == "2.00 [1.50, 2.50] x"


def test_without_a_fine_tune_there_is_no_row_of_it_and_the_notes_say_so() -> None:
    table = pruned_table(replace(FOUND, tuned=None), PROVENANCE)
    assert "accuracy %, fine-tuned" not in [row[0].text for row in table.rows]
    assert "no fine-tune" in table.notes[0]


def test_raw_values_say_which_kind_they_are() -> None:
    table = pruned_table(FOUND, PROVENANCE)
    records = [dict(zip(table.fields, record, strict=True)) for record in table.records()]
    assert records[0]["less"] == pytest.approx(0.05)
    assert [record["less_is"] for record in records[:3]] == ["loss", "loss", "ratio"]
    assert {record["error"] for record in records} == {3e-6}
    assert {record["source"] for record in records} == {"faces-1"}


def test_notes_say_on_which_images_and_how_exactly() -> None:
    words = " ".join(pruned_table(FOUND, PROVENANCE).notes)
    for part in (
        "by usage, their means left behind",
        "300 validation images",
        "fine-tuned for 3 epochs",
        "400 test images",
        "321 units (unit: identity) 500 times",
        "at most 3.0e-06",
        "on cpu with 1 thread.",
        "run faces-3",
    ):
        assert part in words
    assert "1 epoch." in pruned_table(replace(FOUND, settings=replace(FOUND.settings, epochs=1)), PROVENANCE).notes[0]
