from __future__ import annotations

import csv
import io
from dataclasses import replace
from html import unescape

import numpy as np
import pytest

from mamviz.schema import Overview
from mamviz.stats.poster import poster_average, poster_table
from mamviz_reports.page.accuracy import accuracy_table
from mamviz_reports.page.tables import TableLook, csv_script, sort_value, table_html
from mamviz_reports.pruning_report import LONG, pruning_tables
from mamviz_reports.rankings import ranking_table
from mamviz_reports.sanity import checks_table
from mamviz_reports.tables import Cell, Column, Table
from mamviz_reports.texts import to_csv
from tests.reports.page.made import make_evaluation, make_overview
from tests.reports.page.parsed import Document, Element
from tests.reports.records import NAN

TABLE = Table(
    title="Two <rows>",
    columns=(Column("Name", ("name",)), Column("r", ("r", "low"), "right"), Column("Pair", ("first", "second"))),
    rows=(
        (Cell("A&B", ("A&B",)), Cell("0.25", (0.25, 0.125), strong=True), Cell("A&B,\nC", ("A&B", "C"))),
        (Cell("C", ("C",)), Cell("n/a", (NAN, None)), Cell("D, C", ("D", "C"))),
        (Cell("Mean", ("Mean",)), Cell("0.25", (0.25, None)), Cell("", (None, None))),
    ),
    rule=1,
    notes=("Said once.",),
    facts=(("run", "r-1"),),
)
LINKS = {"A&B": "A-B", "C": "C"}


def cells_of(document: Document, part: str) -> list[list[Element]]:
    (body,) = document.all(part)
    rows = document.within(body, "tr")
    return [[each for each in document.elements if each.within and each.within[-1] is row] for row in rows]


def text_of(document: Document, name: str) -> str:
    script = document.one("script", data_csv=name)
    encoded = script.attributes.get("data-encoded") == "html"
    return script.text.replace("&lt;", "<").replace("&amp;", "&") if encoded else script.text


def test_headings_sort_by_number_or_by_text():
    document = Document(table_html(TABLE, "two", TableLook(links=LINKS)))
    (table,) = document.all("table", class_="sortable")
    assert table.attributes["data-name"] == "two"
    headings = document.all("th", scope="col")
    assert [each.attributes["data-type"] for each in headings] == ["text", "number", "text"]
    assert {each.attributes["aria-sort"] for each in headings} == {"none"}
    assert [each.text for each in document.all("button") if each.within[-1].tag == "th"] == ["Name", "r", "Pair"]
    assert document.all("caption")[0].text == "Two <rows>"


def test_cells_sort_by_their_first_raw_number_and_missing_ones_by_none():
    body = cells_of(Document(table_html(TABLE, "two")), "tbody")
    assert [row[1].attributes.get("data-value") for row in body] == ["0.25", None]
    assert body[1][1].text == "n/a"
    assert [row[0].tag for row in body] == ["th", "th"]
    assert [sort_value(Cell("x", values)) for values in (("below", 3), (True, 2), (NAN, 1.0), ("a",))] == [
        3,
        2,
        None,
        None,
    ]


def test_rows_under_the_rule_stand_in_the_foot():
    foot = cells_of(Document(table_html(TABLE, "two")), "tfoot")
    assert [[cell.text for cell in row] for row in foot] == [["Mean", "0.25", ""]]
    assert len(cells_of(Document(table_html(TABLE, "two")), "tbody")) == 2


def test_names_lead_to_their_articles_and_pairs_to_the_pair():
    document = Document(table_html(TABLE, "two", TableLook(links=LINKS)))
    links = {each.text: each.attributes["href"] for each in document.all("a")}
    assert links == {"A&B": "#attribute-A-B", "C": "#attribute-C", "A&B,\nC": "#pair=A-B--C"}


def test_winners_are_strong_and_bars_end_at_the_largest_size():
    table = Table(
        title="t",
        columns=(Column("share", ("share",), "right"),),
        rows=((Cell("4", (4.0,)),), (Cell("-2", (-2.0,)),), (Cell("n/a", (NAN,)),)),
    )
    document = Document(table_html(table, "t", TableLook(bar="share")))
    assert [(each.classes, each.attributes["style"]) for each in document.all("span")] == [
        ({"bar", "high"}, "--share:1.000"),
        ({"bar", "low"}, "--share:0.500"),
    ]
    assert [each.text for each in Document(table_html(TABLE, "two")).all("strong")] == ["0.25"]


def test_a_table_may_be_shown_without_sorting_or_notes():
    document = Document(table_html(TABLE, "two", TableLook(sortable=False, notes=False)))
    assert not document.all("table", class_="sortable")
    assert [each.text for each in document.all("button")] == ["CSV"]
    assert not document.all("li")
    assert [each.text for each in Document(table_html(TABLE, "two")).all("li")] == ["Said once."]


@pytest.mark.parametrize("name", ["</script><b>", "<!--", "a <SCRIPT", "plain & <b>"])
def test_no_name_ends_the_script_that_holds_the_csv(name: str):
    table = Table(title="t", columns=(Column("n", ("n",)),), rows=((Cell(name, (name,)),),))
    text = str(csv_script(table, "t"))
    assert text.lower().count("</script") == 1
    assert "<!--" not in text
    assert text_of(Document(text), "t") == to_csv(table)
    assert ("data-encoded" in text) == (name != "plain & <b>")


def test_every_table_of_the_page_has_its_csv_and_a_button(page: Document):
    names = [each.attributes["data-name"] for each in page.all("table", class_="data")]
    assert len(names) == len(set(names))
    assert sorted(names) == sorted(each.attributes["data-csv"] for each in page.all("script", type="text/csv"))
    buttons = [each for each in page.all("button", class_="download") if "data-download" in each.attributes]
    assert sorted(names) == sorted(each.attributes["data-download"] for each in buttons)
    assert all("hidden" in each.attributes for each in buttons)


def test_the_csv_of_a_table_is_the_one_that_commands_write(page: Document, whole: Overview):
    provenance = whole.provenance
    tables = {
        "accuracy": accuracy_table(whole),
        "ranking": ranking_table(whole.ranking, provenance, certainty=whole.certainty),
        "sanity": checks_table(whole.sanity, whole.evaluated),
        **{name: table for name, table in pruning_tables(whole.pruning, provenance).items() if name != LONG},
    }
    for name, table in tables.items():
        assert text_of(page, name) == to_csv(table)


def test_a_table_shows_as_many_rows_and_columns_as_its_csv_has_records(page: Document):
    for table in page.all("table", class_="data"):
        rows = page.within(table, "tr")
        records = list(csv.reader(io.StringIO(text_of(page, table.attributes["data-name"]))))
        assert len(rows) == len(records)
        assert len({len(record) for record in records}) == 1


def test_the_accuracy_table_has_the_posters_columns_as_shares(whole: Overview):
    table = accuracy_table(whole)
    fields = table.fields
    rows = {record[0]: dict(zip(fields, record, strict=True)) for record in table.records()}
    assert rows["Male"]["poster"] == 0.9738
    assert rows["Male"]["facetracer"] == 0.91
    assert rows["Wearing_Hat"]["poster"] is None
    assert rows["Mean"]["poster"] is None
    cells = {row[0].text: row for row in table.rows}
    assert [cell.text for cell in cells["Male"][-4:]] == ["97.38", "90", "98", "91"]
    assert [cell.strong for cell in cells["Male"][1:2] + cells["Male"][-4:]] == [False, False, False, True, False]


def test_the_accuracy_table_has_the_printed_average_only_beside_all_forty(whole: Overview):
    names = tuple(row.attribute or "" for row in make_overview(41).poster)
    evaluation = make_evaluation(names, np.random.default_rng(0))
    forty = replace(
        whole, evaluation=evaluation, poster=poster_table(evaluation), poster_average=poster_average(evaluation)
    )
    table = accuracy_table(forty)
    assert [cell.text for cell in table.rows[-1][-4:]] == ["92.05", "87", "87", "81"]
    assert whole.poster_remark in table.notes
    assert whole.poster_remark not in accuracy_table(whole).notes


def test_titles_are_escaped():
    assert "Two &lt;rows&gt;" in table_html(TABLE, "two")
    assert unescape("Two &lt;rows&gt;") == TABLE.title
