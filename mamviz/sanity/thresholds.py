"""Biases fitted anew: thresholds on one half of the images, answers on the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mamviz.schema import Floats


def answer(
    scores: Floats, labels: npt.NDArray[np.bool_], halves: npt.NDArray[np.bool_], *, balanced: bool
) -> npt.NDArray[np.bool_]:
    """Answer with thresholds fitted on the other half: (n, K) yes or no.

    scores, labels   (n, K); halves (n,)
    """
    answers = np.empty(scores.shape, dtype=bool)
    for half in (halves, ~halves):
        thresholds = fit_thresholds(scores[~half], labels[~half], balanced=balanced)
        answers[half] = scores[half] > thresholds
    return answers


def fit_thresholds(scores: Floats, labels: npt.NDArray[np.bool_], *, balanced: bool) -> Floats:
    """Return the threshold of each attribute (K,) above which yes is answered, for the best (balanced) accuracy.

    It lies half-way between two scores; -inf or inf where one answer for all is best, or there is only one label.
    Ties between thresholds go to the lowest.
    """
    n_images = len(scores)
    share = labels.mean(axis=0) if balanced else np.full(scores.shape[1], 0.5)
    yes = np.where(labels, 1 - share, 0.0)  # what is gained by yes; a class's images weigh as the other's share
    no = np.where(labels, 0.0, share)
    order = np.argsort(scores, axis=0, kind="stable")
    ranked = np.take_along_axis(scores, order, axis=0)
    step = np.take_along_axis(no - yes, order, axis=0)
    gain = np.vstack([np.zeros((1, scores.shape[1])), np.cumsum(step, axis=0)])  # no for the first j
    edges = np.vstack([np.full_like(ranked[:1], -np.inf), ranked, np.full_like(ranked[:1], np.inf)])
    gain[1:n_images][ranked[1:] == ranked[:-1]] = -np.inf  # no threshold parts equal scores
    best = gain.argmax(axis=0)
    columns = np.arange(scores.shape[1])
    return np.asarray((edges[best, columns] + edges[best + 1, columns]) / 2)
