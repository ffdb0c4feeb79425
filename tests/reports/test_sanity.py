from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from mamviz_reports.console import to_console
from mamviz_reports.sanity import checks_table, losses_table, sanity_figure
from mamviz_reports.tables import NBSP
from mamviz_reports.texts import to_latex, to_values
from tests.reports.checked import sanity_report
from tests.reports.records import PROVENANCE, caption_of, ticks


@pytest.fixture(scope="module")
def figure() -> Figure:
    return sanity_figure(sanity_report(), PROVENANCE)


def test_every_check_has_its_verdict_figure_threshold_and_meaning() -> None:
    table = checks_table(sanity_report(), PROVENANCE)
    texts = [[cell.text.replace(NBSP, " ") for cell in row] for row in table.rows]
    assert texts[0] == [
        "literal table, mask generator permuted", "pass", "0.050 [0.040, 0.060]", "< 0.120", "what pass means"
    ]  # fmt: skip
    assert texts[1][1:4] == ["fail", "-0.010 [-0.020, 0.030]", "> 0.000"]
    assert texts[2][1:4] == ["unclear", "0.400", "> 0.250"]
    assert [row[2].strong for row in table.rows] == [False, True, False]


def test_raw_numbers_and_facts_are_kept() -> None:
    values = to_values(checks_table(sanity_report(), PROVENANCE))
    assert values["rows"][0] == {
        "group": "randomisation", "check": "literal table, mask generator permuted", "verdict": "pass",
        "figure": 0.05, "low": pytest.approx(0.04), "high": pytest.approx(0.06), "passes": "below",
        "threshold": 0.12, "meaning": "what pass means",
    }  # fmt: skip
    assert values["rows"][2]["low"] is None
    facts = values["facts"]
    assert (facts["seed"], facts["fill"], facts["n_images"], facts["unit"]) == (7, "mean", 500, "identity")
    assert facts["run"] == "faces-3"


def test_the_table_fits_a_terminal_and_says_what_was_done() -> None:
    table = checks_table(sanity_report(), PROVENANCE)
    text = to_console(table, width=120)
    assert max(len(line) for line in text.splitlines()[: 4 + 3 * len(table.rows)]) <= 120
    for words in ("permuted within each tensor, 3 draws", "set to their mean", "20 null tables", "321 units"):
        assert words in text.replace("\n", " ")
    assert r"\begin{tabular}" in to_latex(table)


def test_zero_filling_is_said() -> None:
    report = sanity_report()
    report = replace(report, settings=replace(report.settings, fill="zero"))
    assert any("set to zero" in note for note in checks_table(report, PROVENANCE).notes)


def test_losses_stand_by_attribute_with_the_mean_last() -> None:
    table = losses_table(sanity_report(), PROVENANCE)
    texts = [[cell.text.replace(NBSP, " ") for cell in row] for row in table.rows]
    assert table.rule == 1
    assert [row[:2] for row in texts] == [["Male", "yes"], ["Bald", "no"], ["Mean", ""]]
    assert texts[2][2] == "1.0 [0.0, 2.0]"
    assert texts[0][3] == "3.0 [2.0, 4.0]"
    assert table.rows[0][2].values == (pytest.approx(0.015), pytest.approx(0.005), pytest.approx(0.025), 0.03)


def test_similarities_are_drawn_draw_by_draw(figure: Figure) -> None:
    axes = figure.axes[0]
    assert ticks(axes, "x") == ["readout", "mask generator", "extractor"]
    dots = sorted(y for line in axes.lines if line.get_marker() == "." for y in line.get_ydata())
    expected = [y for v in (0.9, 0.6, 0.3) for y in (v - 0.1, v + 0.1, v / 2, v / 2, v / 4, v / 4)]
    assert dots == pytest.approx(sorted(expected))
    means = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert means["recommended"] == pytest.approx([0.9, 0.6])
    assert means["unrelated"] == pytest.approx([0.12, 0.12])


def test_losses_are_drawn_in_points(figure: Figure) -> None:
    axes = figure.axes[1]
    drawn = {line.get_label(): list(line.get_xdata()) for line in axes.lines}
    assert drawn["accuracy"] == pytest.approx([1, 2, 3, 4, 5, 6])
    assert drawn["balanced"] == pytest.approx([2, 4, 6, 8, 10, 12])
    assert ticks(axes, "y")[0] == "another attribute's masks"


def test_curves_are_those_with_masks_made_anew(figure: Figure) -> None:
    for axes, direction in zip(figure.axes[2:], ("deletion", "insertion"), strict=True):
        drawn = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
        assert drawn["gradient"] == [3.0, 0.1, -1.0]
        assert drawn["random"] == pytest.approx([3.0, 0.3, -1.0])
        assert direction in axes.get_xlabel()


def test_title_counts_and_caption_says_what_was_done(figure: Figure) -> None:
    assert "Sanity checks: 1 of 3 pass" in [text.get_text() for text in figure.texts]
    for words in ("Adebayo et al. 2018", "Petsiuk et al. 2018", "500 images", "faces-3"):
        assert words in caption_of(figure)
