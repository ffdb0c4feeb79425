"""A new run in one call is the run that the parts make."""

from __future__ import annotations

from pathlib import Path

import pytest

import mamviz
from mamviz.errors import RunError
from mamviz.schema import EpochRow
from mamviz.training.fresh import train_run
from mamviz.training.loop import train
from tests.core.made import make_config, make_data, make_run


def test_one_call_gives_the_bits_of_the_two_that_it_makes(tmp_path: Path) -> None:
    data, config = make_data(60), make_config()
    rows: list[EpochRow] = []
    whole = train_run(tmp_path / "whole", config, data, on_epoch=rows.append)
    parts = make_run(tmp_path / "parts", config, data)
    train(parts, data)
    assert whole.trained
    assert whole.model_file.read_bytes() == parts.model_file.read_bytes()
    assert [row.epoch for row in rows] == [1, 2]


def test_the_run_says_when_and_by_which_version_it_was_made(tmp_path: Path) -> None:
    run = mamviz.train_run(str(tmp_path / "a"), make_config(epochs=1), make_data(60), created="2026-02-03T04:05:06")
    assert run.record["created"] == "2026-02-03T04:05:06"
    assert run.record["versions"]["mamviz"] == mamviz.__version__
    assert mamviz.load_run(tmp_path / "a").config == make_config(epochs=1)


def test_a_folder_that_holds_a_run_is_refused_and_left_alone(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", make_config(), make_data(60))
    before = (run.folder / "run.json").read_bytes()
    with pytest.raises(RunError, match="holds a run already"):
        train_run(tmp_path / "a", make_config(), make_data(60))
    assert (run.folder / "run.json").read_bytes() == before
    assert not run.trained
