"""What other commands found of a run, read where it is of the same weights and images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mamviz.errors import RunError
from mamviz.generation import report as generation
from mamviz.pruning import report as pruning
from mamviz.robustness import report as robustness
from mamviz.run import Run
from mamviz.sanity import checks
from mamviz.sanity.kept import read_sanity
from mamviz.schema import (
    AbsentPart,
    EditReport,
    OverviewPart,
    Provenance,
    PruningReport,
    RobustnessReport,
    SanityReport,
    Stability,
)
from mamviz.store.records import read_plain
from mamviz.store.stability import read_stability

Report = TypeVar("Report")
NEVER = "never made"
UNREADABLE = "can't be read by this version of mamviz"
OLDER = "of older weights"
OTHER_IMAGES = "of other images"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Reports of a run; None where absent."""

    pruning: PruningReport | None
    sanity: SanityReport | None
    stability: Stability | None
    edits: EditReport | None
    robustness: RobustnessReport | None
    absent: tuple[AbsentPart, ...]


def read_kept(run: Run, *, evaluated: Provenance, masks: Provenance) -> Kept:
    """Return the reports in a run's folder, and say of those that are not there why.

    evaluated   weights and images that all must be of but stability; masks: those that stability must be of
    """
    removed, no_pruning = _read(
        run.folder / pruning.FILE, pruning.read_pruning, evaluated, _absent(run, "pruning", "prune-report")
    )
    checked, no_sanity = _read(run.folder / checks.FILE, read_sanity, evaluated, _absent(run, "sanity", "sanity"))
    compared, no_stability = _read_stability(run, masks)
    edited, no_edits = _read(
        run.folder / generation.FILE, generation.read_edits, evaluated, _absent(run, "edits", "generate")
    )
    disturbed, no_robustness = _read(
        run.folder / robustness.FILE, robustness.read_robustness, evaluated, _absent(run, "robustness", "robustness")
    )
    return Kept(
        pruning=removed,
        sanity=checked,
        stability=compared,
        edits=edited,
        robustness=disturbed,
        absent=(*no_pruning, *no_sanity, *no_stability, *no_edits, *no_robustness),
    )


def _absent(run: Run, part: OverviewPart, command: str) -> AbsentPart:
    return AbsentPart(part=part, reason=NEVER, command=f"mamviz {command} {run.name}")


def _read(
    file: Path, read: Callable[[Path], Report], origin: Provenance, absent: AbsentPart
) -> tuple[Report | None, tuple[AbsentPart, ...]]:
    """Read one report of the weights and images of `origin`; None with the reason where it can't be used."""
    if not file.is_file():
        return None, (absent,)
    found = read_plain(file).get("provenance")
    reason = _compare(found, origin) if isinstance(found, Mapping) else UNREADABLE
    if not reason:
        try:
            return read(file), ()
        except RunError:
            reason = UNREADABLE
    return None, (AbsentPart(part=absent.part, reason=reason, command=absent.command),)


def _compare(found: Mapping[str, object], origin: Provenance) -> str:
    """Say in what a report's origin differs; nothing where it is of these weights and images."""
    if found.get("model_sha256") != origin.model_sha256:
        return OLDER
    return "" if found.get("fingerprint") == origin.fingerprint else OTHER_IMAGES


def _read_stability(run: Run, masks: Provenance) -> tuple[Stability | None, tuple[AbsentPart, ...]]:
    """Read what was found by comparing these very masks with those of other runs."""
    command = f"mamviz stability {run.name} OTHER_RUN"
    reason = "never compared with a run of another seed"
    try:
        stability = read_stability(run.folder)
    except RunError:
        stability, reason = None, UNREADABLE
    if stability is not None:
        runs = [each for each in stability.runs if each.model_sha256 == masks.model_sha256]
        if any((each.fingerprint, each.split) == (masks.fingerprint, masks.split) for each in runs):
            return stability, ()
        reason = OTHER_IMAGES if runs else OLDER
    return None, (AbsentPart(part="stability", reason=reason, command=command),)
