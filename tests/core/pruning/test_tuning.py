from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from mamviz.models.weights import load_network
from mamviz.pruning.criteria import order_channels
from mamviz.pruning.observation import observe
from mamviz.pruning.part import read_part
from mamviz.pruning.removal import Removal
from mamviz.pruning.tuning import tune_levels
from mamviz.run import file_sha256, open_run
from mamviz.schema import PruningSettings
from mamviz.training.evaluation import evaluate_run
from tests.core.pruning.made_runs import MAKER, make_images, make_trained

SETTINGS = PruningSettings(n_images=1000, tune_epochs=1, n_replicates=50)
KEEPS = (1.0, 0.5)


class World:
    """A trained run with what ranks and measures its channels."""

    def __init__(self, folder) -> None:
        self.data = make_images()
        self.run = make_trained(folder / "made-1", self.data)
        network, generator = load_network(self.run), np.random.default_rng(0)
        validation, self.test = (
            read_part(network, self.data, split, n_images=1000, generator=generator) for split in ("validation", "test")
        )
        observation = observe(network, validation)
        order = order_channels(network, observation, "usage", size=16)
        assert order is not None
        self.removal = Removal(order, observation.means)

    def tune(self, settings=SETTINGS, **options):
        options = {"keeps": KEEPS, "maker": MAKER, **options}
        return tune_levels(self.run, self.data, self.removal, self.test, settings, **options)

    def folders(self, kind: str = ""):
        return sorted(self.run.folder.glob(f"pruning/{kind}*"))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def points(world):
    return world.tune()


def test_with_all_channels_nothing_is_lost_before_the_fine_tune(points) -> None:
    whole = points[0]
    assert (whole.kept, whole.epochs, whole.criterion, whole.fill) == (8, 1, "usage", "mean")
    assert (whole.pruned_loss.value, whole.pruned_loss.low, whole.pruned_loss.high) == (0.0, 0.0, 0.0)
    assert points[1].kept == 4


def test_accuracies_are_those_of_the_runs_within_the_run(points, world) -> None:
    for point in points:
        for kind, accuracy in (("tuned", point.tuned), ("scratch", point.scratch)):
            (folder,) = world.run.folder.glob(f"pruning/{kind}-{point.kept}-*")
            child = open_run(folder)
            assert load_network(child).shape[0] == point.kept
            found = evaluate_run(child, world.data, n_replicates=0).mean_accuracy.value
            assert accuracy.value == pytest.approx(found)
        whole = evaluate_run(world.run, world.data, n_replicates=0).mean_accuracy.value
        assert point.tuned_loss.value == pytest.approx(whole - point.tuned.value)
        assert point.scratch_loss.value == pytest.approx(whole - point.scratch.value)


def test_tuning_starts_from_the_pruned_weights_and_scratch_does_not(points, world) -> None:
    for point in points:
        tuned, scratch = (
            list(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))
            for kind in ("tuned", "scratch")
            for folder in world.folders(f"{kind}-{point.kept}")
        )
        assert float(tuned[0]["train_loss"]) < 0.9 * float(scratch[0]["train_loss"])
    tuned, scratch = (open_run(world.folders(f"{kind}-4")[0]) for kind in ("tuned", "scratch"))
    assert tuned.config.peak_rate == pytest.approx(scratch.config.peak_rate / 2)
    assert tuned.config.model == scratch.config.model
    assert tuned.record["pruned"]["kind"] == "tuned"


def test_what_has_finished_is_used_again_whatever_the_threads(points, world) -> None:
    before = {folder: (folder / "model.safetensors").stat().st_mtime_ns for folder in world.folders()}
    assert len(before) == 4
    assert world.tune(maker=replace(MAKER, threads=7)) == points
    assert {folder: (folder / "model.safetensors").stat().st_mtime_ns for folder in world.folders()} == before


@pytest.mark.parametrize("other", [replace(SETTINGS, tune_epochs=2), replace(SETTINGS, seed=1)])
def test_other_settings_are_trained_anew(points, world, other) -> None:
    n_before = len(world.folders())
    world.tune(other, keeps=(0.5,))
    assert len(world.folders()) == n_before + 2


def test_what_was_stopped_goes_on_and_ends_with_the_same_bits(points, world, tmp_path) -> None:
    again = World(tmp_path)
    assert file_sha256(again.run.model_file) == file_sha256(world.run.model_file)
    seen: list[tuple[int, int]] = []

    def stop(done: int, total: int, note: str = "") -> None:
        seen.append((done, total))
        if note.startswith("epoch") and done > 0.6 * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        again.tune(progress=stop)
    assert seen == sorted(seen)
    assert 0 < sum((folder / "model.safetensors").is_file() for folder in again.folders()) < 4
    assert again.tune() == points
    for one in again.folders():
        other = world.run.folder / "pruning" / one.name
        assert file_sha256(one / "model.safetensors") == file_sha256(other / "model.safetensors")


def test_equal_numbers_are_measured_once(points, world) -> None:
    assert world.tune(keeps=(1.0, 0.95, 0.5, 0.45)) == points
