from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from mamviz.schema import Goal
from mamviz_reports.tables import NBSP
from mamviz_reports.texts import to_csv, to_values
from mamviz_reports.validation import attributes_table, best_others, goals_table, maps_table, pointing_table
from tests.core.validation.faces import face_validation, recovery


def texts(table):
    return [[cell.text.replace(NBSP, " ") for cell in row] for row in table.rows]


def test_goals_say_what_was_wanted_and_what_came():
    goals = (
        Goal(name="pointing", run="a", value=0.8649, wanted="at least 0.85", met=True),
        Goal(name="map", run="b", value=0.5, wanted="at least 0.8", met=False),
        Goal(name="graph", run="b", value=math.nan, wanted="at least 0.9", met=None),
    )
    table = goals_table(goals)
    assert texts(table) == [
        ["a", "pointing", "0.865", "at least 0.85", "yes"],
        ["b", "map", "0.500", "at least 0.8", "no"],
        ["b", "graph", "n/a", "at least 0.9", "n/a"],
    ]
    assert [row[-1].strong for row in table.rows] == [True, False, False]
    assert to_values(table)["rows"][0]["value"] == 0.8649
    assert to_values(table)["rows"][2]["value"] is None


def test_pointing_has_every_variant_and_marks_each_method_s_better_one():
    table = pointing_table(face_validation())
    assert texts(table)[3] == ["evidence", "centred", "90.0 [88.0, 93.0]", "45.0 [44.0, 46.0]", "90.5"]
    marked = [(row[0].text, row[1].text) for row in table.rows if row[2].strong]
    assert marked == [
        ("mask", "as it is"),
        ("evidence", "centred"),
        ("GradCAM", "as it is"),
        ("occlusion", "centred"),
    ]
    notes = " ".join(table.notes)
    assert "chance 15.0" in notes
    assert "Local: Bangs, Goatee." in notes
    assert "500 images" in notes
    assert "Not measured" not in notes


def test_maps_say_how_many_images_they_are_of_and_mark_the_recommended():
    table = maps_table(face_validation())
    assert texts(table)[0] == ["mask", "absolute adjusted", "8,000 of masks.h5", "0.850", "0.950"]
    assert texts(table)[2][2:] == ["500 of fresh faces", "0.700", "0.600"]
    assert [row[3].strong for row in table.rows] == [True] + [False] * 7
    notes = " ".join(table.notes)
    assert "|phi| with the recommended table 0.25, with the truth 0.20; phi with the table 0.15" in notes
    record = dict(zip(table.fields, table.records()[0], strict=True))
    assert (record["phi_size_table"], record["phi_truth"], record["label_correlation"]) == (0.25, 0.1, 1.0)


def test_what_was_not_measured_is_said():
    for table in (pointing_table, maps_table):
        assert "Not measured: GradCAM, occlusion." in table(face_validation(others=False)).notes


def test_an_attribute_s_row_has_each_method_s_better_variant():
    table = attributes_table(face_validation())
    rows = [dict(zip(table.fields, record, strict=True)) for record in table.records()]
    bangs, _, male = rows
    assert (bangs["attribute"], bangs["local"], bangs["n_visible"], bangs["chance"]) == ("Bangs", 1, 80, 0.2)
    assert bangs["pointing_evidence"] == 0.9
    assert bangs["pointing_GradCAM"] == 0.7
    assert bangs["map_r_mask"] == 0.85
    assert bangs["map_r_occlusion"] == 0.9  # of the mean absolute map
    assert (male["local"], male["chance"], male["pointing_evidence"], male["map_r_mask"]) == (0, None, None, None)
    assert "Male,0,0,," in to_csv(table)


def test_best_others_are_chosen_by_the_map():
    assert [(entry.method, entry.kind) for entry in best_others(face_validation())] == [
        ("GradCAM", "absolute adjusted"),
        ("occlusion", "mean absolute"),
    ]


def test_an_undefined_figure_is_no_number():
    undefined = recovery("mask", math.nan, math.nan, images="masks.h5", map_r=np.full(3, np.nan))
    found = replace(face_validation(), recoveries=(undefined,))
    assert texts(maps_table(found))[0][3:] == ["n/a", "n/a"]
    assert texts(attributes_table(found))[0][-1] == "n/a"
