from __future__ import annotations

import io
import json
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

from mamviz.schema import Floats
from tests.reports.page.conftest import PHONE, OpenReport
from tests.reports.page.pixels import pixels_of

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Position

MINUS = "\N{MINUS SIGN}"
KEYS = ("recommended", "mask", "contrast", "labels", "gap")


def data_of(page: Page) -> Any:
    """Return the numbers that the page carries, channels among the matrices, each with its names and order."""
    data = json.loads(page.locator("#data").text_content() or "")
    both = {"names": data["names"], "order": data["order"]}
    return {
        **data,
        "matrices": {**{k: {**m, **both} for k, m in data["matrices"].items()}, "channels": data["channels"]},
    }


def figure_of(page: Page, key: str) -> Locator:
    return page.locator(f'figure.matrix[data-matrix="{key}"]')


def canvas_of(page: Page, key: str) -> Locator:
    return figure_of(page, key).locator("canvas").first


def reading_of(page: Page, key: str) -> str:
    return figure_of(page, key).locator(".reading").inner_text()


def place_of(page: Page, key: str, row: int, column: int) -> Position:
    """Return the middle of a cell, given as places in the shown order, within the canvas."""
    margin, cell = (float(figure_of(page, key).get_attribute(f"data-{name}") or "nan") for name in ("margin", "cell"))
    return {"x": margin + (column + 0.5) * cell, "y": margin + (row + 0.5) * cell}


def said(data: Any, key: str, row: int, column: int) -> str:
    """Return what must be read out at a place of the shown order, written from the numbers in the page."""
    matrix = data["matrices"][key]
    first, second = matrix["order"][row], matrix["order"][column]
    pair = f"{'Channels ' if key == 'channels' else ''}{matrix['names'][first]} and {matrix['names'][second]}"
    value = matrix["values"][first][second]
    if value is None:
        return f"{pair}: undefined"
    text = f"{pair}: {value:.3f}"
    if matrix.get("low"):
        text += f" (95 % interval {matrix['low'][first][second]:.3f} to {matrix['high'][first][second]:.3f})"
    return text.replace("-0.000", "0.000").replace(" -", f" {MINUS}").replace("(-", f"({MINUS}")


def colours_of(page: Page, key: str) -> Floats:
    """Return red, green, blue of each cell in the shown order, near its corner, where no number is written."""
    picture, figure = pixels_of(canvas_of(page, key)), figure_of(page, key)
    margin, cell = (float(figure.get_attribute(f"data-{name}") or "nan") for name in ("margin", "cell"))
    places = (margin + (np.arange((len(picture) - margin) // cell) + 0.15) * cell).astype(int)
    colours: Floats = picture[np.ix_(places, places)][..., :3].astype(np.float64)
    return colours


def hovered(page: Page, key: str, row: int, column: int) -> str:
    canvas_of(page, key).hover(position=place_of(page, key, row, column))
    return reading_of(page, key)


def test_a_cell_has_the_colour_and_the_reading_of_its_number(open_report: OpenReport):
    page = open_report()
    data = data_of(page)
    for key in (*KEYS, "channels"):
        matrix, colours = data["matrices"][key], colours_of(page, key)
        reach = matrix["highest"] - matrix["lowest"]
        for row, column in product(range(len(matrix["order"])), repeat=2):
            value = matrix["values"][matrix["order"][row]][matrix["order"][column]]
            if row != column and value is not None:
                wanted = colormaps["RdBu_r"](min(1, max(0, (value - matrix["lowest"]) / reach)))
                assert colours[row, column] == pytest.approx(255 * np.array(wanted[:3]), abs=6), (key, row, column)
        for row, column in ((0, 1), (3, 2)):
            assert hovered(page, key, row, column) == said(data, key, row, column)


def test_a_cell_without_a_number_says_so_and_is_hatched(open_report: OpenReport):
    page = open_report()
    data = data_of(page)
    order = data["order"]
    row, column = order.index(0), order.index(4)
    assert data["matrices"]["labels"]["values"][0][4] is None
    assert hovered(page, "labels", row, column).endswith(": undefined")
    place = place_of(page, "labels", row, column)
    x, y = int(place["x"]), int(place["y"])
    inside = pixels_of(canvas_of(page, "labels"))[y - 10 : y + 10, x - 10 : x + 10, :3]
    assert inside.min() < 180
    assert inside.max() == 255


def test_the_diagonal_is_grey_and_leads_to_the_attribute(open_report: OpenReport):
    page = open_report()
    name = data_of(page)["names"][data_of(page)["order"][1]]
    assert colours_of(page, "mask")[1, 1].tolist() == [154, 154, 154]
    assert hovered(page, "mask", 1, 1) == f"{name} with itself"
    canvas_of(page, "mask").click(position=place_of(page, "mask", 1, 1))
    assert page.url.endswith(f"#attribute-{data_of(page)['anchors'][data_of(page)['order'][1]]}")


def test_the_same_pair_is_read_in_all_matrices_and_let_go_when_the_pointer_leaves(open_report: OpenReport):
    page = open_report()
    data = data_of(page)
    before = [reading_of(page, key) for key in (*KEYS, "channels")]
    hovered(page, "contrast", 2, 3)
    assert [reading_of(page, key) for key in KEYS] == [said(data, key, 2, 3) for key in KEYS]
    assert reading_of(page, "channels") == before[-1]
    assert [figure_of(page, key).locator(".reading").get_attribute("aria-live") for key in KEYS] == [
        "polite" if key == "contrast" else "off" for key in KEYS
    ]
    page.mouse.move(1, 1)
    assert [reading_of(page, key) for key in (*KEYS, "channels")] == before


def test_arrow_keys_move_and_stop_at_the_edge(open_report: OpenReport):
    page = open_report()
    data = data_of(page)
    canvas = canvas_of(page, "recommended")
    canvas.focus()
    walked = []
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "End", "ArrowRight", "Home", "ArrowUp", "ArrowLeft"):
        canvas.press(key)
        walked.append(reading_of(page, "recommended"))
    first = data["names"][data["order"][2]]
    places = [(0, 1), None, (2, 1), (2, 4), (2, 4), (2, 0), (1, 0), (1, 0)]
    wanted = [None if place is None else said(data, "recommended", *place) for place in places]
    assert [each if wanted[at] else None for at, each in enumerate(walked)] == wanted
    assert walked[1] == f"{data['names'][data['order'][1]]} with itself"
    assert walked[2].startswith(first)
    canvas.press("Escape")
    assert figure_of(page, "recommended").get_attribute("data-point") is None


def test_enter_opens_the_pair_with_the_numbers_of_all_matrices_and_back_leads_out(open_report: OpenReport):
    page = open_report("#relations")
    data = data_of(page)
    canvas = canvas_of(page, "gap")
    canvas.focus()
    canvas.press("ArrowRight")
    canvas.press("Enter")
    panel = page.locator("#pair")
    panel.wait_for(state="visible")
    one, other = data["order"][0], data["order"][1]
    assert page.url.endswith(f"#pair={data['anchors'][one]}--{data['anchors'][other]}")
    rows = [row.locator("th, td").all_inner_texts() for row in panel.locator("tbody tr").all()]
    assert [row[0] for row in rows] == [data["matrices"][key]["title"] for key in KEYS]
    assert [row[1] for row in rows] == [said(data, key, 0, 1).split(": ")[1].split(" (")[0] for key in KEYS]
    low, high = (data["matrices"]["labels"][end][one][other] for end in ("low", "high"))
    assert rows[3][2] == f"{low:.3f} to {high:.3f} (95 %)".replace("-", MINUS)
    assert rows[4][2] == "none computed"
    links = [link.get_attribute("href") for link in panel.locator("h3 a").all()]
    assert links == [f"#attribute-{data['anchors'][index]}" for index in (one, other)]
    shown = [canvas.get_attribute("data-map") for canvas in panel.locator("canvas.map[data-painted]").all()]
    assert shown == [page.locator(f"{link} canvas.map[data-kind=contrast]").get_attribute("data-map") for link in links]
    page.go_back()
    panel.wait_for(state="hidden")
    assert page.url.endswith("#relations")
    page.go_forward()
    panel.wait_for(state="visible")


def test_a_click_opens_the_pair_that_is_pointed_at(open_report: OpenReport):
    page = open_report()
    data = data_of(page)
    canvas_of(page, "labels").click(position=place_of(page, "labels", 3, 0))
    page.locator("#pair").wait_for(state="visible")
    assert page.locator("#pair").get_attribute("data-pair") == ", ".join(
        data["names"][data["order"][place]] for place in (3, 0)
    )


def test_channels_are_read_but_open_nothing(open_report: OpenReport):
    page = open_report()
    address = page.url
    canvas_of(page, "channels").click(position=place_of(page, "channels", 2, 1))
    assert reading_of(page, "channels") == said(data_of(page), "channels", 2, 1)
    assert page.url == address


def test_a_first_tap_reads_and_a_second_opens(open_report: OpenReport):
    page = open_report(viewport=PHONE, has_touch=True)
    canvas, place = canvas_of(page, "mask"), place_of(page, "mask", 0, 2)
    canvas.tap(position=place)
    assert reading_of(page, "mask") == said(data_of(page), "mask", 0, 2)
    assert page.locator("#pair").is_hidden()
    canvas.tap(position=place)
    page.locator("#pair").wait_for(state="visible")


def test_searched_names_are_highlighted_on_all_matrices(open_report: OpenReport):
    page = open_report()
    search = page.locator("#matrix-search input[type=search]")
    marks = figure_of(page, "mask").locator("canvas").nth(1)

    def is_veiled(place: Position) -> bool:
        return bool(pixels_of(marks)[int(place["y"]), int(place["x"]), 3] > 100)

    order = data_of(page)["order"]
    young, smiling = order.index(2), order.index(0)
    beside = place_of(page, "mask", smiling, (smiling + 1) % 5 if (smiling + 1) % 5 != young else (smiling + 2) % 5)
    within = place_of(page, "mask", young, smiling)
    found = {}
    for typed in ("young", "ING", "wearing hat", "nobody", ""):
        search.fill(typed)
        found[typed] = {figure_of(page, key).get_attribute("data-highlight") for key in KEYS}
        if typed == "young":
            assert is_veiled(beside)
            assert not is_veiled(within)
        assert search.get_attribute("aria-invalid") == str(typed == "nobody").lower()
    assert found == {
        "young": {"Young"},
        "ING": {"Smiling Wearing_Hat"},
        "wearing hat": {"Wearing_Hat"},
        "nobody": {""},
        "": {""},
    }
    assert not is_veiled(beside)


def test_a_name_that_is_spelt_out_wins_over_names_that_hold_it(open_report: OpenReport):
    page = open_report()
    names = ["Black_Hair", "Hair", "Bald"]
    found = {
        typed: page.evaluate("([names, typed]) => findNames(names, typed)", [names, typed]) for typed in ("hair", "ha")
    }
    assert found == {"hair": [1], "ha": [0, 1]}


def test_a_matrix_is_painted_anew_for_its_room(open_report: OpenReport, large_file: Path):
    page = open_report(file=large_file)
    wide = float(figure_of(page, "gap").get_attribute("data-cell") or "nan")
    page.set_viewport_size(PHONE)
    page.wait_for_function("was => Number(document.querySelector('[data-matrix=gap]').dataset.cell) < was", arg=wide)
    hovered(page, "gap", 7, 30)
    assert reading_of(page, "gap") == said(data_of(page), "gap", 7, 30)


def test_a_matrix_is_saved_as_a_picture_on_white_in_either_theme(open_report: OpenReport):
    page = open_report(color_scheme="dark")
    with page.expect_download() as download:
        figure_of(page, "recommended").locator("button[data-matrix-png]").click()
    assert download.value.suggested_filename == "matrix-recommended.png"
    picture = Image.open(io.BytesIO(Path(download.value.path()).read_bytes())).convert("RGB")
    assert min(picture.size) > 500
    assert picture.getpixel((2, 2)) == (255, 255, 255)
    data = data_of(page)
    painted = {
        colour for _, colour in picture.crop((0, 0, picture.width, picture.height * 4 // 5)).getcolors(1 << 22) or []
    }
    values = np.array(data["matrices"]["recommended"]["values"])[~np.eye(len(data["names"]), dtype=bool)]
    for value in values:
        wanted = 255 * np.array(colormaps["RdBu_r"]((value + 1) / 2)[:3])
        assert min(np.abs(np.array(colour) - wanted).max() for colour in painted) <= 6
