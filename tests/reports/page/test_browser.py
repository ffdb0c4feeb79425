from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mamviz.schema import Overview
from mamviz_reports.page.anchors import anchors_of
from tests.reports.page.conftest import PHONE, OpenReport
from tests.reports.page.pixels import pixels_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

HOSTILE = "<b>\"&'"
ARTICLES = "article.attribute"


def top_of(page: Page, selector: str) -> float:
    """Return how far an element's top is from the window's, in pixels."""
    return float(page.locator(selector).evaluate("element => element.getBoundingClientRect().top"))


def is_dark(page: Page) -> bool:
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]) < 3 * 128


def ink_of(page: Page) -> float:
    """Return the mean brightness of the letters left of a matrix's cells, 0 to 255."""
    margin = float(page.locator("figure.matrix").first.get_attribute("data-margin") or "nan")
    beside = pixels_of(page.locator("figure.matrix canvas").first)[int(margin) :, : int(margin) - 2]
    return float(beside[beside[..., 3] > 200][:, :3].mean())


def test_the_report_opens_without_a_request_or_a_complaint(open_report: OpenReport):
    page = open_report()
    page.wait_for_load_state("load")
    assert page.locator("html[data-ready]").count() == 1
    assert (
        page.evaluate("performance.getEntriesByType('resource').filter(each => !each.name.startsWith('data:'))") == []
    )
    assert page.evaluate("[...document.images].every(each => each.naturalWidth > 0 || each.loading === 'lazy')")


def test_every_link_within_the_page_leads_somewhere(open_report: OpenReport):
    page = open_report()
    lost = page.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map(each => each.getAttribute('href'))"
        ".filter(each => !each.startsWith('#pair=') && !document.getElementById(each.slice(1)))"
    )
    assert lost == []


def test_links_lead_from_the_menu_to_sections_and_back(open_report: OpenReport):
    page = open_report()
    page.locator("nav a[href='#channels']").click()
    assert -1 <= top_of(page, "#channels") < 200
    page.locator("nav a[href='#accuracy']").click()
    page.go_back()
    page.wait_for_function("Math.abs(document.querySelector('#channels').getBoundingClientRect().top) < 200")


def test_an_address_opens_the_attribute_it_names(open_report: OpenReport, large_file: Path):
    page = open_report("#attribute-Wavy_Hair", file=large_file)
    assert -1 <= top_of(page, "#attribute-Wavy_Hair") < 200
    assert page.locator("#pair").is_hidden()


def test_an_address_opens_the_pair_it_names_whatever_the_names_hold(open_report: OpenReport, overview: Overview):
    anchors = anchors_of(overview.correlation.names)
    page = open_report(f"#pair={anchors[HOSTILE]}--{anchors['Male']}")
    assert page.locator("#pair").get_attribute("data-pair") == f"{HOSTILE}, Male"
    assert page.locator("#pair h3").inner_text() == f"{HOSTILE} and Male"
    assert -1 <= top_of(page, "#pair") < 200


@pytest.mark.parametrize("address", ["#pair=Male--Nobody", "#pair=", "#%", "#nowhere"])
def test_an_address_of_nothing_shows_the_page(open_report: OpenReport, address: str):
    page = open_report(address)
    assert page.locator("html[data-ready]").count() == 1
    assert page.locator("#pair").is_hidden()


def test_maps_are_painted_when_they_come_into_sight_with_the_colours_of_their_numbers(
    open_report: OpenReport, large_file: Path
):
    page = open_report(file=large_file)
    last = page.locator(f"{ARTICLES} canvas.map").last
    assert last.get_attribute("data-painted") is None
    last.scroll_into_view_if_needed()
    page.wait_for_function("canvas => 'painted' in canvas.dataset", arg=last.element_handle())
    shown = json.loads(last.get_attribute("data-map") or "")["values"]
    assert last.evaluate("canvas => [canvas.width, canvas.height]") == [len(shown[0]), len(shown)]


def test_a_map_without_numbers_stays_open_over_hatching(open_report: OpenReport, overview: Overview):
    page = open_report(f"#attribute-{anchors_of(overview.correlation.names)[HOSTILE]}")
    page.locator(f"{ARTICLES} canvas.map[data-painted]").last.wait_for()
    empty = [
        canvas
        for canvas in page.locator(f"{ARTICLES} canvas.map").all()
        if "null" in (canvas.get_attribute("data-map") or "")
    ]
    assert empty
    for canvas in empty:
        assert pixels_of(canvas)[..., 3].max() == 0
        assert "gradient" in canvas.evaluate("canvas => canvas.style.background")


def test_all_maps_are_painted_before_the_page_is_printed(open_report: OpenReport, large_file: Path):
    page = open_report(file=large_file, color_scheme="dark")
    unpainted = page.locator("canvas.map:not([data-painted])")
    assert unpainted.count() > 0
    dark = ink_of(page)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert unpainted.count() == 0
    assert ink_of(page) < 100 < dark
    marks = page.locator("figure.matrix .matrix-frame canvas + canvas")
    assert {each.is_visible() for each in marks.all()} == {False}
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert ink_of(page) == pytest.approx(dark)
    assert {each.is_visible() for each in marks.all()} == {True}


def test_evidence_over_the_images_can_be_taken_away(open_report: OpenReport):
    page = open_report()
    box = page.locator("#show-evidence")
    box.scroll_into_view_if_needed()
    seen = {}
    for wanted in (False, True, False):
        box.set_checked(wanted)
        seen[wanted] = {canvas.is_visible() for canvas in page.locator(".overlay canvas.map").all()}
        assert page.locator(".overlay img").first.is_visible()
    assert seen == {False: {False}, True: {True}}


def test_the_button_turns_the_theme_around_and_matrices_follow(open_report: OpenReport):
    page = open_report(color_scheme="light")
    assert not is_dark(page)
    light = ink_of(page)
    page.locator("#theme").click()
    assert is_dark(page)
    assert light < 100
    assert ink_of(page) > 150
    page.locator("#theme").click()
    assert not is_dark(page)
    assert ink_of(page) == pytest.approx(light)


def test_the_system_says_which_theme_the_page_opens_in(open_report: OpenReport):
    page = open_report(color_scheme="dark")
    assert is_dark(page)
    assert ink_of(page) > 150
    page.emulate_media(color_scheme="light")
    page.wait_for_function("getComputedStyle(document.body).backgroundColor === 'rgb(255, 255, 255)'")
    assert ink_of(page) < 100


def test_the_filter_hides_other_attributes_until_a_link_needs_one(open_report: OpenReport):
    page = open_report()
    page.locator("#attribute-filter").fill("ing h")
    shown = [article.get_attribute("id") for article in page.locator(ARTICLES).all() if article.is_visible()]
    assert shown == ["attribute-Wearing_Hat"]
    entries = page.locator("#attributes a[href^='#attribute-']:not(article a)")
    assert [link.get_attribute("href") for link in entries.all() if link.is_visible()] == ["#attribute-Wearing_Hat"]
    page.evaluate("location.hash = '#attribute-Male'")
    page.locator("#attribute-Male").wait_for(state="visible")
    assert page.locator("#attribute-filter").input_value() == ""
    assert -1 <= top_of(page, "#attribute-Male") < 200


def test_a_phone_needs_no_sideways_scrolling(open_report: OpenReport, report_file: Path, large_file: Path):
    for file in (report_file, large_file):
        page = open_report(file=file, viewport=PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_without_scripts_everything_is_there_to_read(open_report: OpenReport, overview: Overview):
    page = open_report(java_script_enabled=False)
    assert page.locator("html[data-ready]").count() == 0
    articles = page.locator(ARTICLES).all()
    assert len(articles) == len(overview.attributes)
    assert all(article.is_visible() for article in articles)
    assert all(table.is_visible() for table in page.locator("table.data").all())
    assert not [button for button in page.locator("button.download, #theme").all() if button.is_visible()]
    assert page.locator("#pair").is_hidden()


def test_a_report_with_many_channels_is_painted(open_report: OpenReport, large_file: Path):
    page = open_report(file=large_file)
    painted = page.locator("figure.matrix").evaluate_all(
        "all => all.map(each => [each.dataset.matrix, each.dataset.cell])"
    )
    assert {key for key, _ in painted} == {"recommended", "mask", "contrast", "labels", "gap", "channels"}
    assert all(float(cell) > 2 for _, cell in painted)


def test_a_report_without_images_or_optional_parts_opens(open_report: OpenReport, large_file: Path):
    page = open_report(file=large_file)
    assert page.locator("html[data-ready]").count() == 1
    assert page.locator(".overlay, #show-evidence").count() == 0
