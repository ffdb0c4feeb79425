from __future__ import annotations

import itertools
from typing import get_args

import pytest

from mamviz.errors import StatisticsError
from mamviz.schema import CENTRINGS, MAPS, VIEWS, Axis, Centring, Choices, Estimand, Map, Sign, View

KINDS = (Map, Sign, Estimand, View, Centring)
DATA_SET_MAPS = ("mean", "contrast", "adjusted")


@pytest.mark.parametrize("estimand", ["image", "across"])
def test_absolute_is_refused_where_there_is_no_data_set_map(estimand: Estimand) -> None:
    with pytest.raises(StatisticsError, match=f"sign 'absolute' .* the estimand '{estimand}' has none"):
        Choices(sign="absolute", estimand=estimand)
    assert Choices(sign="signed", estimand=estimand).estimand == estimand


@pytest.mark.parametrize("axis", ["attribute", "channel"])
def test_every_choice_has_words_of_its_own(axis: Axis) -> None:
    """No two sets of choices read the same, between attributes or between channels."""
    every = [
        Choices(map=kind, sign=sign, estimand=estimand, view=view, centring=centring)
        for kind, sign, estimand, view, centring in itertools.product(*map(get_args, KINDS))
        if sign == "signed" or estimand in DATA_SET_MAPS
    ]
    assert len(every) == 2 * (3 + 5) * 3 * 2
    assert len({choices.describe(axis) for choices in every}) == len(every)


def test_between_channels_attributes_are_summed_over() -> None:
    assert Choices(view="spatial").describe("attribute").endswith("summed over channels")
    assert Choices(view="spatial").describe("channel").endswith("summed over attributes")


def test_the_lists_hold_every_value_of_their_kind() -> None:
    assert (get_args(Map), get_args(View), get_args(Centring)) == (MAPS, VIEWS, CENTRINGS)
