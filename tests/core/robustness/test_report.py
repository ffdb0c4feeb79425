"""A robustness report of a small run: kept, stopped and gone on with."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mamviz.errors import DataError, RunError
from mamviz.models.weights import build_network, write_network
from mamviz.robustness.report import FILE, FOLDER, Robustness, measure_robustness, read_robustness
from mamviz.run import Run
from mamviz.schema import RobustnessSettings, Transformation
from tests.core.made import make_config, make_data, make_run
from tests.core.models.stirred import stir

SETTINGS = RobustnessSettings(
    transformations=(Transformation("sharpen", 3.0), Transformation("binary", 0.5)),
    sigmas=(20.0,),
    epsilons=(2.0, 8.0),
    n_replicates=20,
)
DATA = make_data(400)


def make_trained(folder: Path) -> Run:
    config = make_config()
    run = make_run(folder, config, DATA)
    network = build_network(config, n_attributes=4)
    stir(network, seed=1)
    write_network(run.model_file, network, config=config, attributes=run.attributes)
    return run


def measure(run: Run, settings: RobustnessSettings = SETTINGS, **options) -> Robustness:
    return measure_robustness(run, options.pop("data", DATA), settings, version="0.0.0", **options)


@dataclass(frozen=True)
class Measured:
    """A run that was measured, what was found, and the progress it reported."""

    run: Run
    found: Robustness
    seen: list[tuple[int, int]]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    run, seen = make_trained(tmp_path_factory.mktemp("runs") / "made-1"), []
    found = measure(run, progress=lambda done, total, note="": seen.append((done, total)))
    return Measured(run, found, seen)


def test_the_report_is_kept_and_read_back(measured: Measured) -> None:
    report, file = measured.found.report, measured.found.file
    assert file == measured.run.folder / FILE
    assert repr(read_robustness(file)) == repr(report)
    assert [row.transformation.name for row in report.rows] == ["none", "sharpen 3", "binary 0.5"]
    assert report.baseline.transformation.kind == "none"
    assert (report.measured, report.calibrated, report.unit, report.n_units) == (80, 40, "image", 80)
    assert report.attributes == DATA.attributes
    kept = json.loads(file.read_text())
    assert (kept["provenance"]["n_images"], kept["provenance"]["split"]) == (80, "test")
    assert not (measured.run.folder / FOLDER).exists()


def test_progress_counts_images_to_the_end(measured: Measured) -> None:
    assert measured.seen == sorted(measured.seen)
    assert measured.seen[-1][0] == measured.seen[-1][1] == 80 + 2


def test_a_stopped_job_goes_on_and_the_numbers_are_the_same(measured: Measured, tmp_path: Path) -> None:
    run = make_trained(tmp_path / "made-1")

    def stop(done: int, total: int, note: str = "") -> None:
        if done > 70:  # in the second piece of 64 images
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(run, progress=stop)
    assert len(list((run.folder / FOLDER).glob("pieces-*/*.npy"))) == 2
    assert not (run.folder / FILE).exists()
    seen = []
    again = measure(run, progress=lambda done, total, note="": seen.append(done))
    assert repr(again.report) == repr(measured.found.report)
    assert sorted(set(seen)) == [2, 66, 82]  # calibration and the first piece as wholes
    assert not (run.folder / FOLDER).exists()


def test_a_whole_file_is_kept_and_other_settings_are_other_work(measured: Measured) -> None:
    stamp = measured.found.file.stat().st_mtime_ns
    notes = []
    again = measure(measured.run, progress=lambda *_: notes.append(1))
    assert (repr(again.report), notes) == (repr(measured.found.report), [])
    assert measured.found.file.stat().st_mtime_ns == stamp


def test_another_seed_draws_other_images_and_noise(measured: Measured, tmp_path: Path) -> None:
    run = make_trained(tmp_path / "made-1")
    few = replace(SETTINGS, n_images=30)
    one, other = (measure(run, replace(few, seed=seed)).report for seed in (0, 1))
    assert (one.measured, other.settings.seed) == (30, 1)
    assert repr(one.rows) != repr(other.rows)
    assert repr(measured.found.report.rows) != repr(one.rows)


def test_too_few_images_untrained_runs_and_other_files_are_refused(tmp_path: Path) -> None:
    run = make_trained(tmp_path / "made-1")
    with pytest.raises(DataError, match="at least 8 images of the split 'test'"):
        measure(run, replace(SETTINGS, n_images=4))
    with pytest.raises(DataError, match="split 'validation'"):
        measure(run, data=make_data(20))
    with pytest.raises(RunError, match="Make it with `mamviz robustness`"):
        read_robustness(run.folder / FILE)
    run.model_file.unlink()
    with pytest.raises(RunError, match="training has not finished"):
        measure(run)
