from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mamviz.config import PEAK_RATES, DataConfig, ModelConfig, RunConfig, TrainConfig, from_dict, to_dict
from mamviz.errors import ConfigError


def test_defaults_come_back_from_json() -> None:
    values = json.loads(json.dumps(to_dict(RunConfig())))
    assert from_dict(RunConfig, values) == RunConfig()


@settings(max_examples=30, deadline=None)
@given(
    size=st.integers(16, 1024),
    crop=st.sampled_from(["square", "full"]),
    images=st.none() | st.text(),
    label_correlation=st.floats(0, 1),
    learning_rate=st.floats(1e-9, 10),
    flip=st.booleans(),
    preset=st.sampled_from(["small", "resnet18", "resnet34", "resnet50"]),
    seed=st.integers(),
)
def test_any_settings_come_back_from_json(
    size: int,
    crop: Any,
    images: str | None,
    label_correlation: float,
    learning_rate: float,
    flip: bool,
    preset: Any,
    seed: int,
) -> None:
    config = RunConfig(
        data=DataConfig(size=size, crop=crop, images=images, label_correlation=label_correlation),
        model=ModelConfig(preset=preset),
        train=TrainConfig(learning_rate=learning_rate, flip=flip),
        seed=seed,
    )
    assert from_dict(RunConfig, json.loads(json.dumps(to_dict(config)))) == config


def test_kept_channels_come_back_from_json_as_they_were() -> None:
    config = RunConfig(model=ModelConfig(kept=(0, 3, 7)))
    assert from_dict(RunConfig, json.loads(json.dumps(to_dict(config)))) == config
    assert "kept: expected whole numbers, got [0, '3']" in refusal(ModelConfig, {"kept": [0, "3"]})


def test_a_missing_name_takes_its_default() -> None:
    assert from_dict(RunConfig, {"data": {"size": 32}}) == RunConfig(data=DataConfig(size=32))


def test_a_whole_number_will_do_for_a_share() -> None:
    config = from_dict(TrainConfig, {"crop_scale": 1})
    assert config.crop_scale == 1.0
    assert type(config.crop_scale) is float


def refusal(kind: Any, values: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        from_dict(kind, values)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_an_unknown_name_is_refused_with_the_ones_there_are() -> None:
    message = refusal(ModelConfig, {"chanels": 4})
    assert "no setting 'chanels'" in message
    assert "channels, extractor, kept, last_stage" in message


@pytest.mark.parametrize(
    ("kind", "name", "value", "expected"),
    [
        (DataConfig, "size", "64", "expected int, got '64'"),
        (DataConfig, "size", 64.0, "expected int, got 64.0"),
        (DataConfig, "size", True, "expected int, got True"),
        (DataConfig, "images", 3, "expected str or NoneType, got 3"),
        (DataConfig, "skip_bad", 1, "expected bool, got 1"),
        (DataConfig, "source", None, "expected str, got None"),
        (TrainConfig, "clip", "1", "expected float, got '1'"),
        (TrainConfig, "clip", True, "expected float, got True"),
        (ModelConfig, "readout", "own", "expected one of shared, per-attribute, got 'own'"),
        (ModelConfig, "readout", ["shared"], "expected one of shared, per-attribute, got ['shared']"),
        (RunConfig, "data", 3, "expected a group of settings, got 3"),
        (RunConfig, "seed", 0.5, "expected int, got 0.5"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(kind: Any, name: str, value: object, expected: str) -> None:
    message = refusal(kind, {name: value})
    assert message.startswith(f"{name}: ")
    assert expected in message


@pytest.mark.parametrize(
    ("kind", "name", "outside", "inside"),
    [
        (DataConfig, "size", (15, 1025, -1), (16, 1024)),
        (DataConfig, "n_faces", (0, -3), (1,)),
        (DataConfig, "label_correlation", (-0.01, 1.01, float("nan")), (0.0, 1.0)),
        (ModelConfig, "channels", (-1,), (0, 512)),
        (ModelConfig, "last_stage", (2, 5), (3, 4)),
        (ModelConfig, "trunk_kernel", (0, 2, 5), (1, 3)),
        (TrainConfig, "epochs", (0,), (1,)),
        (TrainConfig, "batch_size", (0,), (1,)),
        (TrainConfig, "learning_rate", (-1e-3, float("nan")), (0.0, 1e-9)),
        (TrainConfig, "ema_decay", (-0.1, 1.0), (0.0, 0.999)),
        (TrainConfig, "crop_scale", (0.49, 1.01), (0.5, 1.0)),
        (TrainConfig, "weight_decay", (-1e-9, float("nan")), (0.0,)),
        (TrainConfig, "clip", (-1.0,), (0.0,)),
        (TrainConfig, "multi_weight", (-1.0,), (0.0,)),
        (TrainConfig, "reconstruction_weight", (-1.0,), (0.0,)),
        (TrainConfig, "sparsity_weight", (-1.0,), (0.0,)),
    ],
)
def test_a_range_ends_where_it_says(
    kind: Any, name: str, outside: tuple[float, ...], inside: tuple[float, ...]
) -> None:
    for value in outside:
        message = refusal(kind, {name: value})
        assert message.startswith(f"{name}: expected ")
        assert f"got {value!r}" in message
    for value in inside:
        assert getattr(from_dict(kind, {name: value}), name) == value


def test_a_range_is_checked_when_made_in_python_too() -> None:
    with pytest.raises(ConfigError, match="size: expected a side of 16 to 1024 pixels, got 8"):
        DataConfig(size=8)


def test_settings_are_frozen() -> None:
    with pytest.raises(AttributeError, match="cannot assign"):
        RunConfig().seed = 3  # type: ignore[misc]


def test_a_learning_rate_of_zero_is_the_presets() -> None:
    assert RunConfig().peak_rate == PEAK_RATES["small"]
    assert from_dict(RunConfig, {"model": {"preset": "resnet50"}}).peak_rate == PEAK_RATES["resnet50"]
    assert from_dict(RunConfig, {"train": {"learning_rate": 0.5}}).peak_rate == 0.5
