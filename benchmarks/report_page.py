"""How a report opens in a browser: size, load times, requests, complaints, and a picture of each section.

    python benchmarks/report_page.py runs/demo-1/report.html --shots shots

Opens the file from disk in a headless Chromium (MAMVIZ_CHROMIUM, or the one on the PATH), five times, each in a new
profile; times are medians in milliseconds from the start of the navigation. "Painted" is when every heatmap stands.
Requests are those besides the file itself; complaints are the console's messages and the page's errors. Pictures are
1280 pixels wide in light, 1280 in dark for the first, and 390 as on a phone. Needs the `dev` extra.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

DESKTOP, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[str, ViewportSize, Scheme], ...] = (
    ("light", DESKTOP, "light"),
    ("dark", DESKTOP, "dark"),
    ("phone", PHONE, "light"),
)
TIMES = """() => {
    const all = performance.getEntriesByType("navigation")[0];
    const painted = performance.getEntriesByName("heatmaps-painted")[0];
    const heatmaps = painted ? painted.startTime : NaN;
    return [all.responseEnd, all.domInteractive, heatmaps, all.domContentLoadedEventEnd, all.loadEventEnd];
}"""
NAMES = ("read", "parsed", "painted", "ready", "loaded")


@dataclass(frozen=True)
class Opening:
    """One opening: milliseconds in the order of NAMES, addresses requested, and what was complained about."""

    times: tuple[float, ...]
    requests: tuple[str, ...]
    complaints: tuple[str, ...]


def main() -> None:
    """Open the report, print what was measured, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--shots", type=Path, help="folder for the pictures; none are taken without it")
    options = parser.parse_args()
    names = [os.environ.get("MAMVIZ_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    program = next((path for name in names if name and (path := shutil.which(name))), None)
    if program is None:
        sys.exit("no Chromium on the PATH: install one, or set MAMVIZ_CHROMIUM to it")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        openings = [open_once(browser, options.report) for _ in range(options.repeats)]
        tell(options.report, openings, browser.version)
        if options.shots is not None:
            options.shots.mkdir(parents=True, exist_ok=True)
            take_shots(browser, options.report, options.shots)
        browser.close()


def open_once(browser: Browser, report: Path) -> Opening:
    """Open the report in a new profile and wait until it is loaded."""
    page = browser.new_page(viewport=DESKTOP)
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.goto(report.resolve().as_uri(), wait_until="load")
    page.wait_for_function("performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
    times = tuple(page.evaluate(TIMES))
    page.close()
    others = tuple(url for url in requests[1:] if not url.startswith(("data:", "blob:")))
    return Opening(times, others, tuple(complaints))


def tell(report: Path, openings: list[Opening], version: str) -> None:
    """Print the figures, a line each."""
    print(f"file         {report}")
    print(f"size         {report.stat().st_size / 1e6:.2f} MB")
    print(f"browser      Chromium {version}")
    for place, name in enumerate(NAMES):
        times = [opening.times[place] for opening in openings]
        print(f"{name:12} {statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f}, n = {len(times)})")
    print(f"requests     {max(len(opening.requests) for opening in openings)}")
    said = sorted({each for opening in openings for each in (*opening.requests, *opening.complaints)})
    print(f"complaints   {max(len(opening.complaints) for opening in openings)}")
    for each in said:
        print(f"             {each}")


def take_shots(browser: Browser, report: Path, folder: Path) -> None:
    """Take a picture of each section on a desktop in light and dark, and on a phone."""
    for name, viewport, scheme in LOOKS:
        page = browser.new_page(viewport=viewport, color_scheme=scheme)
        page.goto(report.resolve().as_uri())
        width = page.evaluate("document.documentElement.scrollWidth")
        for section in page.locator("section[id]:not(section section)").evaluate_all("all => all.map(each => each.id)"):
            shoot(page, section, folder / f"{name}-{section}.png")
        print(f"pictures     {name}: page {width} pixels wide in a window of {viewport['width']}")
        page.close()


def shoot(page: Page, section: str, file: Path) -> None:
    """Save a section's picture, its maps painted; of a long one the first 6,000 pixels."""
    page.evaluate("dispatchEvent(new Event('beforeprint')); dispatchEvent(new Event('afterprint'))")
    box = page.locator(f"#{section}").evaluate(
        "each => { const box = each.getBoundingClientRect();"
        " return [box.left + scrollX, box.top + scrollY, box.width, box.height]; }"
    )
    left, top, width, height = box
    page.screenshot(
        path=file,
        clip={"x": max(0.0, left), "y": top, "width": max(width, 1.0), "height": min(max(height, 1.0), 6000.0)},
        full_page=True,
    )


if __name__ == "__main__":
    main()
