"""How well a null is known that was drawn from a few dozen blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.schema import Floats

# Deleting blocks one by one would take eight times as long; what is estimated is one figure for all pairs.
N_GROUPS = 8

N_SIGNS = 200

# Enough to average over, and few enough for tables of many channels.
MOST_PAIRS = 2000

# Fisher's z of two maps that are the same but for rounding: finite.
LARGEST_R = 1 - 1e-12


@dataclass(frozen=True)
class Precision:
    """How well the null of a pair is known, in Fisher's z; one answer for all pairs of a table.

    freedom       degrees of freedom of its variance; infinite where blocks leave no doubt
    mean_error    variance of its mean, as a share of its own variance
    """

    freedom: float
    mean_error: float


def measure_precision(
    correlate: Callable[[Floats], Floats], n_blocks: int, *, generator: np.random.Generator
) -> Precision:
    """Measure how a null's mean and spread depend on which blocks it was drawn from.

    correlate    gives the correlations of some pairs (R, pairs) for signs (R, B); a block with sign 0 is left out

    Delete-a-group jackknife (Shao & Wu 1989) of the mean of z and the logarithm of its standard deviation, whose
    variance is 1 / (2 degrees of freedom), pooled over pairs. Deviations of two independent halves of the signs are
    multiplied, so that what the signs themselves leave open is not counted. No defined pair leaves no doubt.
    """
    groups = np.array_split(generator.permutation(n_blocks), min(N_GROUPS, n_blocks))
    signs = generator.choice([-1.0, 1.0], size=(N_SIGNS, n_blocks))
    drawn = []
    for group in groups:
        kept = signs.copy()
        kept[:, group] = 0.0
        drawn.append(_to_z(correlate(kept)))
    halves = np.array(drawn).reshape(len(groups), 2, N_SIGNS // 2, -1)  # (group, half, replicate, pair)
    mean, deviation = halves.mean(axis=2), halves.std(axis=2)
    known = np.isfinite(mean).all(axis=(0, 1)) & (deviation > 1e-9).all(axis=(0, 1))
    if not known.any():
        return Precision(freedom=np.inf, mean_error=0.0)
    mean, deviation = mean[..., known], deviation[..., known]
    doubt = _jackknife(np.log(deviation)).mean()
    variance = (deviation**2).mean(axis=(0, 1))
    return Precision(
        freedom=float(1 / (2 * doubt)) if doubt > 0 else np.inf,
        mean_error=float(max((_jackknife(mean) / variance).mean(), 0.0)),
    )


def widen_pairs(correlations: Floats, precision: Precision, *, generator: np.random.Generator) -> Floats:
    """Spread null correlations of pairs (R, pairs) about their mean as far as the null is in doubt.

    In Fisher's z: z = mean + deviation x sqrt(1 + mean_error) / sqrt(chi^2 / freedom), so that a normal null becomes
    Student's t, the law of one more draw where mean and variance are estimated. Pairs get independent chi^2.
    """
    widened = _to_z(correlations)
    mean = widened.mean(axis=0)
    freedom = max(precision.freedom, 3.0)  # below, t has no variance
    for z in widened:  # one replicate at a time: a table of 1,000 names has half a million pairs
        deviation = (z - mean) * np.sqrt(1 + precision.mean_error)
        if np.isfinite(freedom):
            deviation /= np.sqrt(generator.chisquare(freedom, size=z.shape) / freedom)
        np.tanh(mean + deviation, out=z)
    return widened


def spread_pairs(n: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return rows and columns of the pairs of n names that precision is measured from, evenly chosen where many."""
    first, second = np.triu_indices(n, k=1)
    step = max(1, len(first) // MOST_PAIRS)
    return first[::step], second[::step]


def _to_z(correlations: Floats) -> Floats:
    return np.asarray(np.arctanh(np.clip(correlations, -LARGEST_R, LARGEST_R)))


def _jackknife(values: Floats) -> Floats:
    """Return the jackknife variance of (group, half, pair), from products of the two halves: (pair,)."""
    apart = values - values.mean(axis=0)
    return np.asarray((len(values) - 1) / len(values) * (apart[:, 0] * apart[:, 1]).sum(axis=0))
