from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from mamviz_reports.console import to_console
from mamviz_reports.robustness import accuracy_table, gains_table, robustness_figure, robustness_tables, scores_table
from mamviz_reports.tables import NBSP, Table
from mamviz_reports.texts import to_latex, to_values
from tests.reports.attacked import SETTINGS, robustness_report
from tests.reports.records import PROVENANCE, caption_of, ticks


@pytest.fixture(scope="module")
def figure() -> Figure:
    return robustness_figure(robustness_report(), PROVENANCE)


def texts(table: Table) -> list[list[str]]:
    return [[cell.text.replace(NBSP, " ") for cell in row] for row in table.rows]


def test_accuracies_stand_by_strength_with_the_worst_attack_and_a_star_where_it_helps() -> None:
    table = accuracy_table(robustness_report(), PROVENANCE)
    assert [column.heading for column in table.columns] == [
        "Masks", "Clean", "Noise 8", "Noise 16", "FGSM 1", "FGSM 4"
    ]  # fmt: skip
    assert texts(table) == [
        ["none", "90.0", "86.0", "82.0", "85.0", "70.0"],
        ["sharpen 2", "92.0", "88.0", "84.0", "87.0", "72.0"],
        ["power 2", "87.0", "83.0", "79.0", "82.0", "67.0"],
        ["binary 0.5", "90.5", "86.5", "82.5", "75.5", "60.5"],
    ]
    assert [any(cell.strong for cell in row) for row in table.rows] == [False, True, False, False]
    values = to_values(table)
    assert values["rows"][3]["fgsm_4_under"] == "surrogate"
    assert values["rows"][1]["noise_8_gain_low"] == pytest.approx(0.01)
    assert values["rows"][1]["clean_balanced"] == pytest.approx(0.72)
    assert (values["facts"]["majority"], values["facts"]["seed"], values["facts"]["run"]) == (0.8, 7, "faces-3")


def test_gains_stand_in_points_with_their_verdict() -> None:
    table = gains_table(robustness_report(), PROVENANCE)
    assert texts(table)[0] == [
        "sharpen 2", "+2.00 [+1.00, +3.00]", "+1.00 [+0.00, +2.00]", "+2.00 [+1.00, +3.00]", "+1.00 [-1.00, +3.00]",
        "+4.00 [+3.00, +5.00]", "+2.00 [+1.00, +3.00]",
    ]  # fmt: skip
    verdicts = [row["noise_verdict"] for row in to_values(table)["rows"]]
    assert verdicts == ["helps", "harms", "unclear"]
    assert [row[3].strong for row in table.rows] == [True, False, False]


def test_every_score_has_a_row_of_the_long_table() -> None:
    table = scores_table(robustness_report(), PROVENANCE)
    rows = to_values(table)["rows"]
    expected = [(t.name, p.kind, p.strength) for t in SETTINGS.all_transformations for p in SETTINGS.perturbations]
    assert [(row["transformation"], row["perturbation"], row["strength"]) for row in rows] == expected
    assert rows[-1]["accuracy"] == pytest.approx(0.9 - 0.16 + 0.005)
    assert texts(table)[1][1] == "clean, biases as trained"


def test_tables_fit_a_terminal_and_say_what_was_done() -> None:
    tables = robustness_tables(robustness_report(), PROVENANCE)
    assert list(tables)[-1] == "robustness-answers"
    for table in tables.values():
        words = to_console(table, width=100).replace("\n", " ")
        for part in ("Goodfellow et al. 2015", "Platt 1999", "400 clean validation", "321 units", "500 images"):
            assert part in words
        assert r"\begin{tabular}" in to_latex(table)
    lines = to_console(tables["robustness"], width=80).splitlines()
    assert max(len(line) for line in lines) <= 80


def test_accuracies_are_drawn_from_the_clean_ones_on(figure: Figure) -> None:
    noise, attacks = figure.axes[0], figure.axes[1]
    drawn = {line.get_label(): line for line in noise.lines}
    assert list(drawn["none"].get_xdata()) == [0, 8, 16]
    assert list(drawn["sharpen 2"].get_ydata()) == pytest.approx([92, 88, 84])
    drawn = {line.get_label(): line for line in attacks.lines}
    assert list(drawn["binary 0.5"].get_ydata()) == pytest.approx([90.5, 75.5, 60.5])
    assert ticks(attacks, "x") == ["0", "1", "4"]
    assert any(list(line.get_ydata()) == [80, 80] for line in noise.lines)


def test_gains_are_drawn_for_transformations_alone_with_their_bands(figure: Figure) -> None:
    for axes in figure.axes[2:4]:
        heights = [list(line.get_ydata()) for line in axes.lines]
        assert heights[:3] == [pytest.approx([gain] * 3) for gain in (2, -3, 0.5)]
        assert len(axes.collections) == 3
        low, high = axes.collections[0].get_paths()[0].get_extents().intervaly
        assert (low, high) == pytest.approx((1, 3))


def test_many_transformations_differ_by_colour_or_style() -> None:
    report = robustness_report()
    many = replace(report, rows=report.rows[:1] + report.rows[1:] * 4)
    lines = robustness_figure(many, PROVENANCE).axes[0].lines[:13]
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 13


def test_the_caption_says_what_was_done(figure: Figure) -> None:
    for words in ("2 attributes", "Athalye et al. 2018", "500 images", "faces-3", "proves no robustness"):
        assert words in caption_of(figure)
