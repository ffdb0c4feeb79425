"""Reports opened in a real browser, which may load nothing but the file and has nothing to complain about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mamviz.schema import Overview
from mamviz_reports.page import render_page
from tests.reports.page.made import PARTS, make_overview
from tests.reports.page.parsed import Document

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

OpenReport = Callable[..., "Page"]
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE = 10_000  # milliseconds; a test that waits longer has failed


@pytest.fixture(scope="session")
def overview() -> Overview:
    # all parts but pruning, whose figures take as long to draw as all others
    return make_overview(parts=[part for part in PARTS if part != "pruning"])


@pytest.fixture(scope="session")
def report_file(overview: Overview, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five attributes, six channels; the last name is hostile and its label never changes."""
    return write_report(overview, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="session")
def whole() -> Overview:
    """Five attributes, six channels, every part."""
    return make_overview()


@pytest.fixture(scope="session")
def text(whole: Overview) -> str:
    """Return the report with every part as text."""
    return render_page(whole)


@pytest.fixture(scope="session")
def bare_text() -> str:
    """Return a report without images and without the optional parts."""
    return render_page(make_overview(n_examples=0, parts=()))


@pytest.fixture(scope="session")
def page(text: str) -> Document:
    return Document(text)


@pytest.fixture(scope="session")
def bare(bare_text: str) -> Document:
    return Document(bare_text)


@pytest.fixture(scope="session")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CelebA's forty attributes and 128 channels, without images and without the optional parts."""
    bare = make_overview(40, 128, grid=(8, 8), n_examples=0, parts=())
    return write_report(bare, tmp_path_factory.mktemp("large"))


def write_report(overview: Overview, folder: Path) -> Path:
    file = folder / "report.html"
    file.write_text(render_page(overview), encoding="utf-8")
    return file


@dataclass
class Window:
    """A page of the browser that one test after the other opens its report in, and what it did and said."""

    page: Page
    heard: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda message: self.heard.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))
        self.page.on("request", lambda request: self.heard.append(f"request: {request.url}"))


@pytest.fixture(scope="session")
def windows(browser: Browser) -> Iterator[dict[str, Window]]:
    """Windows by the options they were opened with: a new one takes longer than most tests."""
    opened: dict[str, Window] = {}
    yield opened
    for window in opened.values():
        window.page.context.close()


@pytest.fixture
def open_report(browser: Browser, windows: dict[str, Window], report_file: Path) -> Iterator[OpenReport]:
    """Return a function that opens a report; in the end nothing was requested and nothing complained.

    address   a hash; file: another report than the small one; other arguments are the browser context's
    A second call with the same options leaves the first page.
    """
    used: list[Window] = []

    def open_one(address: str = "", *, file: Path = report_file, **options: Any) -> Page:
        wanted = {"viewport": DESKTOP, "color_scheme": "light", **options}
        if repr(wanted) not in windows:
            windows[repr(wanted)] = Window(browser.new_context(**wanted).new_page())
        window = windows[repr(wanted)]
        used.append(window)
        window.page.set_viewport_size(wanted["viewport"])
        window.page.emulate_media(color_scheme=wanted["color_scheme"])
        document = f"{file.as_uri()}?{next(window.numbers)}"  # another hash alone would not open the file anew
        window.page.goto(document + address, wait_until="domcontentloaded")
        window.heard.remove(f"request: {document}")
        return window.page

    yield open_one
    heard = [each for window in used for each in window.heard]
    for window in used:
        window.heard.clear()
    assert [each for each in heard if not each.startswith(("request: data:", "request: blob:"))] == []
