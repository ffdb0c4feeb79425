"""Logits calibrated anew: a scale and a bias for each attribute, fitted by logistic regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import Floats

STEPS = 50  # Newton's method takes ten or so
TOLERANCE = 1e-10
RIDGE = 1e-9  # of the curvature alone: a constant logit has none, and its scale stays 0


@dataclass(frozen=True)
class Calibration:
    """Calibrated logit = scale * logit + bias; each (K,)."""

    scale: Floats
    bias: Floats

    def apply(self, logits: Floats) -> Floats:
        """Return calibrated logits (n, K)."""
        return np.asarray(logits * self.scale + self.bias)


def calibrate(logits: npt.ArrayLike, labels: npt.ArrayLike) -> Calibration:
    """Fit the scale and the bias of each attribute that make its labels most likely.

    logits, labels   (n, K); labels 0 or 1

    Labels are pulled in as by Platt: (n_yes + 1) / (n_yes + 2) for yes, 1 / (n_no + 2) for no, so that logits that
    part the labels, or a single label, still have a finite fit. A constant logit has scale 0 and answers by its bias.
    Raises StatisticsError for shapes that differ, no image, and logits that aren't finite.
    Source: Platt 1999, "Probabilistic outputs for support vector machines", with Newton's method and halved steps of
    Lin, Lin & Weng 2007.
    """
    values, truth = np.asarray(logits, dtype=np.float64), np.asarray(labels).astype(np.bool_)
    if values.ndim != 2 or values.shape != truth.shape or values.size == 0 or not np.isfinite(values).all():
        raise StatisticsError(
            f"Expected finite logits and labels of one shape (images, attributes), got {values.shape} and "
            f"{truth.shape}. Calibrate on the images whose labels you give."
        )
    centre, spread = values.mean(axis=0), values.std(axis=0)
    spread = np.where(spread > 1e-12 * np.abs(centre), spread, np.inf)  # inf: a constant stands at 0
    yes = truth.sum(axis=0)
    target = np.where(truth, (yes + 1) / (yes + 2), 1 / (len(truth) - yes + 2))
    slope, offset = _fit((values - centre) / spread, target)
    scale = slope / spread
    return Calibration(scale=scale, bias=offset - scale * centre)


def _fit(values: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Return slope and offset (K,) by Newton's method, each step halved until it lowers the loss."""
    slope, offset = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    loss = _loss(values, target, slope, offset)
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(slope * values + offset, -700, 700)))
        error, weight = chance - target, chance * (1 - chance)
        gradient = np.array([(error * values).mean(axis=0), error.mean(axis=0)])
        a = (weight * values**2).mean(axis=0) + RIDGE
        b = (weight * values).mean(axis=0)
        c = weight.mean(axis=0) + RIDGE
        determinant = a * c - b**2
        step = np.array([c * gradient[0] - b * gradient[1], a * gradient[1] - b * gradient[0]]) / determinant
        size = np.ones(values.shape[1])
        for _ in range(STEPS):
            tried = _loss(values, target, slope - size * step[0], offset - size * step[1])
            worse = tried > loss + TOLERANCE * 1e-3
            if not worse.any():
                break
            size[worse] /= 2
        slope, offset = slope - size * step[0], offset - size * step[1]
        loss = _loss(values, target, slope, offset)
        if np.abs(gradient).max() < TOLERANCE:
            break
    return slope, offset


def _loss(values: Floats, target: Floats, slope: Floats, offset: Floats) -> Floats:
    z = slope * values + offset
    return np.asarray((np.logaddexp(0, z) - target * z).mean(axis=0))
