"""What the figures of a validation should be, beside what they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mamviz.schema import OTHERS, Choices, Coverage, FaceValidation, FalsePositives, Goal, IntervalMethod

POINTING = 0.85  # of local attributes
MAP_R = 0.8
GRAPH = 0.9
LABELS = 0.1  # of Spearman's correlation
COVERAGE = (0.93, 0.97)  # of 95 % intervals
# Runs of a goal that is of no run: made-up data sets.
SIMULATED = "simulation"


def judge_faces(validation: FaceValidation) -> tuple[Goal, ...]:
    """Return the goals of one run on built-in faces: our figures, and their lead over each other method's best.

    Pointing is that of evidence of single images, the best of its variants; maps and graph are the recommended
    ones; the others have their own better variant.
    """
    run = validation.provenance.run
    pointing = validation.best_localisation("evidence")
    ours = {
        "pointing": pointing.local_pointing.value if pointing else float("nan"),
        "map": validation.recommended.mean_r,
        "graph": validation.recommended.graph,
    }
    names = {"pointing": "pointing, local attributes", "map": "map with region, mean r", "graph": "table with truth"}
    least = {"pointing": POINTING, "map": MAP_R, "graph": GRAPH}
    goals = []
    for key, value in ours.items():
        goals.append(at_least(names[key], run, value, least[key]))
        for method, other in _figures_of_others(validation, key):
            goals.append(_above(f"{names[key]}: lead over {method}", run, value - other))
    goals.append(_within("|phi| explains of the table, less of the truth", run, validation.labels.excess))
    return tuple(goals)


def judge_coverage(found: Sequence[Coverage], *, method: IntervalMethod = "corrected") -> tuple[Goal, ...]:
    """Return the goals of the intervals that the commands show, one a table."""
    return tuple(
        inside(f"95 % intervals cover: {_name(entry.choices)}", SIMULATED, entry.covered, COVERAGE)
        for entry in found
        if entry.method == method
    )


def judge_false_positives(found: Sequence[FalsePositives]) -> tuple[Goal, ...]:
    """Return the goals of the significance, three a table: met where 5 % lies not below a share's interval."""
    goals = []
    for entry in found:
        shares = {
            "data sets with a false relation": entry.any_survivor,
            "pairs with p of 0.05 or less": entry.pairs,
            "false discoveries": entry.false_discoveries,
        }
        for words, share in shares.items():
            name = f"{words}: {_name(entry.choices)}"
            wanted = f"at most {entry.level:g}, within its error"
            met = bool(share.low <= entry.level)
            goals.append(Goal(name=name, run=SIMULATED, value=share.value, wanted=wanted, met=met))
    return tuple(goals)


def at_least(name: str, run: str, value: float, least: float) -> Goal:
    """Return the goal that a figure reaches `least`; not met where it is NaN."""
    return Goal(name=name, run=run, value=value, wanted=f"at least {least:g}", met=bool(value >= least))


def inside(name: str, run: str, value: float, limits: tuple[float, float]) -> Goal:
    """Return the goal that a share lies within limits; not met where it is NaN."""
    low, high = limits
    wanted = f"{low:g} to {high:g}" if low > 0 else f"at most {high:g}"
    return Goal(name=name, run=run, value=value, wanted=wanted, met=bool(low <= value <= high))


def _above(name: str, run: str, value: float) -> Goal:
    return Goal(name=name, run=run, value=value, wanted="above 0", met=bool(value > 0))


def _within(name: str, run: str, value: float) -> Goal:
    return Goal(name=name, run=run, value=value, wanted=f"within {LABELS:g} of 0", met=bool(np.abs(value) <= LABELS))


def _figures_of_others(validation: FaceValidation, key: str) -> Sequence[tuple[str, float]]:
    figures = []
    for method in OTHERS:
        if key == "pointing":
            place = validation.best_localisation(method)
            figures += [(method, place.local_pointing.value)] if place else []
        else:
            by = validation.best_recovery(method, by="mean_r" if key == "map" else "graph")
            figures += [(method, by.mean_r if key == "map" else by.graph)] if by else []
    return figures


def _name(choices: Choices) -> str:
    return f"{choices.sign} {choices.map}, {choices.estimand}, {choices.view}"
