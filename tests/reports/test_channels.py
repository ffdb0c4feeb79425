from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mamviz_reports.channels import channels_figure
from mamviz_reports.style import BLUE, VERMILION
from tests.reports.records import PROVENANCE, caption_of, channel_report, ticks


@pytest.fixture(scope="module")
def figure() -> Figure:
    return channels_figure(channel_report(), PROVENANCE)


def test_channels_stand_in_the_given_order(figure: Figure):
    assert ticks(figure.axes[1], "x") == ["2", "0", "3", "1"]


def test_bars_are_usage_in_percent_and_candidates_have_another_colour(figure: Figure):
    bars = {round(bar.get_x() + bar.get_width() / 2): bar for bar in figure.axes[0].patches}
    assert [bars[place].get_height() for place in range(4)] == pytest.approx([50, 30, 20, 0])
    assert [to_hex(bars[place].get_facecolor()) for place in range(4)] == [BLUE, VERMILION, BLUE, VERMILION]


def test_candidates_carry_a_mark_as_well_as_a_colour(figure: Figure):
    (marks,) = [line for line in figure.axes[0].lines if line.get_marker() == "v"]
    assert list(marks.get_xdata()) == [1, 3]
    assert list(marks.get_ydata()) == pytest.approx([30, 0])


def test_lower_panel_is_the_mean_mask_from_0_to_1(figure: Figure):
    kept, going = (sorted(map(tuple, dots.get_offsets().tolist())) for dots in figure.axes[1].collections)
    assert kept == [(0, 0.6), (2, 0.4)]
    assert going == [(1, 0.5), (3, 0.3)]
    assert figure.axes[1].get_ylim() == (0, 1)


def test_equal_share_is_drawn(figure: Figure):
    (line,) = [line for line in figure.axes[0].lines if line.get_label() == "equal share"]
    assert set(line.get_ydata()) == {25}


def test_legend_counts_both_kinds(figure: Figure):
    labels = {text.get_text() for text in figure.axes[0].get_legend().get_texts()}
    assert labels == {"equal share", "kept (2)", "could be pruned (2)"}


def test_a_kind_without_channels_keeps_its_colour_in_the_legend():
    """It once got the colour of the other one."""
    report = channel_report()
    figure = channels_figure(replace(report, rows=(report.rows[0], report.rows[2])), PROVENANCE)
    legend = figure.axes[0].get_legend()
    handles = dict(zip([text.get_text() for text in legend.get_texts()], legend.legend_handles, strict=True))
    assert to_hex(handles["could be pruned (0)"].get_facecolor()) == VERMILION
    assert to_hex(handles["kept (2)"].get_facecolor()) == BLUE


def test_caption_states_threshold_choices_data_and_run(figure: Figure):
    words = caption_of(figure)
    for fact in (
        "from |r| 0.95 on",
        "estimand adjusted",
        "2 channels that could",
        "1 of them never active",
        "1,234 images",
    ):
        assert fact in words
    assert "faces-3" in words


def test_many_channels_are_named_now_and_then_and_the_caption_says_so():
    report = channel_report()
    rows = tuple(replace(report.rows[0], channel=channel, usage=1 / 150) for channel in range(150))
    figure = channels_figure(replace(report, rows=rows), PROVENANCE)
    shown = [int(label) for label in ticks(figure.axes[1], "x")]
    step = shown[1]
    assert step > 1
    assert shown == list(range(0, 150, step))
    assert f"One channel in {step} is named." in caption_of(figure)
