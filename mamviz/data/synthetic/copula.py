"""A Gaussian copula for yes/no labels: which latent correlations give the asked ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]
Resolve = Callable[[Floats], npt.NDArray[np.bool_]]

_BOUND = 0.98


@dataclass(frozen=True)
class Copula:
    """Latent normal values with thresholds: attribute k is there where value k is above thresholds[k].

    factor       (K, K) lower Cholesky factor of the latent correlation
    thresholds   (K,)
    """

    factor: Floats
    thresholds: Floats

    def excess(self, normals: Floats) -> Floats:
        """Return latent value minus threshold, (n, K), from independent normals (n, K).

        Summed term by term, not by a matrix product, whose rounding depends on the number of rows.
        """
        latent = np.zeros_like(normals)
        for k, column in enumerate(self.factor.T):
            latent += normals[:, k, None] * column
        return latent - self.thresholds


def phi_of_latent(latent: Floats, thresholds: Floats) -> Floats:
    """Return the phi of two cut normals, for every pair, from their latent correlation.

    latent (K, K) in (-1, 1), thresholds (K,). Covariance = integral over r of the bivariate density at
    the thresholds (Plackett 1954), by Gauss-Legendre in arcsin(r), where the integrand is smooth.
    """
    nodes, weights = np.polynomial.legendre.leggauss(32)
    a, b = thresholds[:, None], thresholds[None, :]
    angle = np.arcsin(latent)
    covariance = np.zeros_like(latent)
    for node, weight in zip(nodes, weights, strict=True):
        r = np.sin(angle * (node + 1) / 2)
        exponent = -(a * a - 2 * r * a * b + b * b) / (2 * (1 - r * r))
        covariance += weight * np.exp(exponent)
    rates = ndtr(-thresholds)
    spread = np.sqrt(rates * (1 - rates))
    result: Floats = covariance * angle / (4 * np.pi) / np.outer(spread, spread)
    return result


def latent_of_phi(phi: Floats, rates: Floats) -> Floats:
    """Find the latent (tetrachoric) correlation that gives each phi, by bisection; ones on the diagonal.

    A phi that the two rates don't allow gives the nearest bound, +-0.98.
    """
    thresholds = ndtri(1 - rates)
    low, high = np.full_like(phi, -_BOUND), np.full_like(phi, _BOUND)
    for _ in range(28):  # to 1e-8
        middle = (low + high) / 2
        below = phi_of_latent(middle, thresholds) < phi
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    result = (low + high) / 2
    np.fill_diagonal(result, 1.0)
    return result


def nearest_correlation(matrix: Floats, *, smallest: float = 1e-3) -> Floats:
    """Return the nearest correlation matrix whose eigenvalues are at least about `smallest`.

    Alternating projections with Dykstra's correction (Higham 2002, IMA J. Numer. Anal. 22).
    """
    current, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(60):
        values, vectors = np.linalg.eigh(current - correction)
        projected = (vectors * np.maximum(values, smallest)) @ vectors.T
        correction = projected - (current - correction)
        current = projected.copy()
        np.fill_diagonal(current, 1.0)
        if values[0] >= smallest / 2:
            break
    scale = np.sqrt(np.diag(projected))
    result: Floats = projected / np.outer(scale, scale)
    return result


def correlate_labels(labels: npt.NDArray[np.bool_]) -> Floats:
    """Return phi between the columns of labels (n, K); 0 where a column is constant."""
    values = labels.astype(np.float64)
    rates = values.mean(axis=0)
    covariance = values.T @ values / len(values) - np.outer(rates, rates)
    spread = np.sqrt(rates * (1 - rates))
    product = np.outer(spread, spread)
    return np.divide(covariance, product, out=np.zeros_like(product), where=product > 0)


@dataclass(frozen=True)
class Target:
    """What labels shall look like: rates (K,), phi (K, K), and free (K, K), False for pairs that logic decides."""

    rates: Floats
    phi: Floats
    free: npt.NDArray[np.bool_]


def calibrate(target: Target, resolve: Resolve, normals: Floats, *, rounds: int = 8) -> Copula:
    """Find the copula whose labels, after `resolve`, have the target's rates and free correlations.

    Logic moves rates and correlations; each round moves thresholds and latent correlations back by what
    the labels of `normals` (n, K) miss, in tetrachoric units. Pairs that logic decides keep the latent
    correlation that they would need without logic: moving it would chase a phi that can't be had.
    """
    rates, phi = target.rates, target.phi
    thresholds = ndtri(1 - rates)
    wanted = latent_of_phi(phi, rates)
    asked = wanted
    floor = 0.5 / len(normals)
    for left in range(rounds, -1, -1):
        latent = nearest_correlation(asked)
        factor = np.linalg.cholesky(latent).astype(np.float64)
        drawn = resolve(normals @ factor.T - thresholds)
        drawn_rates = np.clip(drawn.mean(axis=0), floor, 1 - floor)
        thresholds = thresholds + ndtri(1 - rates) - ndtri(1 - drawn_rates)
        if left > 2:  # the last rounds settle the rates alone
            missed = wanted - latent_of_phi(correlate_labels(drawn), drawn_rates)
            asked = np.where(target.free, np.clip(asked + missed, -_BOUND, _BOUND), wanted)
    return Copula(factor, thresholds)
