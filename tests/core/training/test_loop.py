"""Training: it learns, repeats itself bit for bit, goes on after a kill, and stops at a loss that is not finite."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mamviz.config import PEAK_RATES, RunConfig, from_dict
from mamviz.distributed import Group
from mamviz.errors import ConfigError, DataError, RunError, TrainingError
from mamviz.models.network import Outputs
from mamviz.models.weights import build_network, load_network, write_network
from mamviz.run import file_sha256
from mamviz.schema import EpochRow
from mamviz.training import gradients
from mamviz.training.checkpoint import Shrinking, read_checkpoint
from mamviz.training.loop import autocast_dtype, make_optimizer, train
from mamviz.training.prediction import predict
from tests.core.limited import run_limited
from tests.core.made import make_config, make_data, make_run
from tests.core.models.stirred import stir


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.slow
def test_a_planted_answer_is_learned(tmp_path: Path) -> None:
    data = make_data(160)
    run = make_run(tmp_path / "made-1", make_config(epochs=20), data)
    rows = train(run, data)
    assert [row.epoch for row in rows] == list(range(1, 21))
    assert rows[-1].train_loss < 0.5 * rows[0].train_loss
    test = data.select("test")
    logits = predict(load_network(run), data, test)
    assert ((logits > 0) == data.labels[test]).mean() > 0.9


@pytest.mark.slow
def test_shuffled_labels_are_not_learned(tmp_path: Path) -> None:
    data = make_data(160)
    shuffled = replace(data, labels=data.labels[np.random.default_rng(0).permutation(160)])
    run = make_run(tmp_path / "made-1", make_config(epochs=20), shuffled)
    train(run, shuffled)
    test = data.select("test")
    logits = predict(load_network(run), shuffled, test)
    assert ((logits > 0) == shuffled.labels[test]).mean() < 0.75


@pytest.mark.parametrize("epochs", [1, 2, 3, 4, 5])
def test_a_training_of_a_few_steps_ends_as_any_other(tmp_path: Path, epochs: int) -> None:
    """Of four steps in all, the rate's rise took one, and torch divided by zero."""
    data = make_data(20)
    run = make_run(tmp_path / "made-1", make_config(epochs=epochs, batch_size=14), data)  # one step an epoch
    rows = train(run, data)
    assert [row.epoch for row in rows] == list(range(1, epochs + 1))
    assert all(np.isfinite(row.train_loss) for row in rows)


def test_metrics_are_written_after_each_epoch(tmp_path: Path) -> None:
    data = make_data()
    run = make_run(tmp_path / "made-1", make_config(), data)
    rows = train(run, data)
    with run.metrics_file.open(newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [float(row["train_loss"]) for row in table] == [row.train_loss for row in rows]
    assert not run.resume_file.exists()


def test_each_epoch_is_told_once_when_it_is_on_disk_and_a_resumed_run_tells_the_rest(tmp_path: Path) -> None:
    data = make_data()
    run = make_run(tmp_path / "made-1", make_config(epochs=3), data)
    told: list[EpochRow] = []

    def hear(row: EpochRow) -> None:
        assert read_checkpoint(run.resume_file).rows[-1] == row
        assert len(run.metrics_file.read_text().splitlines()) == 1 + row.epoch
        told.append(row)
        if row.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(run, data, on_epoch=hear)
    assert [row.epoch for row in told] == [1, 2]
    assert train(run, data, on_epoch=hear) == tuple(told)
    assert [row.epoch for row in told] == [1, 2, 3]


def test_the_same_seed_gives_the_same_bits_and_another_does_not(tmp_path: Path) -> None:
    data = make_data()
    digests = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        run = make_run(tmp_path / name, replace(make_config(), seed=seed), data)
        torch.rand(3)  # what was drawn before must not matter
        train(run, data)
        digests.append(tensors(load_network(run)))
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("stop_at", [1, 2, 3, 5, 6, 7, 11])
def test_a_run_stopped_at_any_step_ends_with_the_bits_of_one_that_was_not(tmp_path: Path, stop_at: int) -> None:
    data = make_data()  # 38 train images, 4 steps an epoch, a checkpoint every 2
    whole = make_run(tmp_path / "whole", make_config(epochs=3), data)
    expected = train(whole, data)
    run = make_run(tmp_path / "stopped", make_config(epochs=3), data)

    def stop(done: int, total: int, note: str = "") -> None:
        if done == stop_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(run, data, progress=stop)
    assert not run.trained
    rows = train(run, data)
    assert [row.train_loss for row in rows] == [row.train_loss for row in expected]
    assert file_sha256(run.model_file) == file_sha256(whole.model_file)


def test_a_loss_that_is_not_finite_names_the_step_and_the_images(tmp_path: Path) -> None:
    data = make_data()
    run = make_run(tmp_path / "made-1", make_config(learning_rate=1e30, clip=0.0, precision="float32"), data)
    with pytest.raises(TrainingError, match=r"step \d+: expected a finite loss, got nan.* images \d{3}\.png"):
        train(run, data)


def test_no_training_images_is_one_line(tmp_path: Path) -> None:
    data = make_data()
    data.split[:] = 2
    run = make_run(tmp_path / "made-1", make_config(), data)
    with pytest.raises(DataError, match="split 'train', found none"):
        train(run, data)


def test_a_damaged_checkpoint_is_refused_by_name(tmp_path: Path) -> None:
    data = make_data()
    run = make_run(tmp_path / "made-1", make_config(), data)
    run.resume_file.write_bytes(b"PK no checkpoint")
    with pytest.raises(RunError, match=r"resume\.pt: can't be read as a checkpoint"):
        train(run, data)


def test_a_second_run_of_the_same_name_is_refused(tmp_path: Path) -> None:
    data = make_data()
    make_run(tmp_path / "made-1", make_config(), data)
    with pytest.raises(RunError, match="holds a run already"):
        make_run(tmp_path / "made-1", make_config(), data)


def test_vectors_are_not_decayed() -> None:
    layer = torch.nn.Linear(3, 2)
    decayed, free = make_optimizer(layer, make_config()).param_groups
    assert decayed["lr"] == PEAK_RATES["small"]
    assert decayed["weight_decay"] == make_config().train.weight_decay
    assert [p.shape for p in decayed["params"]] == [(2, 3)]
    assert free["weight_decay"] == 0
    assert [p.shape for p in free["params"]] == [(2,)]


def test_precision_is_what_was_asked_for() -> None:
    assert autocast_dtype(make_config(precision="float32").train, "cpu") is None
    assert autocast_dtype(make_config(precision="bfloat16").train, "cpu") is torch.bfloat16


@pytest.mark.slow
def test_two_processes_train_one_network(tmp_path: Path) -> None:
    data = make_data(160)
    run = make_run(tmp_path / "made-1", make_config(epochs=24, batch_size=16), data)
    root = Path(__file__).parents[3]
    script = tmp_path / "work.py"
    script.write_text(
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from mamviz.distributed import joined; from mamviz.run import open_run\n"
        "from mamviz.training.loop import train; from tests.core.made import make_data\n"
        "with joined('cpu') as group:\n"
        "    rows = train(open_run(Path(sys.argv[1])), make_data(160), group=group)\n"
        "    assert rows[-1].train_loss < rows[0].train_loss\n"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    subprocess.run([*command, script, run.folder, root], check=True, capture_output=True, timeout=300)
    test = data.select("test")
    assert ((predict(load_network(run), data, test) > 0) == data.labels[test]).mean() > 0.85


def full_above(most: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let memory run out in the loss of more than `most` images; return a list of all that were tried."""
    true_loss, tried = gradients.total_loss, []

    def total_loss(outputs: Outputs, *others: object) -> torch.Tensor:
        tried.append(len(outputs.logits))
        if len(outputs.logits) > most:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return true_loss(outputs, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(gradients, "total_loss", total_loss)
    return tried


def test_a_batch_that_is_too_large_is_trained_on_in_parts_from_there_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, notes = make_data(), []
    run = make_run(tmp_path / "made-1", make_config(epochs=1), data)
    tried = full_above(3, monkeypatch)
    rows = train(run, data, progress=lambda done, total, note="": notes.append(note))
    assert tried == [8, 4, *([2] * 20)]  # 5 steps of 8 images
    assert np.isfinite(rows[-1].train_loss)
    assert all(note.endswith(", memory ran out in step 0, now 2 images at once") for note in notes)
    assert (run.folder / "memory.csv").read_text() == "step,images\n0,2\n"


def test_a_resumed_run_goes_on_with_the_same_parts_and_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = make_data()
    whole, run = (make_run(tmp_path / name, make_config(epochs=2), data) for name in ("whole", "stopped"))
    tried = full_above(4, monkeypatch)
    train(whole, data)

    def stop(done: int, total: int, note: str = "") -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(run, data, progress=stop)
    assert read_checkpoint(run.resume_file).shrunk == (Shrinking(step=0, images=4),)
    tried.clear()
    train(run, data)
    assert set(tried) == {4}
    assert file_sha256(run.model_file) == file_sha256(whole.model_file)


def test_where_one_image_is_too_much_the_last_checkpoint_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_data()
    run = make_run(tmp_path / "made-1", make_config(epochs=2), data)
    before: list[int] = []

    def fill_up(row: EpochRow) -> None:
        before.append(read_checkpoint(run.resume_file).step)
        full_above(0, monkeypatch)

    with pytest.raises(ConfigError, match="room for one image at once"):
        train(run, data, on_epoch=fill_up)
    assert before == [5] == [read_checkpoint(run.resume_file).step]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and a limit of memory")
def test_training_ends_well_where_memory_is_short(tmp_path: Path) -> None:
    """64 images of 128 pixels need 700 MB at once; the true allocator fails, and parts of the batch fit."""
    script = """
from mamviz.config import RunConfig, from_dict
from mamviz.training.loop import train
from tests.core.made import make_data, make_run
settings = {"data": {"size": 128}, "model": {"channels": 4}, "train": {"epochs": 1, "batch_size": 64, "threads": 1}}
data = make_data(110, size=128)
run = make_run(Path(sys.argv[1]), from_dict(RunConfig, settings), data)
notes = []
limit(400)
rows = train(run, data, progress=lambda done, total, note="": notes.append(note))
print(notes[-1], np.isfinite(rows[-1].train_loss), run.trained)
"""
    said = run_limited(script, tmp_path / "made-1")
    assert re.search(r"memory ran out in step 0, now (32|16|8) images at once True True$", said.strip()), said


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_training_ends_well_on_a_full_gpu(tmp_path: Path) -> None:
    settings = {"data": {"size": 128}, "train": {"epochs": 1, "batch_size": 256, "threads": 1}}
    data = make_data(500, size=128)
    run = make_run(tmp_path / "made-1", from_dict(RunConfig, settings), data)
    notes: list[str] = []
    torch.cuda.set_per_process_memory_fraction(2**31 / torch.cuda.get_device_properties(0).total_memory)
    try:
        rows = train(run, data, group=Group(device="cuda"), progress=lambda done, total, note="": notes.append(note))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert "memory ran out in step 0" in notes[-1]
    assert np.isfinite(rows[-1].train_loss)


def test_a_batch_smaller_than_the_processes_is_refused(tmp_path: Path) -> None:
    data = make_data()
    run = make_run(tmp_path / "made-1", make_config(batch_size=2), data)
    with pytest.raises(ConfigError, match=r"--batch-size: .* each of 3 processes, got 2 in all"):
        train(run, data, group=Group(world=3))


def test_what_a_killed_process_was_writing_is_removed(tmp_path: Path) -> None:
    data = make_data()
    run = make_run(tmp_path / "made-1", make_config(epochs=1), data)
    (run.folder / ".resume.123-ab.pt").write_bytes(b"half")
    train(run, data)
    assert not list(run.folder.glob(".*"))


def tensors(network: torch.nn.Module) -> bytes:
    return b"".join(value.numpy().tobytes() for value in network.state_dict().values())


def test_training_starts_from_the_weights_that_are_given_and_puts_them_away(tmp_path: Path) -> None:
    data = make_data()
    first = make_run(tmp_path / "first", make_config(learning_rate=1e-9, ema_decay=0.0), data)
    network = build_network(first.config, n_attributes=4)
    stir(network, 3)
    write_network(first.start_file, network, config=first.config, attributes=first.attributes)
    train(first, data)
    given, trained = network.state_dict(), load_network(first).state_dict()
    assert all(
        torch.allclose(given[name], trained[name], atol=1e-6)
        for name in given
        if "running" not in name and "num" not in name
    )
    assert not first.start_file.exists()


def test_starting_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    data = make_data()
    run = make_run(tmp_path / "run", make_config(), data)
    other = make_config()
    other = replace(other, model=replace(other.model, channels=5))
    write_network(run.start_file, build_network(other, n_attributes=4), config=other, attributes=run.attributes)
    with pytest.raises(RunError, match=r"start\.safetensors: does not fit its run\.json"):
        train(run, data)
