from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Annotation

from mamviz.errors import ConfigError
from mamviz.schema import Budget, Component
from mamviz_reports.network import PARTS, network_figure
from mamviz_reports.style import TWO_COLUMNS
from tests.reports.records import caption_of


def budget(*, n_attributes: int = 40, grid: tuple[int, int, int] = (64, 8, 6), parameters: int = 1000) -> Budget:
    channels, height, width = grid
    outputs = {
        "extractor": grid,
        "mask generator": (n_attributes, channels, height, width),
        "binary classifiers": (n_attributes,),
        "multi-label classifier": (n_attributes,),
        "reconstructor": (3, 96, 96),
    }
    components = tuple(
        Component(
            name=name, reads="", output=outputs[name], parameters=parameters + place, detail=f"what {place} is made of"
        )
        for place, name in enumerate(PARTS)
    )
    return Budget(components=components, flops_per_image=1.25e9)


@pytest.fixture(scope="module")
def figure() -> Figure:
    return network_figure(budget(), run="faces-3")


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_text()]


def box_of(figure: Figure, name: str) -> FancyBboxPatch:
    (box,) = [patch for patch in figure.axes[0].patches if patch.get_gid() == name]
    assert isinstance(box, FancyBboxPatch)
    return box


def test_every_part_has_a_box_with_its_name_what_it_is_and_its_parameters(figure: Figure):
    details = [text for text in figure.axes[0].texts if text.get_gid() == "detail"]
    for place, name in enumerate(PARTS):
        box = box_of(figure, name)
        inside = [text.get_text() for text in details if box.get_window_extent().contains(*text_middle(text))]
        assert [" ".join(each.split()) for each in inside] == [f"what {place} is made of {1000 + place:,} parameters"]
        assert name in texts(figure.axes[0])


def text_middle(text: object) -> tuple[float, float]:
    box = text.get_window_extent()  # type: ignore[attr-defined]
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


@pytest.mark.parametrize("parameters", [8, 99_999_999])
def test_words_stay_within_their_boxes(parameters: int):
    given = budget(parameters=parameters)
    longest = "M, 3x3 trunk + positions, 1x1, sigmoid"
    given = replace(given, components=tuple(replace(part, detail=longest) for part in given.components))
    figure = network_figure(given, run="faces-3")
    figure.draw_without_rendering()
    boxes = {name: box_of(figure, name).get_window_extent() for name in PARTS}
    for text in figure.axes[0].texts:
        if text.get_gid() == "detail" or text.get_text() in PARTS:
            words = text.get_window_extent()
            (box,) = [each for each in boxes.values() if each.contains(*text_middle(text))]
            assert box.x0 <= words.x0
            assert words.x1 <= box.x1
            assert box.y0 - 4 <= words.y0
            assert words.y1 <= box.y1


def test_shapes_are_those_of_the_parts(figure: Figure):
    shown = texts(figure.axes[0])
    assert [text for text in shown if " x " in text] == [
        "image x\n3 x 96 x 96",
        "reconstruction\n3 x 96 x 96",
        "features F\n64 x 8 x 6",
        "masks M, one an attribute\n40 x 64 x 8 x 6",
        "40 x 64",
    ]
    assert "40\nlogits" in shown
    assert "40 logits" in shown


def test_planes_have_the_cells_of_the_grid(figure: Figure):
    """Eight rows and six columns have seven and five lines between them: once for F, three times for masks."""
    counts = [len(lines.get_segments()) for lines in figure.axes[0].collections]
    assert counts.count(7) == counts.count(5) == 4


def test_a_grid_too_fine_to_draw_has_no_lines():
    fine = network_figure(budget(grid=(64, 60, 60)), run="faces-3")
    assert max(len(lines.get_segments()) for lines in fine.axes[0].collections) == 1
    assert "features F\n64 x 60 x 60" in texts(fine.axes[0])


def test_only_what_training_needs_is_dashed(figure: Figure):
    dashed = [name for name in PARTS if box_of(figure, name).get_linestyle() == "--"]
    assert dashed == ["multi-label classifier", "reconstructor"]


def test_an_arrow_enters_every_part_at_its_left_edge(figure: Figure):
    ends = [text.xy for text in figure.axes[0].texts if isinstance(text, Annotation)]
    for name in PARTS:
        box = box_of(figure, name)
        middle = (box.get_x(), box.get_y() + box.get_height() / 2)
        assert [end for end in ends if end == pytest.approx(middle)], name


def test_the_caption_says_grid_cost_and_run(figure: Figure):
    words = caption_of(figure)
    for fact in ("run faces-3", "40 attributes", "64 channels", "8 x 6 cells", "5,010 parameters", "1.25 GFLOP"):
        assert fact in words
    assert "GFLOP" not in caption_of(network_figure(replace(budget(), flops_per_image=0.0), run="faces-3"))


def test_it_fits_two_columns(figure: Figure):
    assert figure.get_tightbbox().width <= TWO_COLUMNS + 1e-6


def test_a_budget_without_the_parts_is_refused():
    given = budget()
    with pytest.raises(ConfigError, match="reconstructor is missing"):
        network_figure(replace(given, components=given.components[:-1]), run="faces-3")
