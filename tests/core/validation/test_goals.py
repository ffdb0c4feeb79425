from __future__ import annotations

from dataclasses import replace

import pytest

from mamviz.schema import Choices, Coverage, FalsePositives, Interval, LabelExplanation
from mamviz.validation.goals import at_least, inside, judge_coverage, judge_faces, judge_false_positives
from tests.core.validation.faces import face_validation


def by_name(goals):
    return {goal.name: goal for goal in goals}


def test_our_figures_and_their_lead_over_the_better_variant_of_each_other_method():
    goals = by_name(judge_faces(face_validation()))
    pointing, maps, graph = "pointing, local attributes", "map with region, mean r", "table with truth"
    values = {
        pointing: (0.9, True),  # evidence, centred
        f"{pointing}: lead over GradCAM": (0.2, True),  # as it is, 0.7
        f"{pointing}: lead over occlusion": (-0.02, False),  # centred, 0.92
        maps: (0.85, True),  # the recommended maps, not the higher ones of evidence
        f"{maps}: lead over GradCAM": (0.35, True),
        f"{maps}: lead over occlusion": (-0.05, False),  # mean absolute, 0.9
        graph: (0.95, True),
        f"{graph}: lead over GradCAM": (0.5, True),  # mean absolute, 0.45
        f"{graph}: lead over occlusion": (0.25, True),  # adjusted, 0.7
        "|phi| explains of the table, less of the truth": (0.05, True),
    }
    assert list(goals) == list(values)
    for name, (value, met) in values.items():
        assert goals[name].value == pytest.approx(value), name
        assert goals[name].met == met, name
        assert goals[name].run == "validate-dial-1"


def test_without_other_methods_there_is_no_lead():
    goals = judge_faces(face_validation(others=False))
    assert len(goals) == 4
    assert not any("lead" in goal.name for goal in goals)


@pytest.mark.parametrize(("table", "met"), [(0.25, True), (0.35, False), (0.05, False), (0.11, True)])
def test_labels_may_explain_no_more_and_no_less_of_the_table_than_of_the_truth(table, met):
    labels = LabelExplanation(table_size=table, truth_size=0.2, table_signed=0.9, truth_signed=0.0)
    assert judge_faces(face_validation(labels=labels))[-1].met == met


def test_a_goal_is_met_at_its_limit_and_not_where_nothing_was_measured():
    assert at_least("a", "run", 0.85, 0.85).met
    assert not at_least("a", "run", 0.8499, 0.85).met
    assert not at_least("a", "run", float("nan"), 0.85).met
    assert inside("a", "run", 0.93, (0.93, 0.97)).met
    assert inside("a", "run", 0.05, (0.0, 0.05)).wanted == "at most 0.05"
    assert inside("a", "run", 0.95, (0.93, 0.97)).wanted == "0.93 to 0.97"
    assert not inside("a", "run", 0.9701, (0.93, 0.97)).met
    assert not inside("a", "run", float("nan"), (0.0, 0.05)).met


def test_poor_figures_meet_no_goal():
    poor = face_validation()
    poor = replace(
        poor,
        localisations=tuple(
            replace(entry, local_pointing=replace(entry.local_pointing, value=0.1)) for entry in poor.localisations
        ),
        recoveries=tuple(replace(entry, mean_r=0.1, graph=0.1) for entry in poor.recoveries),
    )
    assert [goal.met for goal in judge_faces(poor)] == [False] * 9 + [True]


def test_intervals_are_judged_by_the_method_that_is_shown():
    shown = Coverage(
        choices=Choices(),
        method="corrected",
        level=0.95,
        covered=0.95,
        error=0.01,
        below=0.02,
        above=0.03,
        width=0.1,
        defined=1.0,
        n_datasets=300,
        n_pairs=36,
        n_images=2000,
    )
    goals = judge_coverage([shown, replace(shown, method="bca", covered=0.5), replace(shown, covered=0.92)])
    assert [(goal.value, goal.met) for goal in goals] == [(0.95, True), (0.92, False)]
    assert goals[0].name == "95 % intervals cover: absolute mask, adjusted, spatial"
    assert goals[0].wanted == "0.93 to 0.97"


def test_false_positives_are_too_many_only_beyond_their_error():
    few, many = Interval(0.06, 0.04, 0.08), Interval(0.07, 0.051, 0.09)
    found = FalsePositives(
        choices=Choices(),
        level=0.05,
        n_datasets=400,
        n_mixed=200,
        n_replicates=999,
        any_survivor=few,
        pairs=many,
        any_discovery=few,
        among_ignorant=few,
        with_ignorant=many,
        power=many,
        false_discoveries=few,
    )
    goals = judge_false_positives([found])
    assert [(goal.value, goal.met) for goal in goals] == [(0.06, True), (0.07, False), (0.06, True)]
