from __future__ import annotations

from dataclasses import replace

import pytest

from mamviz.schema import Interval
from mamviz_reports.pruning_words import (
    describe_casualties,
    describe_causal,
    describe_cost,
    describe_differences,
    describe_fills,
    describe_safe,
    summary_table,
)
from mamviz_reports.tables import NBSP
from tests.reports.records import PROVENANCE
from tests.reports.thinned import causal, cost, difference, pruning_report, safe


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def test_what_is_safe_is_said_with_its_cost() -> None:
    assert plain(describe_safe(safe(), 8)) == (
        "4 of 8 channels (50 %) can go in the order of usage, their means left behind: that costs 0.10 [0.00, 0.18] "
        "points of mean accuracy on test images; the limit of 0.20 is kept."
    )


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.0, 0.003, "whether the limit of 0.20 is kept is unclear."),
        (0.0025, 0.004, "more than the limit of 0.20, which validation images kept."),
    ],
)
def test_a_limit_that_test_images_do_not_keep_is_not_called_safe(low: float, high: float, words: str) -> None:
    found = replace(safe("zero"), test_loss=Interval(0.003, low, high))
    assert describe_safe(found, 8).endswith(words)
    assert "zero left behind" in describe_safe(found, 8)


def test_where_nothing_can_go_it_says_so() -> None:
    words = describe_safe(replace(safe(), removed=0), 8)
    assert words.startswith("No channel can go in the order of usage")
    assert "more than 0.20 points on validation images" in words


def test_the_worst_hit_are_named_first() -> None:
    turned = replace(safe(), casualties=safe().casualties[::-1])
    assert plain(describe_casualties(turned)) == (
        "Bald 1.00 [0.80, 1.20], Male 0.10 [-0.10, 0.30], Smiling -0.10 [-0.30, 0.10] (points of accuracy on test "
        "images)."
    )


def test_each_mask_criterion_has_its_sentence_of_the_chosen_fill() -> None:
    report = pruning_report()
    more = (*report.differences, difference("both", "L1", "mean", 0.01), difference("both", "Taylor", "zero", 0.01))
    assert [plain(words) for words in describe_differences(replace(report, differences=more))] == [
        "Usage: better than L1 +1.00; worse than Taylor -0.30; not told apart from random +0.15 (points of area).",
        "Both: better than L1 +1.00 (points of area).",
    ]


def test_means_are_compared_with_zero() -> None:
    assert plain(describe_fills(pruning_report())) == (
        "Area with the means left behind minus area with zero, points: usage +0.60 [+0.40, +0.80]."
    )


def test_cost_is_said_with_the_exactness() -> None:
    words = plain(describe_cost(cost()))
    for part in (
        "4 of 8 channels: 100 k instead of 200 k parameters classify", "20 M instead of 40 M FLOPs",
        "800 kB instead of 1.6 MB", "2.00 [1.90, 2.10] x at batches of 1, 2.00 [1.50, 2.50] x at batches of 16",
        "(cpu, 1 thread)", "by at most 3.0e-06.",
    ):  # fmt: skip
        assert part in words
    assert "(cpu, 2 threads)" in plain(describe_cost(replace(cost(), threads=2)))


def test_the_causal_check_says_its_three_correlations() -> None:
    assert plain(describe_causal(causal())) == (
        "Each channel removed alone, zero left behind: usage ranks the change of logits to 0.85 [0.84, 0.86] "
        "(Spearman, 12 pairs of attribute and channel), and to 0.75 [0.74, 0.76] within an attribute; the rise of its "
        "loss to 0.40 [0.39, 0.41]."
    )


def test_the_summary_answers_every_question_that_was_measured() -> None:
    report = pruning_report()
    table = summary_table(report, PROVENANCE)
    questions = [row[0].text for row in table.rows]
    assert questions == [
        "What can go", "Who loses most", "Is the masks' order better", "Zero or means", "What is gained",
        "Is the masks' claim causal",
    ]  # fmt: skip
    assert all(row[1].values == (row[1].text,) for row in table.rows)
    nothing = replace(report, safe=(replace(safe(), removed=0),), cost=None, causal=(), differences=(), fills=())
    assert [row[0].text for row in summary_table(nothing, PROVENANCE).rows] == ["What can go"]
