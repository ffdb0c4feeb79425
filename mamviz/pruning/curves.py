"""Accuracy of the test images as channels go, order by order, and which order keeps more of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.models.network import MaskNetwork
from mamviz.models.surgery import ChannelMeans
from mamviz.pruning.part import Part
from mamviz.pruning.removal import Removal, draw_part_counts, right_answers
from mamviz.schema import (
    BASELINES,
    FILLS,
    MASK_CRITERIA,
    AreaDifference,
    Criterion,
    Fill,
    FillDifference,
    Floats,
    Progress,
    PruningCurve,
    PruningSettings,
    RemovalOrder,
    silent,
)
from mamviz.stats.bootstrap import to_interval, weigh_means

Areas = Mapping[tuple[Criterion, Fill], Floats]


@dataclass(frozen=True, kw_only=True)
class TracedCurves:
    """What orders keep of the accuracy, on the same images under the same resampling.

    curves        a fill after the other, in each the orders as given
    differences   every mask criterion against every baseline that is there, each fill on its own
    fills         mean against zero, a row a criterion
    """

    curves: tuple[PruningCurve, ...]
    differences: tuple[AreaDifference, ...]
    fills: tuple[FillDifference, ...]


def choose_levels(n_channels: int, *, step: float, last: float) -> tuple[int, ...]:
    """Return the numbers of removed channels at the sparsities 0, step, 2 step, ... last, ascending.

    Rounded to whole channels, duplicates dropped; at least one channel is kept.
    Raises StatisticsError for a step or a last sparsity that is not above 0 up to 1.
    """
    if not (0 < step <= 1 and 0 < last <= 1):
        raise StatisticsError(
            f"step and last: expected shares of the channels above 0 up to 1, got {step} and {last}. Try 0.05 and 0.95."
        )
    n_steps = int(last / step + 1e-9)  # 0.95 / 0.05 is a hair less than 19
    shares = [*(step * place for place in range(n_steps + 1)), last]
    return tuple(sorted({min(round(share * n_channels), n_channels - 1) for share in shares}))


def trace_curves(
    network: MaskNetwork,
    part: Part,
    orders: Sequence[RemovalOrder],
    *,
    means: ChannelMeans,
    settings: PruningSettings,
    generator: np.random.Generator,
    folder: Path | None = None,
    progress: Progress = silent,
) -> TracedCurves:
    """Measure what the network still knows as its channels go in each order, zero or their mean left behind.

    part      the images that measure; orders and means come from others
    folder    of the orders that are done, kept for a job that goes on: see `removal.right_answers`

    Intervals are percentiles over resampled persons (or images), one draw for everything. All numbers of the curves
    are means over images and attributes of right answers; a loss is paired, image by image.
    """
    levels = choose_levels(network.shape[0], step=settings.step, last=settings.last)
    counts = draw_part_counts(part, settings, generator)
    whole = right_answers(network, part, Removal(orders[0]), levels[:1], folder=folder)
    curves: list[PruningCurve] = []
    areas: dict[tuple[Criterion, Fill], list[Floats]] = {}
    for fill in FILLS:
        for order in orders:
            start = len(curves) * (len(levels) - 1)

            def tell(done: int, total: int, note: str = "", *, start: int = start, fill: Fill = fill) -> None:
                progress(start + done, total * len(FILLS) * len(orders), f"{note}, {fill} left behind")

            removal = Removal(order, means if fill == "mean" else None)
            answers = right_answers(network, part, removal, levels[1:], folder=folder, progress=tell)
            right = np.concatenate([whole, answers])
            accuracy = weigh_means(right.mean(axis=2).T, counts)
            area = mean_height(accuracy, np.array(levels) / network.shape[0])
            areas.setdefault((order.criterion, fill), []).append(area)
            curves.append(_to_curve(order, fill, levels, right, accuracy, area, level=settings.level))
            tell(len(levels) - 1, len(levels) - 1, order.criterion)
    found = {key: np.mean(draws, axis=0) for key, draws in areas.items()}
    return TracedCurves(
        curves=tuple(curves),
        differences=compare_areas(found, level=settings.level),
        fills=compare_fills(found, level=settings.level),
    )


def mean_height(curves: Floats, places: Floats) -> Floats:
    """Return the mean height of curves (..., L) over their places (L,), trapezoid by trapezoid; of one, its height."""
    if len(places) == 1:
        return curves[..., 0]
    middle = (curves[..., :-1] + curves[..., 1:]) / 2
    height: Floats = middle @ np.diff(places) / (places[-1] - places[0])
    return height


def compare_areas(areas: Areas, *, level: float) -> tuple[AreaDifference, ...]:
    """Compare the area of every mask criterion with that of every other one, fill by fill.

    areas   (1 + R,) of each criterion and fill under the same resampling, of random orders their mean
    """
    others: tuple[Criterion, ...] = (*BASELINES, "greedy")
    return tuple(
        AreaDifference(
            criterion=criterion,
            other=other,
            fill=fill,
            difference=to_interval(areas[criterion, fill] - areas[other, fill], level=level),
        )
        for fill in FILLS
        for criterion in MASK_CRITERIA
        for other in others
        if (criterion, fill) in areas and (other, fill) in areas
    )


def compare_fills(areas: Areas, *, level: float) -> tuple[FillDifference, ...]:
    """Compare what is kept where the mean is left behind with where zero is, criterion by criterion."""
    return tuple(
        FillDifference(criterion=criterion, difference=to_interval(area - areas[criterion, "zero"], level=level))
        for (criterion, fill), area in areas.items()
        if fill == "mean" and (criterion, "zero") in areas
    )


def _to_curve(
    order: RemovalOrder,
    fill: Fill,
    levels: tuple[int, ...],
    right: npt.NDArray[np.bool_],
    accuracy: Floats,
    area: Floats,
    *,
    level: float,
) -> PruningCurve:
    """Return the curve of right answers (L, n, K), from its replicates: accuracy (1 + R, L) and area (1 + R,)."""
    return PruningCurve(
        order=order,
        fill=fill,
        removed=levels,
        accuracy=tuple(to_interval(column, level=level) for column in accuracy.T),
        loss=tuple(to_interval(accuracy[:, 0] - column, level=level) for column in accuracy.T),
        attributes=right.mean(axis=1),
        area=to_interval(area, level=level),
    )
