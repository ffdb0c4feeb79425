"""The last section: the files beside the page, and what to cite."""

from __future__ import annotations

from dataclasses import dataclass

from mamviz.schema import Overview
from mamviz_reports.page.sections import Section
from mamviz_reports.page.templating import fill

FILES = (
    ("run.json", "settings, attribute names, fingerprint of the data, versions, seed and command"),
    ("metrics.csv", "a row an epoch"),
    ("model.safetensors", "the trained weights"),
    ("masks.h5", "sums of masks and evidence by blocks of images: all relations are computed from it"),
    ("analysis.h5", "correlations with their choices, their intervals, and the order of the heatmaps"),
    ("pruning.json", "what removing channels costs, as mamviz prune-report measured it"),
    ("sanity.json", "checks that the masks mean something, as mamviz sanity made them"),
    ("stability.json", "agreement with runs of other seeds, as mamviz stability found it"),
    ("generate.json", "what adding and removing attributes does to all logits, as mamviz generate measured it"),
    ("robustness.json", "accuracy under noise and attacks, as mamviz robustness measured it"),
    ("tables/, figures/", "what the commands printed and drew, as CSV, Markdown, LaTeX, SVG and PNG"),
    ("report.html", "this page, which needs none of the other files"),
)


@dataclass(frozen=True, kw_only=True)
class Folder:
    """What the section shows."""

    run: str
    version: str
    model: str
    files: tuple[tuple[str, str], ...]


def files_section(overview: Overview) -> Section:
    """Return the section on files and citing."""
    provenance = overview.provenance
    part = Folder(run=overview.run.name, version=provenance.version, model=provenance.model_sha256[:16], files=FILES)
    return Section(id="files", heading="Files and citing", body=fill("files.html", part))
