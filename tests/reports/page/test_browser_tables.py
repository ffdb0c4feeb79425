from __future__ import annotations

import base64
import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from mamviz.schema import Overview
from tests.reports.page.conftest import OpenReport

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def rows_of(table: Locator, part: str = "tbody") -> list[str]:
    return [" ".join(row.split()) for row in table.locator(f"{part} tr").all_text_contents()]


def keys_of(table: Locator, column: int) -> list[str]:
    """Return what the cells of a column sort by: their number, or for text what they say."""
    keys: list[str] = table.evaluate(
        "(table, column) => [...table.tBodies[0].rows].map(row => row.cells[column]).map(cell => "
        "cell.dataset.value ?? (table.tHead.rows[0].cells[column].dataset.type === 'text' ? cell.textContent : ''))",
        column,
    )
    return [" ".join(key.split()) for key in keys]


def press(table: Locator, column: int) -> str | None:
    """Press a heading and return the order it says."""
    heading = table.locator("thead th").nth(column)
    heading.locator("button").evaluate("button => button.click()")
    return heading.get_attribute("aria-sort")


# Presses every heading of numbers of every table twice; a row is known by its first place.
PRESS_ALL = """() => [...document.querySelectorAll("table.data.sortable")].map(table => {
    const body = table.tBodies[0], headings = [...table.tHead.rows[0].cells];
    [...body.rows].forEach((row, place) => row.place = place);
    const places = () => [...body.rows].map(row => row.place);
    const foot = table.tFoot?.textContent, presses = [];
    headings.forEach((heading, column) => {
        if (heading.dataset.type !== "number") return;
        for (let time = 0; time < 2; time += 1) {
            const before = places();
            heading.querySelector("button").click();
            const keys = [...body.rows].map(row => row.cells[column].dataset.value ?? null);
            const said = headings.map(each => each.getAttribute("aria-sort"));
            presses.push({ column, before, after: places(), keys, said });
        }
    });
    return { name: table.dataset.name, presses, foot_stays: foot === table.tFoot?.textContent };
})"""


def test_every_heading_of_numbers_sorts_from_the_largest_and_back_with_what_is_missing_last(open_report: OpenReport):
    tables = open_report().evaluate(PRESS_ALL)
    presses = [(table["name"], press) for table in tables for press in table["presses"]]
    assert len(presses) > 20
    assert any(None in press["keys"] for _, press in presses)
    assert all(table["foot_stays"] for table in tables)
    for place, (name, press) in enumerate(presses):
        direction = ("descending", "ascending")[place % 2]
        wanted = ["none"] * len(press["said"])
        wanted[press["column"]] = direction
        assert press["said"] == wanted, name
        assert press["after"] == expected_order(press, falling=direction == "descending"), (name, press)


def expected_order(press: dict[str, list[Any]], *, falling: bool) -> list[int]:
    """Sort the rows as they stood before the press: Python's sort is stable, also where it is reversed."""
    number = dict(zip(press["after"], press["keys"], strict=True))
    known = [row for row in press["before"] if number[row] is not None]
    missing = [row for row in press["before"] if number[row] is None]
    return sorted(known, key=lambda row: float(number[row]), reverse=falling) + missing


def test_headings_of_text_sort_from_a_to_z_and_back(open_report: OpenReport):
    table = open_report().locator('table[data-name="accuracy"]')
    assert press(table, 0) == "ascending"
    names = keys_of(table, 0)
    assert [name for name in names if name[0].isalpha()] == ["Male", "Smiling", "Wearing_Hat", "Young"]
    assert press(table, 0) == "descending"
    assert keys_of(table, 0) == names[::-1]


def test_the_mean_stays_under_the_rule(open_report: OpenReport):
    table = open_report().locator('table[data-name="accuracy"]')
    foot = rows_of(table, "tfoot")
    assert foot
    press(table, 1)
    assert rows_of(table, "tfoot") == foot
    assert not set(foot) & set(rows_of(table))


def test_a_heading_is_pressed_with_the_keyboard(open_report: OpenReport):
    table = open_report().locator('table[data-name="accuracy"]')
    heading = table.locator("thead th").nth(1)
    for key, direction in (("Enter", "descending"), (" ", "ascending")):
        heading.locator("button").press(key)
        assert heading.get_attribute("aria-sort") == direction


def saved(page: Page, button: Locator) -> tuple[str, bytes]:
    """Press a button and return the name and the bytes of the file it saves."""
    with page.expect_download() as download:
        button.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_a_table_is_saved_as_the_csv_that_the_page_carries(open_report: OpenReport, overview: Overview):
    page = open_report()
    name, content = saved(page, page.locator('button[data-download="accuracy"]'))
    source = page.locator('script[data-csv="accuracy"]')
    text = source.text_content() or ""
    if source.get_attribute("data-encoded") == "html":
        text = text.replace("&lt;", "<").replace("&amp;", "&")
    assert name == "accuracy.csv"
    assert content.decode("utf-8") == text
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"))))
    scores = {score.attribute: score for score in overview.evaluation.scores}
    assert set(scores) <= {row["attribute"] for row in rows}
    for row in rows:
        if row["attribute"] in scores:
            assert float(row["accuracy"]) == scores[row["attribute"]].accuracy.value


def test_every_table_has_a_button_that_saves_something(open_report: OpenReport):
    page = open_report()
    names = page.locator("script[data-csv]").evaluate_all("all => all.map(each => each.dataset.csv)")
    buttons = page.locator("button[data-download]")
    assert buttons.evaluate_all("all => all.map(each => each.dataset.download)") == names
    assert not buttons.evaluate_all("all => all.filter(each => each.hidden).length")


def test_a_text_that_would_end_its_script_is_saved_as_it_is(open_report: OpenReport):
    page = open_report()
    assert page.evaluate("decodeText('&lt;/script>&amp;lt; &amp;amp; &amp;')") == "</script>&lt; &amp; &"


def test_a_figure_is_saved_as_it_stands_in_the_page(open_report: OpenReport):
    page = open_report()
    name = page.locator("button[data-figure]").first.get_attribute("data-figure")
    source = page.locator(f'figure.drawing[data-name="{name}"] img').get_attribute("src") or ""
    file, content = saved(page, page.locator(f'button[data-figure="{name}"]'))
    assert file == f"{name}.svg"
    assert content.lstrip().startswith(b"<svg")
    assert content == base64.b64decode(source.partition(",")[2])


def test_a_figure_is_saved_as_a_picture_of_twice_its_size_on_white(open_report: OpenReport):
    page = open_report()
    name = page.locator("button[data-figure]").first.get_attribute("data-figure")
    drawing = page.locator(f'figure.drawing[data-name="{name}"] img')
    width = drawing.evaluate("picture => picture.naturalWidth")
    file, content = saved(page, page.locator(f'button[data-figure-png="{name}"]'))
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    assert file == f"{name}.png"
    assert picture.width == 2 * width
    assert picture.getpixel((1, 1)) == (255, 255, 255)
    assert len(picture.getcolors(1 << 20) or []) > 8


def test_a_number_is_written_with_a_real_minus_and_no_signed_zero(open_report: OpenReport):
    page = open_report()
    written = page.evaluate("[-0.1234, -0.0001, 0.9996, null].map(value => writeNumber(value))")
    assert written == ["\N{MINUS SIGN}0.123", "0.000", "1.000", "n/a"]
    assert page.evaluate("[-1, 0.5, 0.123456].map(writeEnd)") == ["\N{MINUS SIGN}1", "0.5", "0.123"]
    assert math.isclose(float(page.evaluate("writeLevel(0.95)")), 95)
