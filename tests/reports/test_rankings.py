from __future__ import annotations

from dataclasses import replace

import pytest

from mamviz.errors import StatisticsError
from mamviz.schema import Choices
from mamviz_reports.rankings import ranking_list, ranking_table
from mamviz_reports.tables import NBSP
from tests.reports.records import PROVENANCE, ranking


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
