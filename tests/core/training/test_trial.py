"""A predicted time against the arithmetic of its steps; how it compares with a real training is in docs/results.md."""

from __future__ import annotations

import pytest

from mamviz import trial as timing
from mamviz.config import RunConfig
from mamviz.schema import Budget
from mamviz.training import trial
from mamviz.training.budget import predict_budget
from mamviz.training.trial import try_training
from tests.core.made import make_config


class Clock:
    """A clock that stands still but while a step or a prediction is made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, step: float, prediction: float) -> None:
        self.now, self.steps = 0.0, 0
        true_step, true_predict = trial.take_step, trial.predict

        def take_step(*arguments: object, **named: object) -> None:
            self.now += step
            self.steps += 1
            true_step(*arguments, **named)  # type: ignore[arg-type]

        def predict(*arguments: object, **named: object) -> object:
            self.now += prediction
            return true_predict(*arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(timing.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(trial, "take_step", take_step)
        monkeypatch.setattr(trial, "predict", predict)


def foretell(config: RunConfig, *, n_train: int, n_validation: int) -> Budget:
    counted = predict_budget(config, n_attributes=4, n_images=n_train + n_validation)
    return try_training(counted, config, n_attributes=4, n_train=n_train, n_validation=n_validation)


def test_the_time_is_that_of_all_steps_and_validations(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch, step=0.5, prediction=0.08)
    found = foretell(make_config(batch_size=8, epochs=3), n_train=83, n_validation=20).time
    assert found is not None
    assert found.images_per_second == pytest.approx(16)
    assert found.seconds == pytest.approx(3 * (10 * 0.5 + 20 * 0.08 / 20))


def test_less_than_a_batch_is_one_step_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch, step=0.5, prediction=0.0)
    found = foretell(make_config(batch_size=8, epochs=3), n_train=5, n_validation=0).time
    assert found is not None
    assert found.seconds == pytest.approx(1.5)


def test_the_true_steps_are_timed_and_memory_is_what_a_batch_needs() -> None:
    config, larger = make_config(batch_size=8), make_config(batch_size=1024)
    more = try_training(Budget(), larger, n_attributes=4, n_train=8, n_validation=0)
    counted = predict_budget(config, n_attributes=4, n_images=88)
    found = try_training(counted, config, n_attributes=4, n_train=80, n_validation=8)
    assert found.time is not None
    assert found.time.seconds > 0
    # In this order: what the larger one held must not count.
    assert more.ram_bytes - found.ram_bytes > 1000 * 8 * 8 * 48 * 4  # the first features alone
    assert found.images_at_once is None
    assert (found.disk_bytes, found.parameters) == (counted.disk_bytes, counted.parameters)
