"""What all tests share: one thread, and the browser that the report is opened in.

One thread for the whole session: the tests' networks are small, and threads that wait for each other are slower.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Before anything imports torch or numpy; their pools are sized once. Processes that tests start inherit them.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the Chromium of this machine: MAMVIZ_CHROMIUM, or the first of its usual names on the PATH."""
    asked = os.environ.get("MAMVIZ_CHROMIUM")
    found = [path for name in ([asked] if asked else BROWSERS) if (path := shutil.which(name))]
    if asked and not found:
        pytest.fail(f"MAMVIZ_CHROMIUM is {asked!r}, which is no program. Set it to a Chromium, or unset it.")
    if not found:
        pytest.skip("no Chromium on the PATH: install the package chromium, or set MAMVIZ_CHROMIUM to one")
    return found[0]


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Return one headless Chromium for the whole session."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: `make setup` does it")
    with playwright.sync_playwright() as driver:
        # no sandbox: it needs rights that root in a container doesn't have; the page is our own
        opened = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()
