from __future__ import annotations

from mamviz_reports.scores import evaluation_table, poster_table
from mamviz_reports.tables import NBSP
from tests.reports.records import PROVENANCE, evaluation, poster_rows


def test_scores_are_shown_in_percent_with_the_interval_of_accuracy():
    first = [cell.text.replace(NBSP, " ") for cell in evaluation_table(evaluation(), PROVENANCE).rows[0]]
    assert first == ["5_o_Clock_Shadow", "91.2 [90.2, 92.2]", "80.0", "70.0", "95.0", "11.1", "88.9"]


def test_undefined_scores_say_so_and_are_none_in_the_raw_values():
    table = evaluation_table(evaluation(), PROVENANCE)
    bald = dict(zip(table.fields, table.records()[1], strict=True))
    assert [cell.text for cell in table.rows[1]][3:5] == ["n/a", "n/a"]
    assert (bald["average_precision"], bald["average_precision_low"], bald["auroc"]) == (None, None, None)
    assert (bald["accuracy"], bald["accuracy_low"], bald["accuracy_high"]) == (0.99, 0.98, 1.0)


def test_means_are_cores_and_stand_last():
    table = evaluation_table(evaluation(), PROVENANCE)
    mean = dict(zip(table.fields, table.records()[-1], strict=True))
    assert table.rule == 1
    assert (mean["attribute"], mean["accuracy"], mean["majority"]) == ("Mean", 0.95125, 0.9445)
    assert (mean["prevalence"], table.rows[-1][5].text) == (None, "n/a")


def test_protocol_interval_and_resampled_unit_are_named():
    table = evaluation_table(evaluation(), PROVENANCE)
    notes = " ".join(table.notes)
    assert "Yes above a logit of 0." in notes
    assert "Intervals (90 %) resample 321 units (unit: identity) 1,000 times." in notes
    assert "500 images" in notes
    assert f"Accuracy [90{NBSP}%]" in [column.heading for column in table.columns]
    assert dict(table.facts)["n_units"] == 321


def test_winner_of_each_row_is_marked_and_ties_as_shown_are_all_marked():
    rows = poster_table(poster_rows(), PROVENANCE).rows
    marked = [[cell.text for cell in row if cell.strong] for row in rows]
    assert marked == [["82.50"], ["87.00", "87.00", "87"], ["95.33"]]


def test_published_numbers_keep_their_digits_and_missing_ours_is_said():
    rows = poster_table(poster_rows(), PROVENANCE).rows
    assert [cell.text for cell in rows[2]] == ["Blurry", "n/a", "95.33", "95", "84", "81"]


def test_average_row_is_the_given_one_under_a_rule():
    rows = poster_rows()
    with_average = poster_table(rows[:2], PROVENANCE, average=rows[2])
    assert (with_average.rule, with_average.rows[-1][0].text) == (1, "Blurry")
    assert poster_table(rows[:2], PROVENANCE).rule == 0


def test_a_remark_on_the_average_stands_among_the_notes():
    rows = poster_rows()
    without = poster_table(rows[:2], PROVENANCE, average=rows[2])
    with_it = poster_table(rows[:2], PROVENANCE, average=rows[2], remark="Not like with like.")
    assert set(with_it.notes) - set(without.notes) == {"Not like with like."}
