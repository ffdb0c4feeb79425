from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mamviz.overview.kept import Kept, read_kept
from mamviz.run import write_json
from mamviz.schema import ComparedRun, Overview, Provenance, Stability
from mamviz.store.records import write_plain
from mamviz.store.stability import write_stability
from tests.core.overview.conftest import World
from tests.reports.attacked import robustness_report
from tests.reports.checked import sanity_report
from tests.reports.drawn import edit_report
from tests.reports.thinned import pruning_report

REPORTS = {
    "pruning": pruning_report(),
    "sanity": sanity_report(),
    "generate": edit_report(),
    "robustness": robustness_report(),
}
PARTS = ("pruning", "sanity", "stability", "edits", "robustness")


@pytest.fixture
def copy(world: World, tmp_path: Path) -> World:
    return world.copy(tmp_path)


def fields_of(report: object) -> dict[str, object]:
    return {name: value for name, value in vars(report).items() if name != "settings"}


def write_all(folder: Path, origin: Provenance) -> None:
    for name, report in REPORTS.items():
        write_plain(folder / f"{name}.json", origin, report.settings, fields_of(report))


def stability_of(*origins: Provenance) -> Stability:
    runs = tuple(
        ComparedRun(
            name=origin.run,
            model_sha256=origin.model_sha256,
            fingerprint=origin.fingerprint,
            split=origin.split,
            data=origin.data,
            n_images=origin.n_images,
        )
        for origin in origins
    )
    return Stability(runs=runs, tables=(), paired=True, level=0.95)


def read(copy: World, overview: Overview) -> Kept:
    return read_kept(copy.run, evaluated=overview.evaluated, masks=overview.provenance)


def reasons(kept: Kept) -> dict[str, str]:
    return {each.part: each.reason for each in kept.absent}


def test_a_run_without_reports_says_how_each_is_made(copy: World, overview: Overview) -> None:
    kept = read(copy, overview)
    assert [getattr(kept, part) for part in PARTS] == [None] * len(PARTS)
    assert [(each.part, each.reason, each.command) for each in kept.absent] == [
        ("pruning", "never made", "mamviz prune-report made-1"),
        ("sanity", "never made", "mamviz sanity made-1"),
        ("stability", "never compared with a run of another seed", "mamviz stability made-1 OTHER_RUN"),
        ("edits", "never made", "mamviz generate made-1"),
        ("robustness", "never made", "mamviz robustness made-1"),
    ]


def test_reports_of_these_weights_and_images_are_read(copy: World, overview: Overview) -> None:
    # the split, the number of images and the version may differ: the numbers are of this network all the same
    write_all(copy.run.folder, replace(overview.evaluated, split="all", n_images=7, version="0.0.1"))
    other = replace(overview.provenance, run="made-2", model_sha256="another")
    write_stability(copy.run.folder, stability_of(other, overview.provenance))
    kept = read(copy, overview)
    assert kept.absent == ()
    assert repr(kept.pruning) == repr(pruning_report())
    assert repr(kept.sanity) == repr(sanity_report())
    assert repr(kept.edits) == repr(edit_report())
    assert repr(kept.robustness) == repr(robustness_report())
    assert kept.stability == stability_of(other, overview.provenance)


@pytest.mark.parametrize(
    ("changed", "reason"), [("model_sha256", "of older weights"), ("fingerprint", "of other images")]
)
def test_reports_of_older_weights_or_other_images_are_absent(
    copy: World, overview: Overview, changed: str, reason: str
) -> None:
    old = {changed: "another"}
    write_all(copy.run.folder, replace(overview.evaluated, **old))  # type: ignore[arg-type]
    write_stability(copy.run.folder, stability_of(replace(overview.provenance, **old)))  # type: ignore[arg-type]
    kept = read(copy, overview)
    assert [getattr(kept, part) for part in PARTS] == [None] * len(PARTS)
    assert reasons(kept) == dict.fromkeys(PARTS, reason)


def spoil_version(file: Path) -> None:
    write_json(file, {**json.loads(file.read_text()), "schema_version": 99})


def spoil_field(file: Path) -> None:
    values = json.loads(file.read_text())
    values.popitem()
    values["tables"] = 3
    write_json(file, values)


def truncate(file: Path) -> None:
    file.write_text(file.read_text()[:100])


@pytest.mark.parametrize("spoil", [spoil_version, spoil_field, truncate])
def test_reports_that_cant_be_read_are_absent(copy: World, overview: Overview, spoil: Callable[[Path], None]) -> None:
    write_all(copy.run.folder, overview.evaluated)
    write_stability(copy.run.folder, stability_of(overview.provenance))
    for name in (*REPORTS, "stability"):
        spoil(copy.run.folder / f"{name}.json")
    unreadable = "can't be read by this version of mamviz"
    assert reasons(read(copy, overview)) == dict.fromkeys(PARTS, unreadable)
