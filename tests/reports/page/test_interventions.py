from __future__ import annotations

from dataclasses import replace

import pytest

from mamviz.schema import Overview
from mamviz_reports.page.interventions import edits_section, robustness_section
from mamviz_reports.tables import NBSP
from tests.reports.page.parsed import Document


@pytest.fixture(scope="module")
def edited(whole: Overview) -> Document:
    report = whole.edits
    assert report is not None
    return Document(edits_section(replace(whole, edits=replace(report, split="all"))).body)


def test_counts_of_edits_come_first_and_say_what_is_by_construction(edited: Document) -> None:
    first, second = edited.all("table")
    assert [each.attributes["data-name"] for each in (first, second)] == ["edits-counts", "edits"]
    cells = [cell.text.replace(NBSP, " ") for cell in edited.within(first, "td")]
    assert "2 of 2" in cells  # both attributes win in features
    assert "1 of 2" in cells  # the hat alone in the picture
    assert "the second is the harder question" in " ".join(each.text for each in edited.all("p"))


def test_edits_tell_the_split_they_were_measured_on(edited: Document, whole: Overview) -> None:
    assert whole.evaluated.split == "test"
    notes = " ".join(" ".join(each.text.split()) for each in edited.elements if "notes" in each.classes)
    assert "45 images of all splits" in notes


def test_answers_on_noise_and_attacks_come_before_figure_and_tables(whole: Overview) -> None:
    document = Document(robustness_section(whole).body)
    tables = document.all("table")
    assert [each.attributes["data-name"] for each in tables] == [
        "robustness-answers",
        "robustness",
        "robustness-gains",
    ]
    (figure,) = document.all("figure", class_="drawing")
    places = [document.elements.index(each) for each in (tables[0], figure, *tables[1:])]
    assert places == sorted(places)
    assert "What do noise and attacks do" in tables[0].text
    assert "binary" in tables[0].text
