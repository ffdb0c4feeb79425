from __future__ import annotations

import os
from pathlib import Path

import pytest

from mamviz.config import RunConfig, to_dict
from mamviz.errors import RunError
from mamviz.run import write_json
from mamviz_cli.opening import find_run, find_unfinished, list_runs


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three runs, a to c, started in this order; b has finished."""
    root = tmp_path / "runs"
    for number, name in enumerate("abc"):
        record = {"schema_version": 1, "attributes": ["Male"], "config": to_dict(RunConfig())}
        write_json(root / name / "run.json", record)
        os.utime(root / name / "run.json", (1000 + number, 1000 + number))
    (root / "b" / "model.safetensors").touch()
    return root


def test_the_newest_run_comes_first(runs: Path) -> None:
    assert [folder.name for folder in list_runs(runs)] == ["c", "b", "a"]
    assert find_run(None, runs).name == "c"


def test_a_run_is_found_by_name_and_by_folder(runs: Path) -> None:
    assert find_run("a", runs).folder == runs / "a"
    assert find_run(str(runs / "b"), runs).name == "b"
    assert find_run(None, runs / "none") is None
    with pytest.raises(RunError, match=r"z: expected a run folder .* Runs: c, b, a\."):
        find_run("z", runs)


def test_the_newest_unfinished_run_is_gone_on_with(runs: Path) -> None:
    assert find_unfinished(None, runs).name == "c"
    (runs / "c" / "model.safetensors").touch()
    assert find_unfinished(None, runs).name == "a"
    with pytest.raises(RunError, match="this one has finished"):
        find_unfinished("c", runs)
    (runs / "a" / "model.safetensors").touch()
    with pytest.raises(RunError, match="expected an unfinished run, found none"):
        find_unfinished(None, runs)
