"""A small robustness report, as core would hand it over."""

from __future__ import annotations

from mamviz.schema import (
    Interval,
    PerturbedScore,
    RobustnessReport,
    RobustnessSettings,
    Transformation,
    TransformationScores,
)
from tests.reports.records import around

SETTINGS = RobustnessSettings(
    transformations=(Transformation("sharpen", 2.0), Transformation("power", 2.0), Transformation("binary", 0.5)),
    sigmas=(8.0, 16.0),
    epsilons=(1.0, 4.0),
    seed=7,
)
# What each transformation gains, everywhere: the first helps, the second harms, the third is unclear.
GAINS = (0.0, 0.02, -0.03, 0.005)
LOSSES = {"clean": 0.0, "kept": 0.01, "noise": 0.005, "through": 0.05, "surrogate": 0.05, "transfer": 0.04}


def perturbed(place: int) -> tuple[PerturbedScore, ...]:
    """Accuracy falls with strength; the third is attacked best through its surrogate."""
    found = []
    for each in SETTINGS.perturbations:
        loss = LOSSES[each.kind] * (each.strength or 1) + (0.1 if (place, each.kind) == (3, "surrogate") else 0)
        value = 0.9 - loss + GAINS[place]
        found.append(
            PerturbedScore(
                perturbation=each,
                accuracy=around(value),
                balanced_accuracy=around(value - 0.2),
                gain=around(GAINS[place]) if place else Interval(0.0, 0.0, 0.0),
                balanced_gain=around(GAINS[place] / 2) if place else Interval(0.0, 0.0, 0.0),
            )
        )
    return tuple(found)


def robustness_report() -> RobustnessReport:
    """None, one that helps, one that harms, and one that is unclear and hides its gradient."""
    rows = tuple(
        TransformationScores(
            transformation=transformation,
            scores=perturbed(place),
            noise_gain=around(GAINS[place]),
            noise_balanced_gain=around(GAINS[place] / 2, 0.02),
            attack_gain=around(2 * GAINS[place]),
            attack_balanced_gain=around(GAINS[place]),
            hidden=around(0.1 if place == 3 else 0.0),
        )
        for place, transformation in enumerate(SETTINGS.all_transformations)
    )
    return RobustnessReport(
        settings=SETTINGS,
        attributes=("Male", "Bald"),
        rows=rows,
        calibrated=400,
        measured=500,
        n_units=321,
        unit="identity",
        majority=0.8,
    )
