"""A process that is killed: the others end soon with one line, and the same command goes on from what they kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import pytest

from tests.cli.conftest import SMALL, World
from tests.cli.killed import Killing, run_killed
from tests.core.store.samebits import assert_same_bits

pytestmark = pytest.mark.slow


@pytest.fixture
def own(small, tmp_path: Path) -> World:
    """Return a copy of the small world."""
    shutil.copytree(small.folder, tmp_path / "own")
    return World(tmp_path / "own")


def assert_lost(job, rank: int, world: int, kept: str) -> None:
    assert job.code != 0
    assert len(job.said) == 1, job.err
    assert f"process {rank} of {world}, counted from 0, ended (killed, or out of memory)" in job.said[0]
    assert kept in job.said[0]
    assert "[rank" not in job.err  # torch's prefix of a traceback


@pytest.mark.parametrize(
    ("killing", "world"),
    [
        (Killing(1, "mamviz.store.masks:Writer", "write_logits", 9), 2),
        (Killing(0, "mamviz.store.masks:Writer", "write_block", 9), 2),
        (Killing(2, "mamviz.store.masks:Writer", "write_block", 5), 4),
    ],
)
def test_masks_go_on_from_the_blocks_that_all_processes_had_finished(small, own, killing: Killing, world: int) -> None:
    small("extract-masks", "few-1", "--raw", "20")
    for file in (own.runs / "few-1").glob("*masks*"):
        file.unlink()
    command = ("extract-masks", own.runs / "few-1", "--raw", "20", "--batch-size", "64")
    job = run_killed(own.folder, killing, *command, *own.common, world=world)
    assert_lost(job, killing.rank, world, "finished blocks of all processes are kept in")
    done = count_blocks(own.runs / "few-1")
    assert done > killing.calls / 2
    ended = own(*command)
    assert "of 96," not in ended.err  # not all images again
    assert_same_bits(own.runs / "few-1" / "masks.h5", small.runs / "few-1" / "masks.h5")
    assert not list((own.runs / "few-1").glob("*part*"))


def test_training_goes_on_from_its_last_checkpoint(world, data_options) -> None:
    command = ("train", *data_options, *SMALL, "--checkpoint-steps", "2", "--name", "killed")
    killing = Killing(1, "mamviz.training.loop", "update_average", 5)
    job = run_killed(world.folder, killing, *command, *world.common)
    run = world.runs / "killed"
    assert_lost(job, 1, 2, f"{run} keeps what was trained up to its last checkpoint")
    assert f"Go on with `mamviz train --resume {run}`, alone or under torchrun." in job.said[0]
    assert sorted(path.name for path in run.iterdir() if path.name.startswith((".", "model"))) == []
    world("train", "--resume", run)
    assert (run / "model.safetensors").is_file()


def test_an_evaluation_writes_nothing(small, own) -> None:
    before = sorted(own.runs.rglob("*"))
    killing = Killing(0, "mamviz.models.network:MaskNetwork", "classify", 0)
    job = run_killed(own.folder, killing, "evaluate", own.runs / "few-1", *own.common)
    assert_lost(job, 0, 2, "nothing was written, the same command begins again.")
    assert sorted(own.runs.rglob("*")) == before


def test_memory_that_runs_out_on_one_process_is_told_by_it_alone(world, data_options) -> None:
    """The others, which end because of it, have nothing to add."""
    command = ("train", *data_options, *SMALL, "--checkpoint-steps", "2", "--name", "full")
    killing = Killing(1, "mamviz.training.gradients", "total_loss", 4, "full")
    job = run_killed(world.folder, killing, *command, *world.common)
    assert job.code != 0
    assert len(job.said) == 1, job.err
    assert "process 1: memory ran out: expected room for the 8 images of a process" in job.said[0]
    assert "smaller --batch-size" in job.said[0]
    assert "[rank" not in job.err
    assert (world.runs / "full" / "resume.pt").is_file()


def count_blocks(run: Path) -> int:
    total = 0
    for file in run.glob("masks.part-*.h5"):
        with h5py.File(file) as handle:
            total += int(handle["blocks/done"][:].sum())
    return total
