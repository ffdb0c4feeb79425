"""The bivariate normal distribution: its integral, and the correlation that gives one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, owens_t

from mamviz.schema import Floats

# Stands for 0 where Owen's formula divides by a bound; far below what a float64 beside 1 can tell.
_ZERO = 1e-100
_LARGEST = np.pi / 2 - 1e-6  # arcsin of 1 - 5e-13
_EXACT = 1e-12  # radians
_MOST_STEPS = 100  # bisection alone would need 42


def binormal_probability(first: npt.ArrayLike, second: npt.ArrayLike, r: npt.ArrayLike) -> Floats:
    """Return P(X <= first and Y <= second) of two standard normals with correlation r in (-1, 1).

    Arrays of one shape, or that broadcast to one; exact to 1e-15 (Owen 1956, Ann. Math. Statist. 27, eq. 2.1).
    """
    h, k, r = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (first, second, r)))
    h, k = (np.where(np.abs(each) < _ZERO, _ZERO, each) for each in (h, k))
    across = np.sqrt((1 - r) * (1 + r))
    opposite = np.where((h > 0) == (k > 0), 0.0, 0.5)
    triangles = owens_t(h, (k - r * h) / (h * across)) + owens_t(k, (h - r * k) / (k * across))
    return np.asarray((ndtr(h) + ndtr(k)) / 2 - triangles - opposite)


def binormal_correlation(first: npt.ArrayLike, second: npt.ArrayLike, probability: npt.ArrayLike) -> Floats:
    """Return the r at which `binormal_probability(first, second, r)` is `probability`; NaN for NaN.

    Arrays of one shape. The integral grows with r; its slope in arcsin(r) is the density times cos (Plackett 1954,
    Biometrika 41), bounded everywhere: Newton's steps in arcsin(r), halving the bracket where one leaves it. To 1e-12;
    a probability that no r gives has the nearest bound, +-(1 - 5e-13).
    """
    h, k, wanted = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (first, second, probability)))
    angle = np.where(np.isnan(h + k + wanted), np.nan, 0.0)
    open_ = np.flatnonzero(~np.isnan(angle))
    h, k, wanted = h.ravel()[open_], k.ravel()[open_], wanted.ravel()[open_]
    low, high = np.full(len(open_), -_LARGEST), np.full(len(open_), _LARGEST)
    theta = np.zeros(len(open_))
    for _ in range(_MOST_STEPS):
        miss = binormal_probability(h, k, np.sin(theta)) - wanted
        low, high = np.where(miss <= 0, theta, low), np.where(miss >= 0, theta, high)
        following = theta - miss / np.maximum(_slope(h, k, theta), 1e-300)
        inside = (following > low) & (following < high)
        following = np.where(inside, following, (low + high) / 2)
        angle.flat[open_] = following
        left = np.abs(following - theta) > _EXACT
        if not left.any():
            break
        open_, h, k, wanted = open_[left], h[left], k[left], wanted[left]
        low, high, theta = low[left], high[left], following[left]
    return np.asarray(np.sin(angle))


def _slope(h: Floats, k: Floats, angle: Floats) -> Floats:
    """Return the integral's derivative by arcsin(r)."""
    r = np.sin(angle)
    return np.asarray(np.exp(-(h * h - 2 * r * h * k + k * k) / (2 * (1 - r) * (1 + r))) / (2 * np.pi))
