from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mamviz.errors import RunError
from mamviz.models.weights import load_network
from mamviz.pruning.plan import Plan, plan_pruning
from mamviz.pruning.pruned import prune_run
from mamviz.run import file_sha256, open_run
from mamviz.training.evaluation import evaluate_run
from mamviz.training.loop import train
from mamviz.training.prediction import predict
from tests.core.pruning.made_runs import MAKER, QUICK, ask, make_images, make_trained


@pytest.fixture(scope="module")
def data():
    return make_images()


@pytest.fixture(scope="module")
def run(tmp_path_factory, data):
    return make_trained(tmp_path_factory.mktemp("runs") / "made-1", data)


@pytest.fixture(scope="module")
def plan(run, data):
    return plan_pruning(run, data, ask(), timing=QUICK)


@pytest.fixture(scope="module")
def pruned(plan, data, run):
    return prune_run(plan, data, run.folder.parent / "made-1-pruned-1", maker=MAKER)


def test_the_new_run_says_what_it_was_made_from_and_how(pruned, plan, run) -> None:
    record = open_run(run.folder.parent / pruned.run).record
    about = record["pruned"]
    assert about["source"] == "made-1"
    assert about["model_sha256"] == file_sha256(run.model_file)
    assert (about["criterion"], about["fill"], about["ranked"]) == ("contrast", "mean", 12)
    assert tuple(about["kept"]) == plan.kept
    assert about["error"] == plan.cost.error < 1e-5
    assert record["command"] == ["mamviz", "prune"]


def test_a_fine_tune_starts_from_the_pruned_weights_and_leaves_no_start_behind(pruned, run) -> None:
    smaller = open_run(run.folder.parent / pruned.run)
    assert smaller.trained
    assert not smaller.start_file.exists()
    assert not smaller.resume_file.exists()
    rows = list(csv.DictReader(smaller.metrics_file.read_text().splitlines()))
    assert len(rows) == 1
    whole = list(csv.DictReader(run.metrics_file.read_text().splitlines()))
    assert float(rows[0]["train_loss"]) < 0.5 * (float(whole[0]["train_loss"]) + float(whole[-1]["train_loss"]))
    assert smaller.config.peak_rate == pytest.approx(0.02 / 2)


def test_its_network_is_smaller_and_its_accuracy_the_one_that_evaluate_finds(pruned, data, run) -> None:
    smaller = open_run(run.folder.parent / pruned.run)
    assert load_network(smaller).shape == (4, 2, 2)
    assert pruned.tuned.accuracy.value == pytest.approx(evaluate_run(smaller, data, n_replicates=0).mean_accuracy.value)
    assert pruned.before.value == pytest.approx(evaluate_run(run, data, n_replicates=0).mean_accuracy.value)
    assert pruned.tuned.loss.value == pytest.approx(pruned.before.value - pruned.tuned.accuracy.value)
    assert (pruned.measured, pruned.ranked, pruned.n_units, pruned.unit) == (24, 12, 24, "image")


def test_without_a_fine_tune_the_run_is_whole_at_once_and_answers_as_planned(plan, data, tmp_path: Path) -> None:
    found = prune_run(replace_epochs(plan, 0), data, tmp_path / "cut", maker=MAKER)
    smaller = open_run(tmp_path / "cut")
    assert found.tuned is None
    assert smaller.trained
    assert sorted(file.name for file in smaller.folder.iterdir()) == ["model.safetensors", "run.json"]
    np.testing.assert_array_equal(predict(load_network(smaller), data, plan.test.indices), plan.after)


def test_a_fine_tune_that_was_stopped_goes_on_to_the_same_bits(plan, data, tmp_path: Path) -> None:
    planned = replace_epochs(plan, 2)
    prune_run(planned, data, tmp_path / "whole", maker=MAKER)

    def stop(done: int, total: int, note: str = "") -> None:
        if done == total // 2 + 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prune_run(planned, data, tmp_path / "stopped", maker=MAKER, progress=stop)
    stopped = open_run(tmp_path / "stopped")
    assert not stopped.trained
    assert stopped.start_file.is_file()
    train(stopped, data)  # as `mamviz train --resume` does
    assert not stopped.start_file.exists()
    one, other = (load_network(open_run(tmp_path / name)).state_dict() for name in ("whole", "stopped"))
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_a_pruned_run_can_be_pruned_again(pruned, data, run, tmp_path: Path) -> None:
    smaller = open_run(run.folder.parent / pruned.run)
    plan = plan_pruning(smaller, data, ask(keep=0.5, epochs=1), timing=QUICK)
    prune_run(plan, data, tmp_path / "again", maker=MAKER)
    again = open_run(tmp_path / "again")
    assert again.config.model.kept == tuple(smaller.config.model.kept[channel] for channel in plan.kept)
    assert plan.cost.error < 1e-5
    assert load_network(again).shape[0] == 2
    assert again.config.peak_rate == smaller.config.peak_rate  # half of the first one's, not a quarter


def test_a_name_that_is_taken_is_refused_before_anything_is_written(pruned, plan, data, run) -> None:
    folder = run.folder.parent / pruned.run
    before = file_sha256(folder / "model.safetensors")
    with pytest.raises(RunError, match="holds a run already"):
        prune_run(plan, data, folder, maker=MAKER)
    assert file_sha256(folder / "model.safetensors") == before


def replace_epochs(plan: Plan, epochs: int) -> Plan:
    return replace(plan, settings=replace(plan.settings, epochs=epochs))
