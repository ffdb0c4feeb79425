"""How well attributes are classified, alone and beside the poster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Interval:
    """A figure with its bootstrap interval; NaN where undefined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class AttributeScore:
    """How well one attribute is classified; shares, not percent."""

    attribute: str
    accuracy: Interval
    balanced_accuracy: Interval
    average_precision: Interval
    auroc: Interval
    prevalence: float
    majority: float


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Scores of all attributes and their means (over attributes where defined), with the protocol."""

    scores: tuple[AttributeScore, ...]
    mean_accuracy: Interval
    mean_balanced_accuracy: Interval
    mean_average_precision: Interval
    mean_auroc: Interval
    mean_majority: float
    n_images: int
    n_units: int
    unit: Literal["image", "identity"]
    level: float
    n_replicates: int
    protocol: str


@dataclass(frozen=True)
class PosterRow:
    """One attribute of the poster's accuracy table, in percent; `ours` is None where the data lack it.

    label       as the poster spells it; attribute: CelebA's own name, None in a row of averages
    """

    label: str
    ours: float | None
    poster: float
    mt_rbm_pca: float
    lnets_anet: float
    facetracer: float
    attribute: str | None = None

    @property
    def best(self) -> tuple[str, ...]:
        """Return the columns with the best accuracy, ties all, compared as shown: with two decimals."""
        columns = ("ours", "poster", "mt_rbm_pca", "lnets_anet", "facetracer")
        shown = {column: round(value, 2) for column in columns if (value := getattr(self, column)) is not None}
        return tuple(column for column in shown if shown[column] == max(shown.values()))
