"""The whole page, assembled: sections, numbers, style and scripts in one file."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from mamviz.schema import Overview
from mamviz_reports.page.accuracy import accuracy_section
from mamviz_reports.page.attributes import attributes_section
from mamviz_reports.page.channels import channels_section
from mamviz_reports.page.data import page_data
from mamviz_reports.page.folder import files_section
from mamviz_reports.page.interventions import edits_section, robustness_section
from mamviz_reports.page.pruning import pruning_section
from mamviz_reports.page.relations import relations_section
from mamviz_reports.page.safety import sanity_section, stability_section
from mamviz_reports.page.sections import Section
from mamviz_reports.page.summary import summary_section
from mamviz_reports.page.templating import fill, read_scripts, read_style

SECTIONS = (
    summary_section,
    accuracy_section,
    attributes_section,
    relations_section,
    channels_section,
    pruning_section,
    sanity_section,
    stability_section,
    edits_section,
    robustness_section,
    files_section,
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the page is filled with."""

    run: str
    data_set: str
    version: str
    sections: tuple[Section, ...]
    style: Markup
    scripts: Markup
    data: Markup


def render_page(overview: Overview) -> str:
    """Return the report of a run as one HTML file that loads nothing.

    Whole without scripts: they add sorting, hovering, searching and downloads. The same overview gives the same text.
    """
    page = Page(
        run=overview.run.name,
        data_set=overview.evaluated.data,
        version=overview.provenance.version,
        sections=tuple(make(overview) for make in SECTIONS),
        style=Markup(read_style()),
        scripts=Markup(read_scripts()),
        data=page_data(overview),
    )
    return str(fill("page.html", page)) + "\n"
