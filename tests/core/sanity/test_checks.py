"""All checks on a small run: kept, stopped and gone on with."""

from __future__ import annotations

import json
import shutil
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


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = make_config()
    run = make_run(tmp_path / "made-1", config, DATA)
    network = build_network(config, n_attributes=4)
    stir(network, seed=1)
    write_network(run.model_file, network, config=config, attributes=run.attributes)
    return run


def check(run: Run, settings: SanitySettings = SETTINGS, **options) -> Sanity:
    return check_run(run, DATA, settings, version="0.0.0", **options)


def test_all_checks_are_made_and_kept(run: Run) -> None:
    seen = []
    found = check(run, progress=lambda done, total, note="": seen.append((done, total, note)))
    report = found.report
    assert list(dict.fromkeys(check.group for check in report.checks)) == [
        "randomisation", "exchange", "deletion", "null"
    ]  # fmt: skip
    assert len(report.checks) == 7 + 6 + 4 + 2
    assert {check.verdict for check in report.checks} <= {"pass", "fail", "unclear"}
    assert (report.n_images, report.unit) == (24, "image")
    assert repr(read_sanity(run.folder / FILE)) == repr(report)
    assert [null.null for null in read_nulls(run.folder / NULLS_FILE)] == ["random network", "swapped attributes"]
    assert json.loads((run.folder / FILE).read_text())["provenance"]["n_images"] == 24
    assert not (run.folder / UNFINISHED).exists()
    done = [each for each, _, _ in seen]
    assert done == sorted(done)
    assert seen[-1][0] == seen[-1][1] == (11 + 2 + 1 + 19 + 4) * 24


def test_a_stopped_job_goes_on_with_the_next_check_and_the_numbers_are_the_same(run: Run, tmp_path: Path) -> None:
    copy = Run(tmp_path / "copy", run.config, run.attributes, run.record)
    shutil.copytree(run.folder, copy.folder)

    def stop(done: int, total: int, note: str = "") -> None:
        if note.startswith("cells deleted"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(copy, progress=stop)
    assert (copy.folder / UNFINISHED).is_file()
    assert not (copy.folder / FILE).exists()
    notes = []
    again = check(copy, progress=lambda done, total, note="": notes.append(note))
    assert notes[0].startswith("cells deleted")
    assert repr(again.report) == repr(check(run).report)


def test_a_whole_file_is_kept_and_other_settings_are_not(run: Run) -> None:
    first = check(run)
    stamp = (run.folder / FILE).stat().st_mtime_ns
    notes = []
    assert repr(check(run, progress=lambda *_: notes.append(1)).report) == repr(first.report)
    assert notes == []
    assert (run.folder / FILE).stat().st_mtime_ns == stamp
    other = check(run, SanitySettings(**{**vars(SETTINGS), "seed": 1}))
    assert repr(other.report) != repr(first.report)


def test_too_few_images_and_untrained_runs_are_refused(run: Run) -> None:
    with pytest.raises(DataError, match="at least 8 images"):
        check(run, SanitySettings(**{**vars(SETTINGS), "split": "validation"}))
    run.model_file.unlink()
    with pytest.raises(RunError, match="training has not finished"):
        check(run)
