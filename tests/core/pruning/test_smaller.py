from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mamviz.config import ModelConfig, RunConfig, TrainConfig
from mamviz.errors import RunError
from mamviz.models.weights import build_network
from mamviz.pruning.smaller import compare_answers, peak_of, smaller_config, start_smaller
from mamviz.run import Run
from tests.core.made import make_config, make_data
from tests.core.pruning.made_runs import MAKER
from tests.core.pruning.pruned_parts import make_network, make_part

ATTRIBUTES = ("A", "B")


def make_run(record: dict[str, object] | None = None, **model: object) -> Run:
    config = RunConfig(model=ModelConfig(**model), train=TrainConfig(epochs=20))  # type: ignore[arg-type]
    return Run(Path("runs/faces-1"), config, ATTRIBUTES, record or {})


def test_channels_of_a_pruned_run_are_counted_in_the_whole_extractor() -> None:
    run = make_run(kept=(1, 4, 5, 9))
    config = smaller_config(run, (0, 2, 3), fill="zero", epochs=0, rate=1.0, threads=1)
    assert config.model.kept == (1, 5, 9)
    again = smaller_config(replace(run, config=config), (1,), fill="zero", epochs=0, rate=1.0, threads=1)
    assert again.model.kept == (5,)


def test_a_fine_tune_has_its_own_epochs_and_rate_and_without_one_the_runs_stay() -> None:
    run = make_run()
    tuned = smaller_config(run, (0, 1), fill="mean", epochs=3, rate=0.002, threads=5)
    assert (tuned.train.epochs, tuned.peak_rate, tuned.train.threads) == (3, 0.002, 5)
    cut = smaller_config(run, (0, 1), fill="mean", epochs=0, rate=0.002, threads=5)
    assert (cut.train.epochs, cut.peak_rate) == (20, run.config.peak_rate)


@pytest.mark.parametrize(("fill", "position", "expected"), [("mean", False, True), ("zero", False, False)])
def test_means_are_left_behind_in_the_map_of_positions(fill, position: bool, expected: bool) -> None:
    config = smaller_config(make_run(position=position), (0,), fill=fill, epochs=0, rate=1.0, threads=1)
    assert config.model.position is expected


def test_the_peak_of_a_run_that_was_pruned_is_the_one_before_all_pruning() -> None:
    assert peak_of(make_run()) == RunConfig().peak_rate
    assert peak_of(make_run({"pruned": {"peak_rate": 0.5}})) == 0.5


def test_a_folder_that_holds_a_run_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    network = build_network(make_config(), n_attributes=4)
    with pytest.raises(RunError, match="holds a run already"):
        start_smaller(tmp_path, make_config(), make_data(10), network=network, tuned=False, maker=MAKER, pruned={})
    assert (tmp_path / "model.safetensors").read_bytes() == b"weights"


@pytest.mark.parametrize("tuned", [True, False])
def test_weights_of_a_job_that_was_stopped_are_written_anew(tmp_path: Path, tuned: bool) -> None:
    for name in ("start.safetensors", "model.safetensors"):
        (tmp_path / name).write_bytes(b"half")
    network = build_network(make_config(), n_attributes=4)
    run = start_smaller(
        tmp_path, make_config(), make_data(10), network=network, tuned=tuned, maker=MAKER, pruned={"kept": [0]}
    )
    assert run.start_file.is_file() == tuned
    assert run.trained != tuned
    record = json.loads((tmp_path / "run.json").read_text())
    assert (record["pruned"], record["command"], record["created"]) == (
        {"kept": [0]},
        ["mamviz", "prune"],
        "2026-01-02",
    )


def test_accuracies_are_shares_of_right_answers_and_losses_are_paired() -> None:
    network = make_network()
    part = make_part(network, 40)
    rng = np.random.default_rng(0)
    answers = [rng.normal(size=part.labels.shape) for _ in range(3)]
    found = compare_answers(answers, part, n_replicates=400, level=0.9, generator=np.random.default_rng(1))
    shares = [np.mean([(z > 0) == y for z, y in zip(a.ravel(), part.labels.ravel(), strict=True)]) for a in answers]
    for each, share in zip(found, shares, strict=True):
        assert each.accuracy.value == pytest.approx(share, abs=1e-12)
        assert each.loss.value == pytest.approx(shares[0] - share, abs=1e-12)
        assert each.accuracy.low < share < each.accuracy.high
    assert (found[0].loss.low, found[0].loss.high) == (0.0, 0.0)


def test_intervals_are_those_of_a_loop_over_drawn_persons() -> None:
    part = make_part(make_network(), 40)
    # A person's two images get the same answers: images drawn by themselves would give a narrower interval.
    part = replace(part, labels=np.repeat(part.labels[::2], 2, axis=0))
    answers = [np.repeat(np.random.default_rng(seed).normal(size=(20, 4)), 2, axis=0) for seed in (0, 1)]
    found = compare_answers(answers, part, n_replicates=3000, level=0.95, generator=np.random.default_rng(2))
    right = [((a > 0) == part.labels).mean(axis=1) for a in answers]
    rng = np.random.default_rng(3)
    persons = np.unique(part.units)
    drawn = []
    for _ in range(3000):
        rows = np.concatenate([np.flatnonzero(part.units == unit) for unit in rng.choice(persons, len(persons))])
        drawn.append(np.mean(right[0][rows]) - np.mean(right[1][rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    spread = np.std(drawn)  # a limit from 3,000 draws has an error of 1/20 of it
    assert found[1].loss.low == pytest.approx(low, abs=0.25 * spread)
    assert found[1].loss.high == pytest.approx(high, abs=0.25 * spread)


def test_a_single_person_has_no_interval() -> None:
    part = replace(make_part(make_network(), 8), units=np.zeros(8, np.int64))
    (found,) = compare_answers([np.ones((8, 4))], part, n_replicates=50, level=0.95, generator=np.random.default_rng(0))
    assert np.isnan([found.accuracy.low, found.accuracy.high]).all()
