from __future__ import annotations

from dataclasses import replace

from mamviz_reports.pruning_report import LONG, pruning_figures, pruning_tables, shown_tables
from tests.reports.records import PROVENANCE
from tests.reports.thinned import casualty, pruning_report

TABLES = ["criteria", "differences", "safe", "casualties", "cost", "tuned", "causal", "effects"]


def test_every_part_has_its_table_and_the_answers_stand_last() -> None:
    assert list(pruning_tables(pruning_report(), PROVENANCE)) == [*(f"pruning-{name}" for name in TABLES), "pruning"]
    assert LONG == "pruning-effects"


def test_what_was_not_measured_has_none() -> None:
    report = replace(pruning_report(), cost=None, tuned=(), causal=(), differences=())
    assert list(pruning_tables(report, PROVENANCE)) == [
        "pruning-criteria", "pruning-safe", "pruning-casualties", "pruning"
    ]  # fmt: skip
    assert list(pruning_figures(report, PROVENANCE)) == ["pruning-curves", "pruning-casualties"]
    assert list(pruning_figures(pruning_report(), PROVENANCE))[-1] == "pruning-causal"


def test_a_terminal_is_shown_the_first_casualties_and_each_shared_note_once() -> None:
    report = pruning_report()
    many = tuple(casualty(f"attribute {number}", 0.01 / (1 + number)) for number in range(9))
    report = replace(report, safe=(replace(report.safe[0], casualties=many),))
    shown = list(shown_tables(report, PROVENANCE))
    assert len(shown) == len(TABLES)  # one is too long, one more are the answers
    assert shown[-1].title == "Pruning: the answers"
    assert len(shown[3].rows) == 5
    text = " ".join(note for table in shown for note in table.notes)
    assert text.count("Ranked on 300 validation images, measured") == 1
    assert text.count("400 images of the test split") == 1
    assert "Ranked on 300" in shown[-1].notes[0]
    assert len(pruning_tables(report, PROVENANCE)["pruning-casualties"].rows) == 9
