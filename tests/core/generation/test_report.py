"""Measured edits of a trained run: kept, found again, made anew where the work is another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mamviz.errors import RunError
from mamviz.generation.report import FILE, FOLDER, begin_work, measure_run, read_edits
from mamviz.models.weights import build_network, write_network
from mamviz.run import Run
from mamviz.schema import EditSettings
from tests.core.made import ATTRIBUTES, make_config, make_data, make_run

DATA = make_data(60)
SETTINGS = EditSettings(n_images=4, n_replicates=20)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run whose weights were drawn: edits need no trained ones."""
    run = make_run(tmp_path / "made-1", make_config(), DATA)
    network = build_network(run.config, n_attributes=len(ATTRIBUTES))
    write_network(run.model_file, network, config=run.config, attributes=ATTRIBUTES)
    return run


def test_a_report_is_kept_and_read_again_as_it_was(run: Run) -> None:
    found = measure_run(begin_work(run, DATA, SETTINGS), version="0.0.0")
    assert (found.provenance.split, found.provenance.n_images) == ("test", 12)
    assert repr(read_edits(run.folder / FILE)) == repr(found.report)  # NaN is not equal to itself
    assert not (run.folder / FOLDER).exists()
    stamp = found.file.stat().st_mtime_ns
    again = measure_run(begin_work(run, DATA, SETTINGS), version="0.0.0")
    assert repr(again) == repr(found)
    assert found.file.stat().st_mtime_ns == stamp


def test_other_settings_are_measured_anew(run: Run) -> None:
    first = measure_run(begin_work(run, DATA, SETTINGS), version="0.0.0")
    other = measure_run(begin_work(run, DATA, replace(SETTINGS, strength=0.5)), version="0.0.0")
    assert other.report.settings.strength == 0.5
    assert other.report.effects[0].own != first.report.effects[0].own


def test_a_stopped_job_keeps_the_attributes_that_are_done(run: Run) -> None:
    work = begin_work(run, DATA, SETTINGS)

    def stop(done: int, total: int, note: str = "") -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_run(work, version="0.0.0", progress=stop)
    (pieces,) = (run.folder / FOLDER).iterdir()
    assert len(list(pieces.iterdir())) == 4
    assert not (run.folder / FILE).exists()
    went_on = measure_run(work, version="0.0.0").report
    assert not (run.folder / FOLDER).exists()
    (run.folder / FILE).unlink()
    assert repr(measure_run(work, version="0.0.0").report) == repr(went_on)


def test_a_missing_report_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="Make them with `mamviz generate`"):
        read_edits(tmp_path / FILE)
