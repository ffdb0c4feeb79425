"""Whether the masks' claim is causal: removing each channel alone, against what the masks say it should do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mamviz.schema.arrays import Floats
from mamviz.schema.sanity import Fill
from mamviz.schema.scores import Interval


@dataclass(frozen=True, kw_only=True)
class CausalCheck:
    """What removing each channel alone does to each attribute, against what the masks say it should.

    claim        (K, C) usage: absolute evidence of an image, validation images; logit units
    effect       (K, C) mean |change of the logit|, test images; loss_rise (K, C) of the binary cross entropy
    accuracy     (K, C) change of accuracy, a share; below 0 is worse
    pairs        Spearman of claim and effect over all K x C pairs
    within       mean over attributes of Spearman over channels; loss_within the same of claim and loss_rise

    Channels that no attribute claims, or whose removal changes no logit, are in none of the three; an attribute whose
    claim or effect is the same for all channels is in no mean.
    """

    fill: Fill
    attributes: tuple[str, ...]
    claim: Floats
    effect: Floats
    loss_rise: Floats
    accuracy: Floats
    pairs: Interval
    within: Interval
    loss_within: Interval
    n_images: int

    @property
    def by_attribute(self) -> Floats:
        """Return Spearman of claim and effect over the channels of each attribute, (K,); NaN where one is constant.

        Channels that no attribute claims are left out.
        """
        told = self.claim.any(axis=0)
        return np.array([_spearman(*pair) for pair in zip(self.claim[:, told], self.effect[:, told], strict=True)])

    @property
    def best_first(self) -> tuple[int, ...]:
        """Return the attributes' places, the one with the highest `by_attribute` first, undefined ones last."""
        return tuple(np.argsort(-self.by_attribute, kind="stable").tolist())


def _spearman(first: Floats, second: Floats) -> float:
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def _ranks(values: Floats) -> Floats:
    """Return ranks from 1 on; equal ones share their mean."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(count) - (count - 1) / 2)[place]
    return ranks
