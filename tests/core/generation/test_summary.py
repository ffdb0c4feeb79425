"""Changes of logits in a few numbers, against a loop."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mamviz.generation.summary import Measured, summarise
from mamviz.schema import EditAction, EditSettings

NAMES = ("Hat", "Smile", "Beard")
SETTINGS = EditSettings(n_replicates=200)
CHANGE = np.array([[0.5, 2.0, -1.0], [0.0, 3.0, -2.0], [1.0, -1.0, -3.0], [0.2, 4.0, 0.0]])
SPREAD = np.array([0.1, 2.0, 4.0])


def measured(action: EditAction = "add", change: np.ndarray = CHANGE, **other: object) -> Measured:
    values = {"units": np.arange(len(change)), "spread": SPREAD, **other}
    return Measured(edited=1, action=action, reading="features", change=change, **values)  # type: ignore[arg-type]


def test_means_and_shares_equal_those_of_a_loop() -> None:
    found = summarise(measured(), NAMES, SETTINGS)
    means = [sum(row[k] for row in CHANGE) / 4 for k in range(3)]
    assert (found.attribute, found.n_images, found.own.value) == ("Smile", 4, pytest.approx(means[1]))
    assert (found.other_name, found.other.value) == ("Beard", pytest.approx(means[2]))
    assert (found.other_sd_name, found.other_sd.value) == ("Hat", pytest.approx(means[0] / 0.1))
    assert found.own_sd.value == pytest.approx(means[1] / 2)
    assert found.largest.value == 0.75
    assert found.wins
    assert not found.wins_sd


def test_removing_counts_a_fall_as_a_rise() -> None:
    up, down = summarise(measured(), NAMES, SETTINGS), summarise(measured("remove", -CHANGE), NAMES, SETTINGS)
    assert down.own == up.own
    assert down.other.value == -up.other.value
    assert down.largest == up.largest
    assert not summarise(measured("remove"), NAMES, SETTINGS).wins


def test_intervals_hold_the_mean_and_resample_persons() -> None:
    apart = summarise(measured(), NAMES, SETTINGS)
    assert apart.own.low < apart.own.value < apart.own.high
    one_person = summarise(measured(units=np.zeros(4, np.int64)), NAMES, SETTINGS)
    assert one_person.own.low == one_person.own.high == pytest.approx(one_person.own.value)


def test_the_order_of_images_does_not_change_the_figures() -> None:
    order = [2, 0, 3, 1]
    turned = summarise(measured(change=CHANGE[order]), NAMES, SETTINGS)
    found = summarise(measured(), NAMES, SETTINGS)
    assert turned.own.value == pytest.approx(found.own.value, abs=1e-15)
    assert turned.largest.value == found.largest.value


def test_without_images_nothing_is_known() -> None:
    found = summarise(measured(change=np.empty((0, 3))), NAMES, SETTINGS)
    assert found.n_images == 0
    assert found.other_name == ""
    assert math.isnan(found.own.value)
    assert math.isnan(found.largest.value)
    assert not found.wins


def test_a_logit_that_does_not_vary_is_no_other_in_standard_deviations() -> None:
    found = summarise(measured(spread=np.array([0.0, 2.0, 4.0])), NAMES, SETTINGS)
    assert found.other_sd_name == "Beard"


def test_one_attribute_alone_has_no_other() -> None:
    only = Measured(
        edited=0, action="add", reading="drawn", change=CHANGE[:, 1:2], units=np.arange(4), spread=np.ones(1)
    )
    found = summarise(only, ("Smile",), SETTINGS)
    assert (found.other_name, found.other.value, found.largest.value) == ("", 0.0, 1.0)
