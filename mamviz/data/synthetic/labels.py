"""Labels of the built-in faces: CelebA's attributes, with its rates and correlations."""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from mamviz.data.synthetic.copula import Copula, Floats, Target, calibrate
from mamviz.data.synthetic.draws import CALIBRATION_STREAM, LABEL_STREAM, uniforms
from mamviz.data.synthetic.logic import resolve, tied_pairs
from mamviz.errors import DataError


@lru_cache(maxsize=1)
def _published() -> tuple[tuple[str, ...], Floats, Floats]:
    """Read names, rates and phi of CelebA's 202,599 label rows (Liu et al. 2015) from the file beside this one."""
    text = files("mamviz.data.synthetic").joinpath("celeba_statistics.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(text.splitlines()))[1:]
    rates = np.array([float(row[1]) for row in rows])
    phi = np.array([[float(value) for value in row[3:]] for row in rows])
    return tuple(row[0] for row in rows), rates, phi


ATTRIBUTES: tuple[str, ...] = _published()[0]

# Images drawn to find the copula: a rate is then known to 0.002, a phi to 0.004.
_N_CALIBRATION = 65_536


def published_rates() -> Floats:
    """Return the share of CelebA's images with each attribute, (40,)."""
    return _published()[1].copy()


def published_correlations() -> Floats:
    """Return phi between CelebA's attributes over its images, (40, 40), ones on the diagonal."""
    return _published()[2].copy()


def asked_correlations(label_correlation: float) -> Floats:
    """Return the phi that labels are drawn for: CelebA's times the dial.

    Pairs tied by logic keep CelebA's at every setting: hair colours exclude each other at 0 as well.
    """
    phi = published_correlations()
    return np.where(free_pairs(), label_correlation * phi, phi)


def free_pairs() -> npt.NDArray[np.bool_]:
    """Return which pairs logic leaves free, (40, 40); False on the diagonal."""
    tied = tied_pairs()
    return np.array([[a != b and (a, b) not in tied for b in ATTRIBUTES] for a in ATTRIBUTES])


@lru_cache(maxsize=8)
def find_copula(label_correlation: float) -> Copula:
    """Return the copula for a setting of the dial; seconds the first time, then remembered."""
    half = np.arange(_N_CALIBRATION // 2)
    normals = ndtri(uniforms(half, seed=0, stream=CALIBRATION_STREAM, count=len(ATTRIBUTES)))
    both = np.concatenate([normals, -normals])  # antithetic: means are exact
    target = Target(published_rates(), asked_correlations(label_correlation), free_pairs())
    return calibrate(target, _resolve, both)


def draw_labels(n_images: int, *, seed: int, label_correlation: float = 1.0) -> npt.NDArray[np.uint8]:
    """Draw labels without contradictions, (n_images, 40), 0 or 1.

    label_correlation   0: independent but for logic; 1: CelebA's correlations
    Rates are CelebA's at every setting. Image i's labels depend on (seed, i) and the dial only.
    Raises DataError for a dial outside [0, 1] or a negative number of images.
    """
    if not 0.0 <= label_correlation <= 1.0:
        raise DataError(f"label_correlation: expected 0 to 1, got {label_correlation}. Choose a number in between.")
    if n_images < 0:
        raise DataError(f"n_images: expected 0 or more, got {n_images}. Choose how many faces to draw.")
    copula = find_copula(float(label_correlation))
    normals = ndtri(uniforms(np.arange(n_images), seed=seed, stream=LABEL_STREAM, count=len(ATTRIBUTES)))
    return _resolve(copula.excess(normals)).astype(np.uint8)


def _resolve(excess: Floats) -> npt.NDArray[np.bool_]:
    return resolve(excess, ATTRIBUTES)
