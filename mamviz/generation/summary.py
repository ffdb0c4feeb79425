"""Changes of all logits under one edit, in a few numbers with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.schema import EditAction, EditEffect, EditSettings, Floats, Interval, Reading
from mamviz.stats.bootstrap import draw_counts, to_interval, weigh_means

_NONE = Interval(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one edit did to the logits of n images.

    change   (n, K) after minus before; units (n,) the person where known, else the image
    spread   (K,) standard deviation of each logit over images; edited: index of the attribute
    """

    edited: int
    action: EditAction
    reading: Reading
    change: Floats
    units: npt.NDArray[np.int64]
    spread: Floats


def summarise(measured: Measured, attributes: tuple[str, ...], settings: EditSettings) -> EditEffect:
    """Return the mean change of the own logit, of the most changed other, and how often the own changes most.

    The most changed other is the one whose mean change is largest in size, and its name is held in the replicates; ties
    go to the first. Without images all is NaN; a logit that does not vary has no change in standard deviations and is
    passed over. Where there is no other attribute, its change is 0.
    """
    n, edited = len(measured.change), measured.edited
    names = {"attribute": attributes[edited], "action": measured.action, "reading": measured.reading, "n_images": n}
    if n == 0:
        empty = dict.fromkeys(("own", "other", "own_sd", "other_sd", "largest"), _NONE)
        return EditEffect(**names, **empty, other_name="", other_sd_name="")  # type: ignore[arg-type]
    counts = draw_counts(measured.units, settings.n_replicates, np.random.default_rng(settings.seed))
    raw = weigh_means(measured.change, counts)  # (replicate, attribute)
    scaled = np.divide(raw, measured.spread, out=np.full(raw.shape, np.nan), where=measured.spread > 0)
    sign = 1.0 if measured.action == "add" else -1.0
    found = [_compare(means, edited, attributes) for means in (raw, scaled)]
    largest = weigh_means((np.abs(measured.change).argmax(axis=1) == edited)[:, None].astype(np.float64), counts)
    own, own_sd = (to_interval(sign * means[:, edited], level=settings.level) for means in (raw, scaled))
    other, other_sd = (to_interval(each, level=settings.level) for _, each in found)
    return EditEffect(
        **names,  # type: ignore[arg-type]
        own=own,
        other=other,
        other_name=found[0][0],
        own_sd=own_sd,
        other_sd=other_sd,
        other_sd_name=found[1][0],
        largest=to_interval(largest[:, 0], level=settings.level),
    )


def _compare(means: Floats, edited: int, attributes: tuple[str, ...]) -> tuple[str, Floats]:
    """Return the name of the most changed other, and its mean change under each weighting."""
    size = np.nan_to_num(np.abs(means[0]), nan=-1.0)
    size[edited] = -1.0
    most = int(size.argmax())
    if size[most] < 0:
        return "", np.zeros(len(means))
    return attributes[most], means[:, most]
