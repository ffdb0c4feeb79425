from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mamviz.run import open_run
from mamviz.training import gradients, loop

# As `mamviz`, but Ctrl-C works where the shell of the tests ignores it.
START = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from mamviz_cli.app import main
sys.argv = ["mamviz", *sys.argv[1:]]
main()
"""
LONG = (
    "--size",
    "32",
    "--epochs",
    "4",
    "--batch-size",
    "8",
    "--channels",
    "8",
    "--checkpoint-steps",
    "2",
    "--seed",
    "5",
)


def read_metrics(run: Path) -> list[list[float]]:
    lines = (run / "metrics.csv").read_text().splitlines()
    return [[float(value) for value in line.split(",")] for line in lines[1:]]


def test_json_agrees_with_metrics_and_with_what_was_printed(small) -> None:
    figures = json.loads((small.folder / "train.json").read_text())
    rows = [list(row.values()) for row in figures["epochs"]]
    assert rows == read_metrics(small.runs / "few-1")
    assert figures["run"] == "few-1"
    assert figures["n_images"] == 96
    printed = (small.folder / "train.out").read_text()
    assert printed.startswith("part ")  # the architecture comes first
    for number, row in enumerate(figures["epochs"], start=1):
        accuracy = f"{100 * row['train_accuracy']:.2f} %"
        assert f"epoch {number} of 2: loss {row['train_loss']:.4f}, accuracy {accuracy}" in printed
    assert printed.count("epoch ") == 2 + printed.splitlines()[-1].count("epoch ")


def test_run_json_says_what_was_typed_and_the_threads(small, table) -> None:
    run = open_run(small.runs / "few-1")
    assert run.record["command"][:2] == ["mamviz", "train"]
    assert str(table) in run.record["command"]
    assert run.config.train.threads == 1
    assert run.config.data.source == str(table)
    assert (run.folder / "figures" / "training.png").is_file()
    assert (run.folder / "figures" / "network.svg").is_file()
    assert run.trained


def test_runs_are_numbered(small, data_options) -> None:
    again = small("train", *data_options, "--size", "32", "--epochs", "1", "--channels", "8", "--json")
    assert again.json["run"] == "few-2"
    assert "few-2" in small.fails_later("train", *data_options, "--size", "32", "--name", "few-2")


def test_a_dry_run_counts_and_writes_nothing(world, data_options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world.folder)
    ended = world("train", *data_options, "--size", "32", "--channels", "8", "--dry-run", "--json")
    assert list(world.folder.iterdir()) == []
    assert (ended.json["n_images"], ended.json["n_attributes"]) == (96, 6)
    total = sum(ended.json["parameters"].values())
    assert f"{total:,} parameters in all" in ended.out
    assert "memory " in ended.out
    assert ended.json["time"]["seconds"] > 0
    assert re.search(r"time \d+ s \(\d+ images/s\)", ended.out)
    assert (ended.json["n_train"], ended.json["n_validation"]) == (48, 16)
    assert "extract-masks: memory " in ended.out
    assert ended.json["extraction"]["disk_bytes"] > 0
    faces = world("train", "--faces", "5000", "--dry-run", "--json").json
    large = world("train", "--faces", str(10**12), "--size", "32", "--channels", "8", "--dry-run")
    assert re.search(r"note: .* has .*B free, .*B are needed", large.err)
    assert (faces["n_images"], faces["n_attributes"]) == (5000, 40)
    assert faces["disk_bytes"] > 5000 * 3 * 64 * 64
    assert list(world.folder.iterdir()) == []


def test_a_folder_in_celebas_layout_is_trained_on_under_its_name(world, faces_folder) -> None:
    ended = world("train", "--data", faces_folder, "--size", "32", "--epochs", "1", "--channels", "8", "--json")
    assert ended.json["run"] == "tiny-faces-1"
    assert len(open_run(world.runs / "tiny-faces-1").attributes) == 40
    assert ended.err.count("next: ") == 1


def test_a_run_that_fails_at_once_leaves_no_folder(world, table, data_options) -> None:
    text = table.read_text().replace(",train,", ",test,")
    (world.folder / "no-train.csv").write_text(text)
    options = ["--data", str(world.folder / "no-train.csv"), *data_options[2:]]
    assert "'train', found none" in world.fails_later("train", *options, "--size", "32")
    assert list(world.runs.iterdir()) == []


def test_a_run_that_fails_later_is_kept(world, data_options, monkeypatch: pytest.MonkeyPatch) -> None:
    # a picture whose loss is not finite, after the first epoch
    true_loss, calls = gradients.total_loss, []

    def broken(*arguments: object) -> object:
        calls.append(None)
        return true_loss(*arguments) * (np.nan if len(calls) > 6 else 1.0)  # type: ignore[arg-type]

    monkeypatch.setattr(gradients, "total_loss", broken)
    words = world.fails_later("train", *data_options, *LONG)
    assert "finite loss" in words
    run = open_run(world.runs / "few-1")
    assert run.resume_file.is_file()
    assert not run.trained


def start(world, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", START, *arguments, *world.common]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(file: Path, process: subprocess.Popen[str], *, newer_than: int = 0) -> None:
    until = time.monotonic() + 60
    while not (file.is_file() and file.stat().st_mtime_ns > newer_than):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, f"{file} did not come"
        time.sleep(0.005)


def read_model(run: Path) -> bytes:
    return (run / "model.safetensors").read_bytes()


def test_a_training_killed_and_then_stopped_ends_with_the_bytes_of_one_that_was_not(world, data_options) -> None:
    world("train", *data_options, *LONG, "--name", "whole")
    run = world.runs / "few-1"
    killed = start(world, "train", *data_options, *LONG)
    wait_for(run / "resume.pt", killed)
    killed.kill()
    killed.communicate()
    assert not (run / "model.safetensors").exists()
    stopped = start(world, "train", "--resume")
    wait_for(run / "resume.pt", stopped, newer_than=(run / "resume.pt").stat().st_mtime_ns)
    stopped.send_signal(signal.SIGINT)
    out, err = stopped.communicate(timeout=300)
    assert stopped.returncode == 130, (out, err)
    assert err.splitlines()[-1].startswith(f"mamviz: stopped; {run} keeps what was trained")
    assert err.splitlines()[-1].endswith(f"Go on with `mamviz train --resume {run}`.")
    assert "Traceback" not in err
    assert not (run / "model.safetensors").exists()
    ended = world("train", "--resume", "few-1", "--json")
    assert ended.json["run"] == "few-1"
    assert [row["epoch"] for row in ended.json["epochs"]] == [1, 2, 3, 4]
    assert read_model(run) == read_model(world.runs / "whole")
    assert [row[:5] for row in read_metrics(run)] == [row[:5] for row in read_metrics(world.runs / "whole")]
    assert not (run / "resume.pt").exists()
    assert "this one has finished" in world.fails("train", "--resume", "few-1")


def test_data_that_changed_cannot_be_gone_on_with(world, data_options, table, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    mine = world.folder / "mine.csv"
    mine.write_text(table.read_text())
    monkeypatch.setattr(loop, "_train_epoch", stop)
    world("train", "--data", mine, *data_options[2:], *LONG, code=130)
    first = table.read_text().splitlines()[1]
    turned = first.removesuffix("-1") + "1" if first.endswith("-1") else first.removesuffix("1") + "-1"
    mine.write_text(table.read_text().replace(first, turned, 1))
    assert "has changed since" in world.fails_later("train", "--resume")
