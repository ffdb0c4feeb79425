from __future__ import annotations

import base64
import io
import re

import numpy as np
from PIL import Image

from mamviz_reports.page import drawings
from mamviz_reports.page.drawings import draw, slim_svg, words_of
from mamviz_reports.style import caption, house_style, new_figure, title


@house_style()
def small_figure():
    figure = new_figure(3, 2)
    axes = figure.subplots()
    axes.plot([0, 1 / 3, 1], [0, 0.7, 1], marker="o")
    title(figure, "A heading", "its detail")
    caption(figure, "What it shows. Over two sentences.")
    return figure


def content_of(uri: str) -> bytes:
    return base64.b64decode(uri.partition(",")[2])


def test_a_figure_becomes_svg_with_its_words_as_alternative_text():
    drawing = draw(small_figure(), "small", "A line.")
    assert (drawing.name, drawing.kind, drawing.caption) == ("small", "svg", "A line.")
    assert drawing.alt == "A heading. its detail. What it shows. Over two sentences."
    svg = content_of(drawing.uri).decode()
    assert svg.startswith("<svg ")
    points = [float(re.search(rf'{side}="([\d.]+)pt"', svg)[1]) for side in ("width", "height")]
    assert [drawing.width, drawing.height] == [round(1.3 * 4 / 3 * each) for each in points]


def test_a_heavy_figure_becomes_pixels_of_the_same_shape(monkeypatch):
    light = draw(small_figure(), "small", "A line.")
    monkeypatch.setattr(drawings, "HEAVY", 1000)
    heavy = draw(small_figure(), "small", "A line.")
    assert heavy.kind == "png"
    assert (heavy.width, heavy.height, heavy.alt) == (light.width, light.height, light.alt)
    image = Image.open(io.BytesIO(content_of(heavy.uri)))
    assert abs(image.width / image.height - heavy.width / heavy.height) < 0.01
    assert image.width > heavy.width


def test_the_same_figure_gives_the_same_bytes():
    assert draw(small_figure(), "small", "").uri == draw(small_figure(), "small", "").uri


def test_an_svg_loses_digits_of_places_but_none_of_transformations():
    svg = '<svg><!-- a --><metadata>who</metadata>\n<path d="M 1.23456 -0.00001\nL 2.999 3"/>\n'
    svg += '<use x="10.12345" transform="translate(1.23456 2) scale(0.015625)"/></svg>'
    assert slim_svg(svg) == (
        '<svg><path d="M 1.23 0 L 3 3"/><use x="10.12" transform="translate(1.23456 2) scale(0.015625)"/></svg>'
    )


def test_a_slim_svg_is_the_same_picture():
    figure = small_figure()
    full = drawings._save(figure, "svg").decode()
    numbers = [
        np.array(re.findall(r"-?\d+\.?\d*", " ".join(re.findall(r' d="([^"]*)"', each))), float)
        for each in (full, slim_svg(full))
    ]
    assert np.abs(numbers[0] - numbers[1]).max() <= 0.0051
    assert len(slim_svg(full)) < len(full)


def test_a_figure_without_words_has_no_alternative_text():
    assert words_of(new_figure(1, 1)) == ""
