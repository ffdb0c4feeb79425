from __future__ import annotations

from dataclasses import replace

from mamviz_reports.console import to_console
from mamviz_reports.rankings import ranking_table
from mamviz_reports.scores import evaluation_table, poster_table
from mamviz_reports.tables import NBSP, Cell, Column, Table
from mamviz_reports.usages import channel_table
from tests.reports.records import PROVENANCE, channel_report, evaluation, poster_rows, ranking


def words_of(*, name: str = "Name", text: str = "text", strong: bool = False) -> Table:
    cell = Cell(text, (text,), strong)
    return Table(
        title="Title", columns=(Column("Name", ("n",)), Column("Value", ("v",))), rows=((Cell(name, (name,)), cell),)
    )


def test_every_table_of_results_fits_80_columns():
    rows = poster_rows()
    tables = (
        ranking_table(ranking(), PROVENANCE),
        evaluation_table(evaluation(), PROVENANCE),
        poster_table(rows, PROVENANCE, average=rows[0]),
        channel_table(channel_report(), PROVENANCE),
    )
    for table in tables:
        lines = to_console(table).splitlines()
        assert lines[0] == table.title
        assert max(map(len, lines)) <= 80, table.title


def test_long_names_go_on_in_the_next_line_and_nothing_is_cut():
    name = "An_attribute_name_of_" + "many" * 20 + "_letters"
    shown = to_console(words_of(name=name), width=40)
    assert max(map(len, shown.splitlines())) <= 40
    assert "".join(line.split(" ")[0] for line in shown.splitlines()[3:]) == name
    assert "…" not in shown


def test_numbers_are_never_broken_even_where_the_table_gets_wider():
    columns = tuple(Column(str(place), (str(place),), "right") for place in range(12))
    row = tuple(Cell(f"{place}23456.789", (place,)) for place in range(12))
    shown = to_console(Table(title="t", columns=columns, rows=(row,)), width=40)
    assert all(cell.text in shown for cell in row)


def test_columns_stand_closer_before_anything_is_folded():
    columns = tuple(Column(str(place), (str(place),), "right") for place in range(10))
    row = tuple(Cell(f"0.{place}{NBSP}[0,{NBSP}1]", (place,)) for place in range(10))  # 10 letters
    table = Table(title="t", columns=columns, rows=(row,))
    assert max(map(len, to_console(table, width=118).splitlines())) == 118
    close = to_console(table, width=117).splitlines()
    assert max(map(len, close)) == 109
    assert all(cell.text.replace(NBSP, " ") in close[3] for cell in row)


def test_an_interval_goes_below_its_value_before_a_column_is_left_out():
    columns = tuple(Column(str(place), (str(place),), "right", minor=place == 9) for place in range(10))
    row = tuple(Cell(f"0.{place}{NBSP}[0,{NBSP}1]", (place,)) for place in range(10))
    lines = to_console(Table(title="t", columns=columns, rows=(row,)), width=80).splitlines()
    assert lines[3].split() == [f"0.{place}" for place in range(10)]
    assert lines[4].split() == ["[0,", "1]"] * 10


def test_minor_columns_are_left_out_from_the_right_and_a_note_says_so():
    columns = tuple(Column(f"c{place}", (str(place),), "right", minor=place in (1, 3, 4)) for place in range(6))
    row = tuple(Cell("1234567890", (place,)) for place in range(6))
    table = Table(title="t", columns=columns, rows=(row,), notes=("A note.",))
    shown = to_console(table, width=48)
    assert shown.splitlines()[1].split() == ["c0", "c1", "c2", "c5"]
    assert "A note." in shown
    assert "Left out for want of room: c3, c4." in " ".join(shown.split())
    assert "Left out" not in to_console(table, width=80)


def test_words_give_way_to_numbers():
    columns = (Column("Words", ("words",)), *(Column(letter, (letter,), "right") for letter in "ab"))
    cells = [Cell(f"1234567890.{place}23456789", (place,)) for place in range(2)]
    table = Table(title="t", columns=columns, rows=((Cell("some_long words_that may_break", ("",)), *cells),))
    lines = to_console(table, width=56).splitlines()
    assert all(any(cell.text in line for line in lines) for cell in cells)
    assert max(map(len, lines)) <= 56


def test_a_name_and_its_number_stay_on_one_line():
    text = ", ".join(f"Name_{number}{NBSP}0.{number}" for number in range(10, 30))
    shown = to_console(words_of(text=text), width=50)
    assert all(f"Name_{number} 0.{number}" in shown for number in range(10, 30))


def test_winners_are_seen_without_colour():
    shown = to_console(words_of(text="1.0", strong=True))
    assert "1.0*" in shown
    assert "\x1b" not in shown


def test_colour_adds_bold_and_changes_no_word():
    table = words_of(text="1.0", strong=True)
    coloured = to_console(table, colour=True)
    assert "\x1b[1m1.0*" in coloured


def test_names_are_no_markup():
    name = "[bold]:smile:[/]"
    shown = to_console(replace(words_of(name=name), title=f"Title {name}", notes=(f"Note {name}",)))
    assert shown.count(name) == 3


def test_mean_row_stands_apart():
    lines = to_console(evaluation_table(evaluation(), PROVENANCE)).splitlines()
    mean = next(number for number, line in enumerate(lines) if line.startswith("Mean"))
    assert lines[mean - 1].strip() == ""
    assert lines[mean - 2].startswith("Bald")


def test_no_line_ends_in_blanks():
    shown = to_console(channel_table(channel_report(), PROVENANCE))
    assert [line for line in shown.splitlines() if line != line.rstrip()] == []
