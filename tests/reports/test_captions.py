from __future__ import annotations

from dataclasses import replace

from mamviz_reports.captions import describe_choices, describe_provenance, list_names
from tests.reports.records import PROVENANCE, four_attributes


def test_provenance_names_images_split_data_run_readout_model_and_version():
    assert describe_provenance(PROVENANCE) == (
        "1,996 images of the test split of built-in faces; run faces-3, shared readout, model 0123456789ab, "
        "mamviz 0.1.0."
    )


def test_all_splits_are_said_as_such():
    assert "1,996 images of all splits of built-in" in describe_provenance(replace(PROVENANCE, split="all"))


def test_result_with_its_own_images_says_their_number():
    assert describe_provenance(PROVENANCE, n_images=12).startswith("12 images of")


def test_choices_are_spelled_as_on_the_command_line():
    assert describe_choices(four_attributes()[0]) == (
        "map mask, sign absolute, estimand adjusted, view spatial, centring none"
    )


def test_long_lists_say_how_many_names_are_left_out():
    assert list_names(["a", "b", "c"], most=3) == "a, b, c"
    assert list_names(["a", "b", "c"], most=2) == "a, b and 1 more"
