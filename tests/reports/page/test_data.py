from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib import colormaps

from mamviz_reports.page.anchors import anchor, anchors_of, pair_address
from mamviz_reports.page.colours import paint, palette_colours
from mamviz_reports.page.data import page_data
from tests.reports.page.made import NAMES, make_overview
from tests.reports.records import NAN


def test_the_numbers_of_all_heatmaps_are_in_the_page_once():
    overview = make_overview()
    data = json.loads(page_data(overview))
    assert data["names"] == list(NAMES)
    assert data["order"] == overview.clustering.order.tolist()
    assert list(data["matrices"]) == [matrix.key for matrix in overview.matrices]
    for matrix in overview.matrices:
        found = data["matrices"][matrix.key]
        values = np.array(found["values"], dtype=float)
        assert values == pytest.approx(matrix.values, abs=5.1e-5, nan_ok=True)
        assert (found["low"] is None) == (matrix.low is None)
        assert (found["lowest"], found["highest"], found["level"]) == (matrix.lowest, matrix.highest, matrix.level)
    assert np.array(data["channels"]["values"]) == pytest.approx(overview.channel_correlation.values, abs=5.1e-5)
    assert data["channels"]["order"] == overview.channel_clustering.order.tolist()


def test_what_is_undefined_is_null():
    data = json.loads(page_data(make_overview()))
    assert data["matrices"]["labels"]["values"][0][4] is None
    assert data["matrices"]["labels"]["low"][0][4] is None


def test_no_name_ends_the_script_of_the_data():
    names = ("</script>", "<!--", "plain")
    text = str(page_data(make_overview(names=names)))
    assert "<" not in text
    assert json.loads(text)["names"] == list(names)


def test_palettes_are_matplotlibs_from_end_to_end():
    colours = palette_colours("diverging")
    assert len(colours) == 33
    middle = [int(colours[16][place : place + 2], 16) for place in (1, 3, 5)]
    assert middle == pytest.approx(255 * np.array(colormaps["RdBu_r"](0.5)[:3]), abs=1)
    assert palette_colours("sequential")[0] == "#440154"


def test_a_map_has_the_colour_of_its_share_and_grey_where_there_is_no_number():
    pixels = paint(np.array([[-1.0, 1.0], [9.0, NAN]]), -1.0, 1.0, "sequential")
    ends = [np.round(255 * np.array(colormaps["viridis"](share)[:3])) for share in (0.0, 1.0)]
    assert pixels[0].tolist() == [ends[0].tolist(), ends[1].tolist()]
    assert pixels[1].tolist() == [ends[1].tolist(), [200, 200, 200]]


def test_a_constant_scale_divides_by_nothing():
    assert paint(np.zeros((1, 1)), 0.0, 0.0, "diverging").shape == (1, 1, 3)


def test_anchors_hold_letters_digits_and_hyphens_and_are_unique():
    assert anchor("5 o'Clock_Shadow") == "5-o-Clock_Shadow"
    assert anchors_of(["a b", "a-b", "a-b-2", "a+b"]) == {
        "a b": "a-b",
        "a-b": "a-b-2",
        "a-b-2": "a-b-2-2",
        "a+b": "a-b-3",
    }
    assert pair_address("Male", "a-b") == "#pair=Male--a-b"
