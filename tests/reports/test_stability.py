from __future__ import annotations

from dataclasses import replace

from mamviz_reports.stability import describe_runs, features_table, matching_table, stability_table
from mamviz_reports.texts import to_csv, to_values
from tests.reports.agreed import stability_of, without_limits


def test_every_table_has_a_row_for_every_two_runs() -> None:
    table = stability_table(stability_of("one", "two", "three"))
    assert [row[0].text for row in table.rows] == ["recommended"] * 3 + ["literal"] * 3
    assert [row[1].text for row in table.rows[:3]] == ["one, two", "one, three", "two, three"]
    assert [row[2].text for row in table.rows[:3]] == ["0.88 [0.82, 0.93]", "0.50 [0.45, 0.55]", "-0.25 [-0.30, -0.20]"]
    assert table.rows[0][3].text == "0.0002"
    assert table.rows[0][4].text == "60 (12)"
    assert table.columns[4].heading == "Top 5 shared %"


def test_raw_numbers_and_choices_stand_in_the_file() -> None:
    first = to_values(stability_table(stability_of("one", "two")))["rows"][1]  # type: ignore[index]
    assert first["spearman"] == 0.9375
    assert (first["estimand"], first["view"], first["sign"]) == ("mean", "full", "signed")
    assert (first["p_greater"], first["p_two_sided"], first["n_pairs"]) == (0.0002, 0.0123, 3)
    assert (first["overlap"], first["chance"]) == (0.6, 0.125)
    facts = to_values(stability_table(stability_of("one", "two")))["facts"]
    assert facts["n_permutations"] == 4999  # type: ignore[index]
    assert facts["same_images"] == "true"  # type: ignore[index]


def test_without_an_interval_the_value_stands_alone() -> None:
    table = stability_table(without_limits(stability_of("one", "two")))
    assert table.rows[0][2].text == "0.88"
    assert ",0.875,,,3," in to_csv(table)


def test_notes_say_what_the_interval_and_the_p_are() -> None:
    words = " ".join(stability_table(stability_of("one", "two")).notes)
    for fact in ("95 % interval over images", "1,000 times", "seeds that were not trained", "4,999 permutations"):
        assert fact in words
    assert "Runs: one, two; seeds 0, 1; 1,996 images of the test split of made faces." in words


def test_runs_of_other_data_are_told_in_words() -> None:
    whole = stability_of("one", "two")
    assert len(describe_runs(whole)) == 1
    other = replace(whole, runs=(whole.runs[0], replace(whole.runs[1], fingerprint="beef", data="photographs")))
    assert "different data (one: 1,996 images of the test split of made faces, two:" in describe_runs(other)[0]
    parts = replace(whole, paired=False, runs=(whole.runs[0], replace(whole.runs[1], split="all")))
    assert "not of the same images" in describe_runs(parts)[0]
    assert "two: 1,996 images of all splits" in describe_runs(parts)[0]
    settings = replace(whole, same_settings=False)
    assert describe_runs(settings)[0] == "The runs differ in more than their seed."
    assert "seeds" not in describe_runs(settings)[1]


def test_features_say_cka_and_how_channels_match() -> None:
    table = features_table(stability_of("one", "two"))
    assert [cell.text for cell in table.rows[0]] == ["one, two", "0.81", "2 of 3", "0.50", "1"]
    assert "1,000 images" in table.notes[0]
    assert features_table(stability_of("one", "two", features=False)).rows == ()


def test_matched_channels_have_a_row_each() -> None:
    rows = matching_table(stability_of("one", "two")).records()
    assert rows == (("one", "two", 0, 2, 0.75), ("one", "two", 1, 0, 0.25))
