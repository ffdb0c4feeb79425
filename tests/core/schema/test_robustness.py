from __future__ import annotations

import pytest

from mamviz.errors import ConfigError
from mamviz.schema import NONE, Interval, RobustnessSettings, Transformation, judge_gain

NAN = float("nan")


@pytest.mark.parametrize(
    ("kind", "dial", "words"),
    [
        ("sharpen", 0.0, "sharpen: expected a dial above 0, got 0"),
        ("power", float("inf"), "power: expected a dial above 0"),
        ("power", NAN, "power: expected a dial above 0"),
        ("binary", 1.0, "binary: expected a dial above 0 and below 1, got 1"),
        ("threshold", -0.1, "threshold: expected a dial above 0 and below 1"),
        ("blur", 1.0, "expected one of none, sharpen, power, threshold, binary, got 'blur'"),
    ],
)
def test_what_is_no_transformation_is_refused(kind, dial: float, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Transformation(kind, dial)


def test_transformations_are_named_with_their_dial() -> None:
    assert [each.name for each in (NONE, Transformation("power", 2.0))] == ["none", "power 2"]
    assert [Transformation(kind, 0.5).stepped for kind in ("sharpen", "threshold", "binary")] == [False, True, True]


@pytest.mark.parametrize(
    "wrong",
    [
        {"sigmas": ()},
        {"epsilons": (2.0, 1.0)},
        {"epsilons": (0.0, 1.0)},
        {"sigmas": (1.0, 1.0)},
        {"sigmas": (NAN,)},
        {"epsilons": (1.0, float("inf"))},
        {"transformations": (NONE,)},
        {"transformations": (Transformation("power", 2.0),) * 2},
    ],
)
def test_settings_that_say_nothing_are_refused(wrong: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        RobustnessSettings(**wrong)


def test_perturbations_stand_in_order_and_once() -> None:
    settings = RobustnessSettings(sigmas=(8.0,), epsilons=(1.0, 2.0))
    found = [(each.kind, each.strength) for each in settings.perturbations]
    attacks = [(kind, epsilon) for kind in ("through", "surrogate", "transfer") for epsilon in (1.0, 2.0)]
    assert found == [("clean", 0.0), ("kept", 0.0), ("noise", 8.0), *attacks]
    assert [each.name for each in settings.all_transformations][:2] == ["none", "sharpen 2"]


def test_a_gain_helps_only_where_the_whole_interval_is_above_zero() -> None:
    cases = {(0.01, 0.001, 0.02): "helps", (0.01, 0.0, 0.02): "unclear", (-0.01, -0.02, -0.001): "harms"}
    assert {key: judge_gain(Interval(*key)) for key in cases} == cases
    assert judge_gain(Interval(0.5, NAN, NAN)) == "unclear"
