from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mamviz.errors import DataError
from mamviz.models.weights import load_network
from mamviz.overview.answers import answer, count_outcomes, sort_outcomes
from mamviz.schema import OUTCOMES
from mamviz.training.evaluation import evaluate_run
from tests.core.overview.conftest import SETTINGS


def test_scores_are_those_of_evaluate(world, overview) -> None:
    expected = evaluate_run(world.run, world.data, split="test", n_replicates=100)
    assert repr(overview.evaluation) == repr(expected)  # NaN equals NaN
    assert overview.evaluation.n_images == 24


def test_outcomes_are_named_one_by_one() -> None:
    logits = np.array([[2.0, 0.0], [-1.0, 0.5], [1e-9, -3.0]])
    labels = np.array([[1, 1], [1, 0], [0, 0]], np.uint8)
    names = [[OUTCOMES[place] for place in row] for row in sort_outcomes(logits, labels)]
    assert names == [
        ["true positive", "false negative"],  # a logit of 0 means no, as in the scores
        ["false negative", "false positive"],
        ["false positive", "true negative"],
    ]


def test_every_image_is_counted_once() -> None:
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(50, 3)), rng.integers(0, 2, (50, 3)).astype(np.uint8)
    for k, counts in enumerate(count_outcomes(sort_outcomes(logits, labels))):
        assert sum(counts) == 50
        assert counts[0] + counts[2] == labels[:, k].sum()
        assert counts[0] + counts[1] == (logits[:, k] > 0).sum()


def test_data_without_test_images_are_evaluated_whole(world) -> None:
    data = replace(world.data, split=np.zeros(120, np.int8))
    found = answer(world.run, load_network(world.run), data, SETTINGS)
    assert (found.split, len(found.indices)) == ("all", 120)
    assert found.evaluation.protocol.startswith("The all split of")


def test_other_attributes_are_refused(world) -> None:
    data = replace(world.data, attributes=("Red", "Green", "Bright", "Blue"))
    with pytest.raises(DataError, match="expected images with the run's 4 attributes in its order"):
        answer(world.run, load_network(world.run), data, SETTINGS)
