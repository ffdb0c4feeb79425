from __future__ import annotations

import pytest

from mamviz.errors import DataError
from mamviz.stats.names import find_names

NAMES = ("Bald", "Black_Hair", "Blond_Hair", "Male", "Young", "Smiling")


def test_names_are_found_in_the_order_asked_for() -> None:
    assert find_names(["Young", "Bald", "Young"], NAMES, what="attribute") == [4, 0, 4]
    assert find_names([], NAMES, what="attribute") == []


def test_a_misspelled_name_gets_the_closest_ones() -> None:
    with pytest.raises(DataError, match=r"^attribute: expected one of 6 names, got 'Black_Hiar'\. Did you mean Black"):
        find_names(["Male", "Black_Hiar"], NAMES, what="attribute")


def test_a_name_like_no_other_gets_the_first_five() -> None:
    with pytest.raises(DataError) as caught:
        find_names(["xyz"], NAMES, what="image")
    assert str(caught.value).endswith("There are Bald, Black_Hair, Blond_Hair, Male, Young, ...")


@pytest.mark.parametrize(("typed", "meant"), [("male", "Male"), ("black hair", "Black_Hair"), ("BALD", "Bald")])
def test_capitals_and_spaces_count_but_are_understood(typed: str, meant: str) -> None:
    with pytest.raises(DataError, match=f"Did you mean {meant}"):
        find_names([typed], NAMES, what="attribute")
