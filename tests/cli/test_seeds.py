"""Families of runs that differ in their seed alone."""

from __future__ import annotations

import json

import pytest
from safetensors.numpy import load_file

from mamviz.errors import ConfigError, RunError
from mamviz.run import open_run
from mamviz.training import loop
from mamviz_cli.seeds import newest_family, next_family, parse_seeds

TINY = ("--size", "32", "--epochs", "1", "--batch-size", "16", "--channels", "8", "--checkpoint-steps", "1")


@pytest.fixture(scope="module")
def family(data_options, tmp_path_factory: pytest.TempPathFactory):
    """A world with two runs of one family, and how their training ended."""
    from tests.cli.conftest import World

    world = World(tmp_path_factory.mktemp("family"))
    ended = world("train", *data_options, *TINY, "--seeds", "0,7", "--json")
    (world.folder / "train.err").write_text(ended.err)
    (world.folder / "train.json").write_text(json.dumps(ended.json))
    return world


def test_a_run_is_trained_for_each_seed_and_says_its_family(family) -> None:
    names = ["few-1-seed-0", "few-1-seed-7"]
    assert sorted(path.name for path in family.runs.iterdir()) == names
    runs = [open_run(family.runs / name) for name in names]
    assert [run.config.seed for run in runs] == [run.record["seed"] for run in runs] == [0, 7]
    assert [run.record["family"] for run in runs] == ["few-1", "few-1"]
    assert all(run.trained for run in runs)
    assert runs[0].model_file.read_bytes() != runs[1].model_file.read_bytes()
    assert json.loads((family.folder / "train.json").read_text())["runs"] == names
    lines = (family.folder / "train.err").read_text().splitlines()
    assert [line for line in lines if line.startswith("next: ")] == [f"next: `mamviz stability {' '.join(names)}`"]


def test_a_run_of_a_family_is_the_one_that_its_seed_alone_gives(family, data_options) -> None:
    family("train", *data_options, *TINY, "--seed", "7", "--name", "alone")
    alone = open_run(family.runs / "alone")
    assert alone.record["family"] is None
    own = open_run(family.runs / "few-1-seed-7")
    ours, theirs = load_file(own.model_file), load_file(alone.model_file)
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_the_same_command_keeps_what_is_whole_and_trains_what_is_missing(family, data_options) -> None:
    times = {name: (family.runs / name / "model.safetensors").stat().st_mtime_ns for name in ("few-1-seed-0",)}
    ended = family("train", *data_options, *TINY, "--seeds", "0,3", "--name", "few-1")
    assert "few-1-seed-0 is there already and kept" in ended.err
    assert "training" in ended.err
    assert open_run(family.runs / "few-1-seed-3").trained
    for name, before in times.items():
        assert (family.runs / name / "model.safetensors").stat().st_mtime_ns == before


def test_other_settings_are_refused_before_anything_is_trained(family, data_options) -> None:
    words = family.fails_later("train", *data_options, *TINY, "--batch-size", "8", "--seeds", "99,0", "--name", "few-1")
    assert "few-1-seed-0: holds a run with other settings already" in words
    assert "another --name" in words
    assert not (family.runs / "few-1-seed-99").exists()


def test_a_stopped_family_goes_on_with_the_command_it_names(
    world, data_options, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_step, steps = loop.take_step, []

    def stop_in_the_second(*arguments: object, **named: object) -> None:
        steps.append(None)
        if len(steps) == 6:
            raise KeyboardInterrupt
        true_step(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "take_step", stop_in_the_second)
    options = ("train", *data_options, *TINY, "--seeds", "1,2,4")
    last = world(*options, code=130).err.splitlines()[-1]
    assert last.startswith(f"mamviz: stopped; {world.runs / 'few-1-seed-2'} keeps what was trained")
    command = last.partition("Go on with `")[2].removesuffix("`.")
    assert command.startswith("mamviz train --data ")
    assert "--seeds 1,2,4" in command
    assert command.endswith("--name few-1")
    assert open_run(world.runs / "few-1-seed-1").trained
    assert not open_run(world.runs / "few-1-seed-2").trained
    monkeypatch.setattr(loop, "take_step", true_step)
    ended = world(*options, "--name", "few-1", "--json")
    assert "few-1-seed-1 is there already and kept" in ended.err
    assert "going on with" in ended.err
    assert ended.json["runs"] == ["few-1-seed-1", "few-1-seed-2", "few-1-seed-4"]
    assert all(open_run(world.runs / name).trained for name in ended.json["runs"])


@pytest.mark.parametrize("text", ["", "3", "1,1", "1,,2", "1,-2", "1,two", "0 1"])
def test_what_is_no_list_of_seeds_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--seeds: expected two or more different whole numbers"):
        parse_seeds(text)


def test_seeds_are_read_with_or_without_spaces() -> None:
    assert parse_seeds("0, 12,3") == (0, 12, 3)


def test_seeds_do_not_go_with_a_seed_or_resume(world) -> None:
    assert "--seed: expected none with --seeds" in world.fails("train", "--seeds", "0,1", "--seed", "3")
    assert "--resume: expected none with --seeds" in world.fails("train", "--resume", "--seeds", "0,1")
    assert "--seeds: expected two or more" in world.fails("train", "--seeds", "0")
    assert not world.runs.exists()


def test_a_new_family_takes_no_name_that_a_run_or_family_has(tmp_path) -> None:
    assert next_family(tmp_path / "none", "faces") == "faces-1"
    for name in ("faces-1", "faces-3-seed-0", "faces-3-seed-1", "other-9", "faces-11-seeds"):
        (tmp_path / name).mkdir()
    assert next_family(tmp_path, "faces") == "faces-4"


def test_the_newest_family_is_found_by_its_record(family, tmp_path) -> None:
    found = newest_family(family.runs)
    assert {run.record["family"] for run in found} == {"few-1"}
    seeds = [run.config.seed for run in found]
    assert seeds == sorted(seeds)
    assert len(seeds) >= 2
    with pytest.raises(RunError, match="mamviz train --seeds 0,1,2"):
        newest_family(tmp_path)
