from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mamviz.errors import ConfigError, DataError, RunError, StatisticsError
from mamviz.models.surgery import masked_logits
from mamviz.models.weights import load_network
from mamviz.pruning.criteria import order_channels
from mamviz.pruning.observation import observe
from mamviz.pruning.part import read_part
from mamviz.pruning.plan import plan_pruning
from mamviz.run import Run
from mamviz.schema import RemovalSettings
from tests.core.made import make_config, make_run
from tests.core.pruning.made_runs import QUICK, ask, make_images, make_trained


@pytest.fixture(scope="module")
def data():
    return make_images()


@pytest.fixture(scope="module")
def run(tmp_path_factory, data) -> Run:
    return make_trained(tmp_path_factory.mktemp("runs") / "made-1", data)


@pytest.fixture(scope="module", params=["zero", "mean"])
def plan(request, run, data):
    return plan_pruning(run, data, ask(fill=request.param), timing=QUICK)


def test_the_channels_that_stay_are_the_last_of_the_order_on_validation_images(plan, run, data) -> None:
    network = load_network(run)
    part = read_part(network, data, "validation", n_images=1000, generator=np.random.default_rng(0))
    order = order_channels(network, observe(network, part), "contrast", size=16)
    assert order is not None
    assert plan.kept == tuple(sorted(order.channels[4:]))
    assert plan.ranked == part.n_images == 12
    assert set(plan.test.indices) == set(data.select("test"))


def test_answers_are_those_of_the_whole_network_and_of_the_masked_one(plan, run, data) -> None:
    network = load_network(run)
    validation = read_part(network, data, "validation", n_images=1000, generator=np.random.default_rng(0))
    means = observe(network, validation).means if plan.settings.fill == "mean" else None
    everything = tuple(range(8))
    with torch.no_grad():
        whole = masked_logits(network, plan.test.features, everything).numpy()
        masked = masked_logits(network, plan.test.features, plan.kept, means=means).numpy()
    np.testing.assert_allclose(plan.before, whole, atol=1e-5)
    np.testing.assert_allclose(plan.after, masked, atol=1e-5)
    assert np.abs(plan.after - plan.before).max() > 1e-3
    assert plan.cost.error == pytest.approx(np.abs(plan.after - masked).max(), abs=2e-6)
    assert plan.cost.error < 1e-5


def test_the_cost_is_of_the_two_networks(plan) -> None:
    assert (plan.cost.before.channels, plan.cost.after.channels) == (8, 4)
    assert plan.cost.after.parameters == sum(p.numel() for p in plan.smaller.parameters())


@pytest.mark.parametrize(
    ("options", "n_kept"),
    [
        ({"keep": 0.5}, 4),
        ({"keep": 0.4}, 4),
        ({"keep": 0.1}, 1),
        ({"keep": 0.3, "round_to": 4}, 4),
        ({"keep": 0.875}, 7),
    ],
)
def test_the_number_kept_is_rounded_up(run, data, options, n_kept: int) -> None:
    assert len(plan_pruning(run, data, ask(**options), timing=QUICK).kept) == n_kept


def test_a_largest_loss_chooses_by_itself_on_the_validation_images(run, data) -> None:
    found = plan_pruning(run, data, ask(keep=None, max_loss=0.2), timing=QUICK)
    network = load_network(run)
    validation = read_part(network, data, "validation", n_images=1000, generator=np.random.default_rng(0))
    observation = observe(network, validation)
    order = order_channels(network, observation, "contrast", size=16)
    assert order is not None

    def lost(n_removed: int) -> float:
        with torch.no_grad():
            kept = sorted(order.channels[n_removed:])
            logits = masked_logits(network, validation.features, kept, means=observation.means).numpy()
            whole = masked_logits(network, validation.features, tuple(range(8))).numpy()
        return float(((whole > 0) == validation.labels).mean() - ((logits > 0) == validation.labels).mean())

    removed = 8 - len(found.kept)
    assert 0 < removed < 8
    assert all(lost(n) <= 0.2 + 1e-9 for n in range(removed + 1))
    assert removed == 7 or lost(removed + 1) > 0.2


@pytest.mark.parametrize("options", [{"keep": 1.0}, {"keep": 0.9}, {"keep": 0.6, "round_to": 8}])
def test_a_pruning_that_removes_nothing_is_refused(run, data, options) -> None:
    with pytest.raises(StatisticsError, match="expected fewer than the 8 channels to stay, got 8"):
        plan_pruning(run, data, ask(**options), timing=QUICK)


def test_random_channels_come_from_the_seed(run, data) -> None:
    kept = [plan_pruning(run, data, ask(criterion="random", seed=s), timing=QUICK).kept for s in (0, 0, 1, 2, 3)]
    assert kept[0] == kept[1]
    assert len(set(kept)) > 1


def test_an_unfinished_run_is_refused(tmp_path, data) -> None:
    with pytest.raises(RunError, match="training has not finished"):
        plan_pruning(make_run(tmp_path / "new", make_config(), data), data, ask(), timing=QUICK)


def test_a_split_without_images_is_refused(run, data) -> None:
    with pytest.raises(DataError, match="'validation'"):
        plan_pruning(run, replace(data, split=np.zeros_like(data.split)), ask(), timing=QUICK)


@pytest.mark.parametrize(("options", "words"), [({"keep": 0.0}, "keep: expected"), ({"keep": 1.5}, "keep: expected")])
def test_shares_out_of_range_are_refused(options, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        RemovalSettings(**options)


def test_a_multiple_below_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="round_to: expected 1 or more, got 0"):
        RemovalSettings(round_to=0)
