from __future__ import annotations

import numpy as np
import pytest
import torch

from mamviz.data.batches import to_tensor
from mamviz.models.weights import load_network
from mamviz.overview import examples
from mamviz.overview.answers import answer
from mamviz.overview.examples import pick_examples, show_examples
from mamviz.schema import OUTCOMES
from tests.core.overview.conftest import SETTINGS


def test_examples_are_the_most_certain_by_brute_force(world, overview) -> None:
    indices = world.data.select("test")
    network = load_network(world.run)
    with torch.inference_mode():
        logits = network.classify(to_tensor(np.array(world.data.images[indices]))).double().numpy()
    for k, each in enumerate(overview.attributes):
        wanted = []
        for outcome in OUTCOMES:
            right, yes = outcome.startswith("true"), outcome.endswith("positive")
            has = yes if right else not yes
            rows = [i for i in range(24) if (logits[i, k] > 0) == yes and world.data.labels[indices[i], k] == has]
            rows.sort(key=lambda i: -abs(logits[i, k]))
            wanted += [(world.data.names[indices[i]], outcome) for i in rows[:2]]
            assert each.n_outcomes[OUTCOMES.index(outcome)] == len(rows)
        assert [(example.name, example.outcome) for example in each.examples] == wanted
    assert {example.outcome for each in overview.attributes for example in each.examples} == set(OUTCOMES)


def test_evidence_of_an_example_is_that_of_its_image_alone(world, overview) -> None:
    network = load_network(world.run)
    for k, each in enumerate(overview.attributes):
        for example in each.examples:
            index = world.data.names.index(example.name)
            np.testing.assert_array_equal(example.image, world.data.images[index])
            with torch.inference_mode():
                found = network.explain(to_tensor(np.array(world.data.images[index])[None]))
            expected = np.zeros(example.evidence.shape)
            for channel in range(found.evidence.shape[2]):
                expected += found.evidence[0, k, channel].double().numpy()
            np.testing.assert_allclose(example.evidence, expected, atol=1e-5)
            # the decomposition is exact: what is left of the logit is the attribute's bias
            bias = float(network.readout.bias[k].detach())
            assert example.evidence.sum() + bias == pytest.approx(example.logit, abs=1e-4)


def test_small_batches_give_the_same_evidence(world, overview, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "CELLS_AT_A_TIME", 1)
    network, seen = load_network(world.run), []
    answers = answer(world.run, network, world.data, SETTINGS)
    found = show_examples(
        network, world.data, answers, n_examples=2, progress=lambda done, total, note="": seen.append((done, total))
    )
    assert seen[-1][0] == seen[-1][1] == len(seen)  # one image at a time, each once
    assert seen[-1][1] == len({example.name for each in found for example in each})
    for first, second in zip(found, overview.attributes, strict=True):
        for own, other in zip(first, second.examples, strict=True):
            np.testing.assert_allclose(own.evidence, other.evidence, atol=1e-5)


def test_equal_logits_come_in_the_order_of_the_data() -> None:
    outcomes = np.array([3, 0, 0, 3, 0])
    logits = np.array([-1.0, 2.0, 2.0, -1.0, 3.0])
    assert pick_examples(outcomes, logits, n=2).tolist() == [4, 1, 0, 3]
    assert pick_examples(outcomes, logits, n=0).tolist() == []


def test_examples_of_one_class_alone_are_those_there_are() -> None:
    assert pick_examples(np.array([0, 2, 0]), np.array([1.0, -1.0, 2.0]), n=5).tolist() == [2, 0, 1]
