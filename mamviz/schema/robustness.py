"""What noise and attacks do to a network's answers, with its masks as they are and transformed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mamviz.errors import ConfigError
from mamviz.schema.scores import Interval

TransformationKind = Literal["none", "sharpen", "power", "threshold", "binary"]
TRANSFORMATIONS: tuple[TransformationKind, ...] = ("none", "sharpen", "power", "threshold", "binary")
PerturbationKind = Literal["clean", "kept", "noise", "through", "surrogate", "transfer"]
ATTACKS: tuple[PerturbationKind, ...] = ("through", "surrogate", "transfer")
GainVerdict = Literal["helps", "harms", "unclear"]


@dataclass(frozen=True)
class Transformation:
    """What is done to every mask m in [0, 1], cell by cell; the result lies in [0, 1] again.

    none        m
    sharpen     m^a / (m^a + (1 - m)^a), a = dial: a logit times a; above 1 away from 0.5, below 1 towards it
    power       m^p, p = dial: above 1 what is half open closes, below 1 it opens
    threshold   m where m >= t, else 0, t = dial
    binary      1 where m >= t, else 0, t = dial

    Raises ConfigError for a dial that is not above 0, and for a threshold that is not below 1.
    """

    kind: TransformationKind = "none"
    dial: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in TRANSFORMATIONS:
            raise ConfigError(f"transformation: expected one of {', '.join(TRANSFORMATIONS)}, got {self.kind!r}.")
        most = 1.0 if self.stepped else float("inf")
        if not 0 < self.dial < most and self.kind != "none":
            limit = " and below 1" if self.stepped else ""
            raise ConfigError(f"{self.kind}: expected a dial above 0{limit}, got {self.dial:g}. Try {self.kind} 0.5.")

    @property
    def stepped(self) -> bool:
        """Whether it has a step: there its true gradient says nothing of what the step does."""
        return self.kind in ("threshold", "binary")

    @property
    def name(self) -> str:
        """Return its kind and dial, as a person reads them."""
        return self.kind if self.kind == "none" else f"{self.kind} {self.dial:g}"


NONE = Transformation()


@dataclass(frozen=True, kw_only=True)
class RobustnessSettings:
    """What is measured; the same settings, run and images give the same numbers.

    n_images          test images that measure, at most so many
    n_calibrating     validation images that calibrate, at most so many
    transformations   beside none, which is always measured
    sigmas            standard deviations of Gaussian noise, in grey levels of 255
    epsilons          sizes of the FGSM step, in grey levels of 255
    level             of the intervals
    """

    n_images: int = 1000
    n_calibrating: int = 2000
    seed: int = 0
    transformations: tuple[Transformation, ...] = (
        Transformation("sharpen", 2.0),
        Transformation("sharpen", 0.5),
        Transformation("power", 2.0),
        Transformation("threshold", 0.5),
        Transformation("binary", 0.5),
    )
    sigmas: tuple[float, ...] = (8.0, 16.0, 32.0)
    epsilons: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    n_replicates: int = 1000
    level: float = 0.95

    def __post_init__(self) -> None:
        for name in ("sigmas", "epsilons"):
            values = getattr(self, name)
            if not values or list(values) != sorted(set(values)) or not 0 < values[0] <= values[-1] < float("inf"):
                raise ConfigError(f"{name}: expected ascending sizes above 0, at least one, got {list(values)}.")
        if len(set(self.all_transformations)) <= len(self.transformations):
            names = ", ".join(each.name for each in self.transformations)
            raise ConfigError(f"transformations: expected each once, and none of them none, got {names}.")

    @property
    def all_transformations(self) -> tuple[Transformation, ...]:
        """None, then the others."""
        return (NONE, *self.transformations)

    @property
    def perturbations(self) -> tuple[Perturbation, ...]:
        """Everything that is done to the images, in order."""
        return (
            Perturbation("clean"),
            Perturbation("kept"),
            *(Perturbation("noise", sigma) for sigma in self.sigmas),
            *(Perturbation(attack, epsilon) for attack in ATTACKS for epsilon in self.epsilons),
        )


@dataclass(frozen=True)
class Perturbation:
    """What is done to an image; strength in grey levels of 255.

    clean       nothing
    kept        nothing, and the classifier keeps the biases it was trained with; all others are calibrated anew
    noise       Gaussian noise of that standard deviation
    through     FGSM, its gradient taken through the transformation
    surrogate   FGSM, the step of a threshold taken for a smooth one in the gradient; as `through` without a step
    transfer    FGSM, its gradient taken from the network without the transformation
    """

    kind: PerturbationKind
    strength: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PerturbedScore:
    """How well perturbed images are classified; shares, means over attributes.

    gain, balanced_gain   above the network without transformation under the same perturbation, image by image
    """

    perturbation: Perturbation
    accuracy: Interval
    balanced_accuracy: Interval
    gain: Interval
    balanced_gain: Interval


@dataclass(frozen=True, kw_only=True)
class TransformationScores:
    """What one transformation of the masks does for the network.

    noise_gain    mean of the gains over all sigmas; attack_gain: over all epsilons, the worst attack at each
    hidden        accuracy under the true gradient's attack above that under the worst one, mean over all epsilons: what
                  the gradient hides of an attack that is there; 0 where the true gradient's is the worst everywhere
    """

    transformation: Transformation
    scores: tuple[PerturbedScore, ...]
    noise_gain: Interval
    noise_balanced_gain: Interval
    attack_gain: Interval
    attack_balanced_gain: Interval
    hidden: Interval

    def of(self, kind: PerturbationKind) -> tuple[PerturbedScore, ...]:
        """Return the scores under one kind of perturbation, by strength."""
        return tuple(score for score in self.scores if score.perturbation.kind == kind)

    @property
    def clean(self) -> PerturbedScore:
        """Return the score of unperturbed images."""
        return self.of("clean")[0]

    @property
    def worst(self) -> tuple[PerturbedScore, ...]:
        """Return, for each epsilon, the attack that leaves the lowest accuracy; of equal ones the first."""
        attacks = zip(*(self.of(attack) for attack in ATTACKS), strict=True)
        return tuple(min(group, key=lambda score: score.accuracy.value) for group in attacks)

    @property
    def masked_gradients(self) -> bool:
        """Whether other attacks do more harm than the true gradient's, the paired interval above 0."""
        return self.hidden.low > 0


@dataclass(frozen=True, kw_only=True)
class RobustnessReport:
    """What every transformation does, the network without one first.

    calibrated   number of validation images that scales and biases were fitted on; measured: of test images
    majority     accuracy of always giving the more frequent answer
    """

    settings: RobustnessSettings
    attributes: tuple[str, ...]
    rows: tuple[TransformationScores, ...]
    calibrated: int
    measured: int
    n_units: int
    unit: Literal["image", "identity"]
    majority: float

    @property
    def baseline(self) -> TransformationScores:
        """Return the network without transformation."""
        return self.rows[0]


def judge_gain(gain: Interval) -> GainVerdict:
    """Say whether a gain's interval lies above 0 (helps), below it (harms) or around it."""
    return "helps" if gain.low > 0 else "harms" if gain.high < 0 else "unclear"
