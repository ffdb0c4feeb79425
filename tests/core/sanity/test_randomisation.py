from __future__ import annotations

import numpy as np
import pytest

from mamviz.sanity.permuting import list_parts
from mamviz.sanity.randomisation import judge_randomisation, list_stages, randomise
from mamviz.schema import Interval, Randomisation, RandomisedDraw, RandomisedStage, Similarities
from tests.core.sanity.sampled import learned_sample, make_network


@pytest.fixture(scope="module")
def found() -> Randomisation:
    network = make_network()
    return randomise(network, learned_sample(network), generator=np.random.default_rng(0), n_draws=2)


def stage_of(found: Randomisation, part: str, mode: str = "cascade") -> RandomisedStage:
    (stage,) = [stage for stage in found.stages if (stage.part, stage.mode) == (part, mode)]
    return stage


def test_the_cascade_goes_down_and_the_parts_alone_follow() -> None:
    network = make_network()
    parts = list_parts(network)
    stages = list_stages(parts)
    assert [name for mode, name, _ in stages if mode == "cascade"] == [part.name for part in parts]
    assert [len(chosen) for mode, _, chosen in stages if mode == "cascade"] == list(range(1, 10))
    assert [(name, [part.name for part in chosen]) for mode, name, chosen in stages if mode == "alone"] == [
        ("mask generator", ["mask generator"]),
        ("extractor", [part.name for part in parts[2:]]),
    ]


def test_masks_do_not_know_of_the_readout(found) -> None:
    for draw in stage_of(found, "readout").draws:
        assert draw.similarity.recommended == pytest.approx(1)
        assert draw.similarity.literal == pytest.approx(1)
        assert draw.similarity.maps == pytest.approx(1)
        assert draw.accuracy < found.accuracy


def test_what_the_network_knows_is_lost(found) -> None:
    assert found.accuracy > 0.99
    assert 0.5 <= found.majority < 0.6  # logits of dead features tie at the median
    for stage in found.stages:
        assert len(stage.draws) == 2
        assert all(draw.accuracy < 0.85 for draw in stage.draws)


def test_parts_alone_leave_the_others_trained(found) -> None:
    for draw in stage_of(found, "mask generator", "alone").draws:
        assert draw.similarity.literal < 0.9
        assert draw.similarity.recommended < 0.99
    alone, both = (stage_of(found, *names) for names in (("extractor", "alone"), ("extractor 1 of 7", "cascade")))
    assert alone.draws != both.draws


def test_the_same_generator_gives_the_same_draws(found) -> None:
    network = make_network()
    again = randomise(network, learned_sample(network), generator=np.random.default_rng(0), n_draws=2)
    assert again == found
    assert found.stages[0].draws[0] != found.stages[0].draws[1]


def planted(values: list[float], *, accuracy: float = 0.5) -> Randomisation:
    limit = Similarities(recommended=0.2, literal=0.2, evidence=0.2, maps=0.2)
    draws = tuple(
        RandomisedDraw(
            accuracy=accuracy,
            similarity=Similarities(recommended=value, literal=0.0, evidence=0.9, maps=0.0),
            unrelated=limit,
        )
        for value in values
    )
    stages = tuple(RandomisedStage(mode="cascade", part=part, draws=draws) for part in ("mask generator", "all"))
    return Randomisation(accuracy=0.9, majority=0.6, stages=stages)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [([0.1, 0.2], "pass"), ([0.3, 0.8], "fail"), ([0.1, 0.3], "unclear"), ([np.nan] * 2, "unclear")],
)
def test_all_draws_must_agree(values: list[float], verdict: str) -> None:
    checks = {check.name: check for check in judge_randomisation(planted(values))}
    check = checks["recommended table, mask generator permuted"]
    assert check.verdict == verdict
    if verdict != "unclear":
        assert check.figure == Interval(pytest.approx(np.mean(values)), min(values), max(values))
        assert check.threshold == pytest.approx(0.2)
    assert checks["literal table, mask generator permuted"].verdict == "pass"
    assert checks["evidence table, whole network permuted"].verdict == "fail"


def test_accuracy_must_fall_to_the_majority_guess() -> None:
    name = "accuracy, mask generator permuted"
    verdicts = [
        {check.name: check.verdict for check in judge_randomisation(planted([0.1], accuracy=value))}[name]
        for value in (0.55, 0.75)
    ]
    assert verdicts == ["pass", "fail"]
