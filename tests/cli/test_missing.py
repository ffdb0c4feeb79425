"""Before any run, after half a run, and with masks that are missing or outdated."""

from __future__ import annotations

import shutil

import pytest

from mamviz.run import file_sha256, open_run
from mamviz.store.masks import mask_provenance
from mamviz.training import loop
from mamviz_cli import missing
from tests.cli.started import load_modules

FIRST = ("--faces", "64", "--size", "32", "--epochs", "1")


def test_before_any_run_a_command_says_what_it_does_and_does_it(world) -> None:
    ended = world("prune-report", *FIRST, "--json")
    lines = ended.err.splitlines()
    assert lines[0].startswith(f"no run under {world.runs}/: training one on the built-in faces first;")
    assert any("masks.h5 is missing: extracting the masks of all images first" in line for line in lines)
    assert ended.out.startswith("Channels: ")  # stdout has what was asked for, and no more
    assert ended.out.count("\n{") == 1
    run = open_run(world.runs / "faces-1")
    assert (run.config.data.n_faces, run.config.data.size, run.config.train.epochs) == (64, 32, 1)
    assert run.trained
    assert len(ended.json["rows"]) == run.config.model.channels
    again = world("extract-masks", *FIRST, "--json")
    assert "are for a first run" in again.err
    assert again.json["n_images"] == 64
    assert [path.name for path in world.runs.iterdir()] == ["faces-1"]


def test_the_length_of_a_default_training_is_said(world, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(missing, "train_new", stop)
    for command in ("extract-masks", "correlate", "evaluate", "show"):
        lines = world(command, code=130).err.splitlines()
        assert missing.FIRST_TRAINING in lines[0]


@pytest.fixture
def copied(small, world):
    """A copy of the small world, to be damaged."""
    for name in ("runs", "cache"):
        shutil.copytree(small.folder / name, world.folder / name)
    for run in world.runs.iterdir():
        if run.name != "few-1":
            shutil.rmtree(run)
    return world


def test_an_unfinished_run_is_finished_first(world, data_options, monkeypatch: pytest.MonkeyPatch) -> None:
    true_step, steps = loop.take_step, []

    def stop_at_the_third(*arguments: object, **named: object) -> None:
        steps.append(None)
        if len(steps) == 4:
            raise KeyboardInterrupt
        true_step(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "take_step", stop_at_the_third)
    options = ("--size", "32", "--epochs", "2", "--batch-size", "16", "--channels", "8", "--checkpoint-steps", "1")
    stopped = world("train", *data_options, *options, code=130)
    assert "mamviz train --resume" in stopped.err.splitlines()[-1]
    monkeypatch.setattr(loop, "take_step", true_step)
    ended = world("extract-masks", "--json")
    assert "few-1 is unfinished: going on with it first" in ended.err
    assert ended.json["n_images"] == 96
    assert open_run(world.runs / "few-1").trained


def test_masks_of_older_weights_are_extracted_again(copied) -> None:
    copied("extract-masks", "few-1", "--split", "test")
    run = open_run(copied.runs / "few-1")
    kept = copied("prune-report", "--images", "0")
    assert "extracting" not in kept.err
    assert mask_provenance(run.masks_file).split == "test"  # what the user chose is not replaced
    changed = bytearray(run.model_file.read_bytes())
    changed[-2] ^= 1  # another weight in its last digits
    run.model_file.write_bytes(changed)
    ended = copied("prune-report", "--images", "0")
    assert "is of older weights: extracting" in ended.err
    assert mask_provenance(run.masks_file).model_sha256 == file_sha256(run.model_file)


def test_a_masks_file_that_cannot_be_read_is_not_replaced(copied) -> None:
    run = open_run(copied.runs / "few-1")
    run.masks_file.write_bytes(b"no HDF5")
    assert "truncated, or no HDF5 file" in copied.fails("correlate")
    assert run.masks_file.read_bytes() == b"no HDF5"


def test_several_processes_do_not_train_on_the_way(world, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "Run that one by itself" in world.fails_later("correlate", *FIRST)
    assert not world.runs.exists()


def test_a_masks_file_by_itself_is_enough(small, world) -> None:
    small("extract-masks", "few-1")
    mine = world.folder / "mine" / "masks.h5"
    mine.parent.mkdir()
    shutil.copy(small.runs / "few-1" / "masks.h5", mine)
    alone = world("prune-report", mine, "--json")
    assert alone.json["rows"] == small("prune-report", "few-1", "--images", "0", "--json").json["rows"]
    assert "a masks file by itself: without its network and images nothing is measured" in alone.err
    assert "pruning" not in alone.json
    assert (mine.parent / "tables" / "channels.csv").is_file()
    assert {path.name for path in mine.parent.iterdir()} == {"masks.h5", "tables", "figures"}
    assert alone.json["run"] == "few-1"


def test_a_masks_file_of_another_name_has_its_results_in_a_folder_of_its_own(small, world) -> None:
    small("extract-masks", "few-1")
    expected = small("correlate", "few-1", "--top", "2", "--json").json["tables"][0]["rows"]
    for name in ("first.h5", "second.h5"):
        shutil.copy(small.runs / "few-1" / "masks.h5", world.folder / name)
        ended = world("correlate", world.folder / name, "--top", "2", "--attribute", "Male", "--json")
        assert ended.json["tables"][0]["rows"] == [row for row in expected if row["target"] == "Male"]
    names = ["first-results", "first.h5", "second-results", "second.h5"]
    assert sorted(path.name for path in world.folder.iterdir()) == names
    own = {path.name for path in (world.folder / "first-results").iterdir()}
    assert own == {"analysis.h5", "tables", "figures"}


def test_a_file_that_is_no_masks_file_is_refused_by_name(world) -> None:
    (world.folder / "notes.txt").write_text("no masks")
    assert "notes.txt: truncated, or no HDF5 file" in world.fails("correlate", world.folder / "notes.txt")
    assert "notes.txt: truncated, or no HDF5 file" in world.fails("prune-report", world.folder / "notes.txt")


@pytest.mark.parametrize("arguments", [("correlate", "few-1/masks.h5"), ("prune-report", "few-1", "--images", "0")])
def test_what_only_reads_masks_starts_without_torch(small, arguments: tuple[str, ...]) -> None:
    small("extract-masks", "few-1")
    command, given, *options = arguments
    ended = load_modules(command, str(small.runs / given), *options, *small.common)
    assert ended.code == 0, ended.err
    assert "h5py" in ended.modules
    assert "torch" not in ended.modules
