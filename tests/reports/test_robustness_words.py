from __future__ import annotations

from dataclasses import replace

from mamviz_reports.robustness_words import answers_table, describe_gains, describe_gradients, describe_loss
from mamviz_reports.tables import NBSP
from tests.reports.attacked import robustness_report
from tests.reports.records import PROVENANCE


def plain(words: str) -> str:
    return words.replace(NBSP, " ")


def test_the_loss_is_that_of_the_masks_as_they_are_under_the_strongest() -> None:
    assert plain(describe_loss(robustness_report())) == (
        "The masks as they are: 90.0 [89.0, 91.0] % on clean images, 82.0 [81.0, 83.0] % under noise of 16 grey "
        "levels, 70.0 [69.0, 71.0] % under a step of 4; always giving the more frequent answer has 80.0 %."
    )


def test_gains_are_named_by_verdict() -> None:
    rows = robustness_report().rows[1:]
    assert plain(describe_gains(rows, [row.noise_gain for row in rows])) == (
        "Helps: sharpen 2 +2.00 [+1.00, +3.00]. Harms: power 2 -3.00 [-4.00, -2.00]. "
        "Not told apart from none: binary 0.5 +0.50 [-0.50, +1.50]."
    )
    assert describe_gains(rows[:1], [rows[0].noise_gain]).startswith("Helps")
    assert "Harms" not in describe_gains(rows[:1], [rows[0].noise_gain])


def test_hidden_gradients_are_named_and_their_absence_is_said() -> None:
    rows = robustness_report().rows[1:]
    assert plain(describe_gradients(rows)).startswith("Yes, in binary 0.5 +10.00 [+9.00, +11.00]: ")
    assert describe_gradients(rows[:2]).startswith("Not seen")


def test_every_question_has_its_answer_and_none_is_asked_of_nothing() -> None:
    report = robustness_report()
    questions = [row[0].text for row in answers_table(report, PROVENANCE).rows]
    assert questions == [
        "What do noise and attacks do",
        "Does it cost anything on clean images",
        "Does it help against noise",
        "The same in balanced accuracy",
        "Does it help against FGSM",
        "The same in balanced accuracy",
        "Are gradients hidden",
    ]
    answers = [plain(row[1].text) for row in answers_table(report, PROVENANCE).rows]
    assert "sharpen 2 +4.00" in answers[4]
    assert answers[3] != answers[2]
    alone = answers_table(replace(report, rows=report.rows[:1]), PROVENANCE)
    assert len(alone.rows) == 1
