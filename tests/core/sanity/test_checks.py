"""All checks on a small run: kept, stopped and gone on with."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mamviz.errors import DataError, RunError
from mamviz.models.weights import build_network, write_network
from mamviz.run import Run
from mamviz.sanity.checks import FILE, NULLS_FILE, UNFINISHED, Sanity, check_run
from mamviz.sanity.kept import read_nulls, read_sanity
from mamviz.schema import SanitySettings
from tests.core.made import make_config, make_data, make_run
from tests.core.models.stirred import stir

SETTINGS = SanitySettings(split="all", n_images=24, n_draws=1, n_networks=19, n_pairs=4, n_replicates=20)
DATA = make_data(60)


def make_trained(folder: Path) -> Run:
    config = make_config()
    run = make_run(folder, config, DATA)
    network = build_network(config, n_attributes=4)
    stir(network, seed=1)
    write_network(run.model_file, network, config=config, attributes=run.attributes)
    return run


def check(run: Run, settings: SanitySettings = SETTINGS, **options) -> Sanity:
    return check_run(run, DATA, settings, version="0.0.0", **options)


@dataclass(frozen=True)
class Checked:
    """A run whose checks are made, what they found, and the progress they reported."""

    run: Run
    found: Sanity
    seen: list[tuple[int, int, str]]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    run, seen = make_trained(tmp_path_factory.mktemp("runs") / "made-1"), []
    found = check(run, progress=lambda done, total, note="": seen.append((done, total, note)))
    return Checked(run, found, seen)


def test_all_checks_are_made_and_kept(checked: Checked) -> None:
    report, folder = checked.found.report, checked.run.folder
    groups = list(dict.fromkeys(check.group for check in report.checks))
    assert groups == ["randomisation", "exchange", "deletion", "null"]
    assert len(report.checks) == 7 + 6 + 4 + 2
    assert {check.verdict for check in report.checks} <= {"pass", "fail", "unclear"}
    assert (report.n_images, report.unit) == (24, "image")
    assert repr(read_sanity(folder / FILE)) == repr(report)
    assert [null.null for null in read_nulls(folder / NULLS_FILE)] == ["random network", "swapped attributes"]
    assert json.loads((folder / FILE).read_text())["provenance"]["n_images"] == 24
    assert not (folder / UNFINISHED).exists()


def test_progress_counts_images_to_the_end(checked: Checked) -> None:
    done = [each for each, _, _ in checked.seen]
    assert done == sorted(done)
    assert checked.seen[-1][:2] == ((11 + 2 + 1 + 19 + 4) * 24,) * 2


def test_a_stopped_job_goes_on_with_the_next_check_and_the_numbers_are_the_same(
    checked: Checked, tmp_path: Path
) -> None:
    run = make_trained(tmp_path / "made-1")

    def stop(done: int, total: int, note: str = "") -> None:
        if note.startswith("cells deleted"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(run, progress=stop)
    assert (run.folder / UNFINISHED).is_file()
    assert not (run.folder / FILE).exists()
    notes = []
    again = check(run, progress=lambda done, total, note="": notes.append(note))
    assert notes[0].startswith("cells deleted")
    assert repr(again.report) == repr(checked.found.report)


def test_a_whole_file_is_kept(checked: Checked) -> None:
    stamp = (checked.run.folder / FILE).stat().st_mtime_ns
    notes = []
    again = check(checked.run, progress=lambda *_: notes.append(1))
    assert repr(again.report) == repr(checked.found.report)
    assert notes == []
    assert (checked.run.folder / FILE).stat().st_mtime_ns == stamp


def test_another_seed_is_other_work(checked: Checked, tmp_path: Path) -> None:
    copy = replace(checked.run, folder=tmp_path / "copy")
    shutil.copytree(checked.run.folder, copy.folder)
    other = check(copy, replace(SETTINGS, seed=1))
    assert repr(other.report) != repr(checked.found.report)
    assert read_sanity(copy.folder / FILE).settings.seed == 1


def test_too_few_images_and_untrained_runs_are_refused(tmp_path: Path) -> None:
    run = make_trained(tmp_path / "made-1")
    with pytest.raises(DataError, match="at least 8 images"):
        check(run, replace(SETTINGS, split="validation"))
    run.model_file.unlink()
    with pytest.raises(RunError, match="training has not finished"):
        check(run)
