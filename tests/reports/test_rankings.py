from __future__ import annotations

from dataclasses import replace

import pytest

from mamviz.errors import StatisticsError
from mamviz.schema import Choices
from mamviz_reports.certainty import FIELDS, certainty_facts, certainty_notes
from mamviz_reports.rankings import ranking_list, ranking_table
from mamviz_reports.tables import NBSP, UNDEFINED
from tests.reports.records import PROVENANCE, ranking
from tests.reports.sure import certainty, without_limits


def test_each_target_has_its_related_best_first_with_r():
    rows = ranking_table(ranking(), PROVENANCE).rows
    assert [(target.text, related.text.replace(NBSP, " ")) for target, related in rows] == [
        ("Hat", "Young 0.80, Male 0.30"),
        ("Bald", "n/a"),
        ("Male", "Hat 0.30"),
        ("Young", "Hat 0.80, Male -0.50"),
    ]


def test_raw_values_fill_every_field_and_missing_ranks_are_none():
    table = ranking_table(ranking(), PROVENANCE)
    assert table.fields[:5] == ("target", "related_1", "r_1", "related_2", "r_2")
    records = {record[0]: record[1:5] for record in table.records()}
    assert records["Young"] == ("Hat", 0.8, "Male", -0.5)
    assert records["Male"] == ("Hat", 0.3, None, None)
    assert records["Bald"] == (None, None, None, None)


def test_targets_come_in_the_order_asked_for():
    table = ranking_table(ranking(), PROVENANCE, targets=["Young", "Hat"])
    assert [row[0].text for row in table.rows] == ["Young", "Hat"]


def test_unknown_target_is_refused_by_name():
    with pytest.raises(StatisticsError, match=r"'Yuong'.*Hat, Bald, Male, Young.*Check the spelling"):
        ranking_table(ranking(), PROVENANCE, targets=["Yuong"])


@pytest.mark.parametrize("make", [ranking_table, ranking_list])
def test_every_choice_is_a_fact_and_a_note(make):
    choices = Choices(map="evidence", sign="signed", estimand="contrast", view="full", centring="common")
    given = ranking()
    table = make(replace(given, by="abs", correlation=replace(given.correlation, choices=choices)), PROVENANCE)
    facts = dict(table.facts)
    assert [facts[name] for name in ("map", "sign", "estimand", "view", "centring", "ranked_by", "n_images")] == [
        *("evidence", "signed", "contrast", "full", "common", "abs", 1234)
    ]
    notes = " ".join(table.notes)
    assert choices.describe() in notes
    assert "ranked by the size of r" in notes
    assert "the map is constant: Bald" in notes
    assert "1,234 images" in notes


def test_list_has_a_row_a_pair_in_the_given_order():
    table = ranking_list(ranking(), PROVENANCE)
    assert table.fields[:4] == ("target", "rank", "related", "r")
    assert [record[:4] for record in table.records()] == [
        ("Hat", 1, "Young", 0.8),
        ("Hat", 2, "Male", 0.3),
        ("Male", 1, "Hat", 0.3),
        ("Young", 1, "Hat", 0.8),
        ("Young", 2, "Male", -0.5),
    ]


def test_with_certainty_each_name_has_its_interval_and_mark():
    rows = ranking_table(ranking(), PROVENANCE, targets=["Hat", "Bald"], certainty=certainty()).rows
    assert [(target.text, related.text.replace(NBSP, " ")) for target, related in rows] == [
        ("Hat", "Young 0.80* (0.75 to 0.85; 100 %), Male 0.30 (-0.25 to 0.50; 62 %)"),
        ("Bald", "n/a"),
    ]


def test_raw_numbers_of_certainty_stand_beside_their_r_by_rank():
    table = ranking_table(ranking(), PROVENANCE, certainty=certainty())
    values = {record[0]: dict(zip(table.fields, record, strict=True)) for record in table.records()}
    hat = values["Hat"]
    assert (hat["related_1"], hat["low_1"], hat["high_1"], hat["survives_1"]) == ("Young", 0.75, 0.85, 1)
    assert (hat["related_2"], hat["inclusion_2"], hat["p_max_2"], hat["survives_2"]) == ("Male", 0.625, 0.5, 0)
    assert [values["Male"][f"{name}_2"] for name in ("related", "r", *FIELDS)] == [None] * (2 + len(FIELDS))
    assert (hat["n_blocks"], hat["reliability"], hat["null"]) == (64, 0.96, "shuffled labels")


def test_list_has_a_column_for_each_number_of_certainty():
    table = ranking_list(ranking(), PROVENANCE, certainty=certainty())
    assert table.fields[:14] == ("target", "rank", "related", "r", *FIELDS)
    first = dict(zip(table.fields, table.records()[0], strict=True))
    assert (first["low"], first["high"], first["rank_high"], first["p"], first["survives"]) == (
        *(0.75, 0.85, 1),
        *(0.001, 1),
    )
    assert set(dict(certainty_facts(certainty()))) <= set(table.fields)


def test_what_is_undefined_reads_so_and_has_no_number():
    bare = replace(without_limits(certainty()), significance=None)
    table = ranking_list(ranking(), PROVENANCE, certainty=bare)
    assert [cell.text for cell in table.rows[0][4:]] == [UNDEFINED] * len(FIELDS)
    assert table.records()[0][4:14] == (None,) * len(FIELDS)


@pytest.mark.parametrize("make", [ranking_table, ranking_list])
def test_notes_of_certainty_stand_between_the_choices_and_the_run(make):
    targets = ("Hat", "Bald", "Male", "Young")
    notes = make(ranking(), PROVENANCE, certainty=certainty()).notes
    assert notes[0].startswith("Correlated: ")
    assert notes[1:-2] == certainty_notes(certainty(), targets=targets)
    assert make(ranking(), PROVENANCE).notes == (notes[0], *notes[-2:])


def test_without_certainty_there_are_no_columns_and_facts_of_it():
    assert not set(FIELDS) & set(ranking_list(ranking(), PROVENANCE).fields)
    assert "reliability" not in dict(ranking_table(ranking(), PROVENANCE).facts)
