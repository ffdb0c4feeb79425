"""The one way to fill a template: everything escaped, every missing name an error."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def fill(template: str, part: object) -> Markup:
    """Fill a template with what it calls `part`."""
    return Markup(_environment().get_template(template).render(part=part))


def read_style() -> str:
    """Return the page's style sheet."""
    return (files("mamviz_reports.page") / "style.css").read_text(encoding="utf-8")


def read_scripts() -> str:
    """Return the page's scripts one after the other, in the order of their names."""
    folder = files("mamviz_reports.page") / "scripts"
    if not folder.is_dir():
        return ""
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".js")), key=lambda each: each.name)
    return "\n".join(each.read_text(encoding="utf-8") for each in found)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("mamviz_reports.page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
