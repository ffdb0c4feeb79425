"""Exchanged masks: what is lost where an attribute gets another's masks, or flat ones.

With the shared readout all that an attribute has of its own is its mask (and a bias): taking it away must cost.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mamviz.models.network import MaskNetwork
from mamviz.sanity.exchanged import exchanged_scores
from mamviz.sanity.sample import Sample
from mamviz.sanity.thresholds import answer
from mamviz.schema import (
    EXCHANGES,
    AttributeLoss,
    Exchange,
    ExchangeLoss,
    Floats,
    Progress,
    SanityCheck,
    Verdict,
    silent,
)
from mamviz.stats.bootstrap import draw_counts, to_interval, weigh_means

WORDS: dict[Exchange, str] = {
    "swap": "each attribute gets the masks of another",
    "channels": "each mask's channels are permuted",
    "cells": "masks are flattened over cells: one number a channel",
    "mean channel": "masks are flattened over channels: one map an image",
    "images": "masks are flattened over images: the data set's mean mask",
    "number": "masks are flattened to one number an attribute",
}


def exchange_masks(
    network: MaskNetwork,
    sample: Sample,
    *,
    generator: np.random.Generator,
    n_replicates: int = 1000,
    progress: Progress = silent,
) -> tuple[ExchangeLoss, ...]:
    """Return the accuracy lost by every exchange of masks, the features and the readout kept.

    Swapped attributes and permuted channels are the mean of five draws that move every one. All biases, the trained
    network's too, are fitted anew on one half of the persons and used on the other, for the best accuracy (for
    balanced accuracy, the best of that): a bias that is right for one mask is wrong for another, and what that costs
    says nothing of masks. So nothing falls below the majority guess but by chance, and a loss is the least that any
    bias leaves. Intervals resample persons (or images); biases are not fitted again in them.
    """
    scores = exchanged_scores(network, sample, generator=generator, progress=progress)
    labels = sample.labels.astype(bool)
    halves = _split_units(sample.units, generator)
    right = {
        (name, balanced): np.mean([answer(each, labels, halves, balanced=balanced) == labels for each in drawn], axis=0)
        for name, drawn in scores.items()
        for balanced in (False, True)
    }
    counts = draw_counts(sample.units, n_replicates, generator)
    majority = np.where(labels.mean(axis=0) > 0.5, labels, ~labels)
    gain = weigh_means(right["trained", False] - majority, counts)
    beyond = [to_interval(column).low > 0 for column in gain.T]
    found = []
    for name in EXCHANGES:
        accuracy = weigh_means(right["trained", False] - right[name, False], counts)
        balanced = _weigh_balanced(right["trained", True] - right[name, True], labels, counts)
        rows = tuple(
            AttributeLoss(
                attribute=attribute,
                accuracy=to_interval(accuracy[:, k]),
                balanced_accuracy=to_interval(balanced[:, k]),
                beyond=beyond[k],
            )
            for k, attribute in enumerate(sample.attributes)
        )
        found.append(
            ExchangeLoss(
                exchange=name,
                accuracy=to_interval(accuracy.mean(axis=1)),
                balanced_accuracy=to_interval(_mean_defined(balanced)),
                attributes=rows,
            )
        )
    return tuple(found)


def judge_exchange(losses: tuple[ExchangeLoss, ...]) -> tuple[SanityCheck, ...]:
    """Say of every exchange whether it costs accuracy.

    Pass: most of the attributes that the trained network knows beyond the majority guess lose, the interval above 0;
    fail: the mean loss is not above 0; else unclear.
    """
    checks = []
    for loss in losses:
        most = loss.n_beyond > 0 and loss.n_lost > loss.n_beyond / 2
        lost = f"{loss.n_lost} of {loss.n_beyond} attributes known beyond the majority guess lose"
        verdict: Verdict = "pass" if most else "unclear" if loss.accuracy.low > 0 else "fail"
        meaning = {
            "pass": f"{lost}: what is taken away is used",
            "fail": "nothing is lost on average: what is taken away is not used",
            "unclear": f"only {lost}",
        }[verdict]
        checks.append(
            SanityCheck(
                group="exchange",
                name=WORDS[loss.exchange],
                verdict=verdict,
                figure=loss.accuracy,
                threshold=0.0,
                passes="above",
                meaning=meaning,
            )
        )
    return tuple(checks)


def _split_units(units: npt.NDArray[np.int64], generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Put half of the persons on one side: (n,)."""
    names, place = np.unique(units, return_inverse=True)
    return np.asarray((generator.permutation(len(names)) < len(names) // 2)[place])


def _weigh_balanced(values: Floats, labels: npt.NDArray[np.bool_], counts: Floats) -> Floats:
    """Return the mean over both labels of the mean over images with that label, (1 + R, K)."""
    return np.asarray(sum(weigh_means(values, counts, among=part.astype(float)) for part in (labels, ~labels)) / 2)


def _mean_defined(values: Floats) -> Floats:
    known = np.isfinite(values)
    size = known.sum(axis=1)
    total = np.where(known, values, 0).sum(axis=1)
    return np.asarray(np.divide(total, size, out=np.full(len(values), np.nan), where=size > 0))
