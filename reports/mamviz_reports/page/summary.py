"""The first section: what a reader must know first, the key figures, and what the page is about."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from mamviz.schema import AbsentPart, Overview
from mamviz_reports.captions import describe_provenance
from mamviz_reports.page.cards import Card, make_cards
from mamviz_reports.page.sections import Section
from mamviz_reports.page.templating import fill


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What the summary shows; facts: (name, value) in the order in which they are read."""

    warnings: tuple[str, ...]
    cards: tuple[Card, ...]
    level: str
    unit: str
    facts: tuple[tuple[str, str], ...]
    command: str
    absent: tuple[AbsentPart, ...]


def summary_section(overview: Overview) -> Section:
    """Return the summary."""
    evaluation = overview.evaluation
    part = Summary(
        warnings=overview.warnings,
        cards=make_cards(overview),
        level=f"{100 * evaluation.level:g}",
        unit={"image": "images", "identity": "persons"}[evaluation.unit],
        facts=_facts(overview),
        command=shlex.join(overview.run.command),
        absent=overview.absent,
    )
    return Section(id="summary", heading="Summary", body=fill("summary.html", part))


def _facts(overview: Overview) -> tuple[tuple[str, str], ...]:
    run, evaluation = overview.run, overview.evaluation
    unit = {"image": "images", "identity": "persons"}[evaluation.unit]
    return (
        ("Scores and examples", describe_provenance(overview.evaluated, n_images=evaluation.n_images)),
        ("Their intervals", f"{evaluation.n_units:,} {unit} drawn anew {evaluation.n_replicates:,} times"),
        ("Masks", describe_provenance(overview.provenance)),
        ("Protocol", evaluation.protocol),
        ("Run", f"{run.name}, seed {run.seed}, {run.created}, on {run.device}"),
        *((name[:1].upper() + name[1:], value) for name, value in run.settings),
        ("Versions", ", ".join(f"{name} {version}" for name, version in run.versions)),
        ("Fingerprint of the data", overview.evaluated.fingerprint[:16]),
    )
