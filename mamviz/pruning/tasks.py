"""The parts of a pruning report: what each measures, and how many passes over the images it is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mamviz.data.dataset import ImageData
from mamviz.errors import StatisticsError
from mamviz.models.network import MaskNetwork
from mamviz.models.surgery import prune_network
from mamviz.pruning.causal import check_claim
from mamviz.pruning.cost import Timing, compare_costs
from mamviz.pruning.criteria import all_orders
from mamviz.pruning.curves import choose_levels, trace_curves
from mamviz.pruning.importance import channel_importance
from mamviz.pruning.observation import Observation
from mamviz.pruning.pace import Pace
from mamviz.pruning.part import Part
from mamviz.pruning.plan import largest_error
from mamviz.pruning.removal import Removal
from mamviz.pruning.safety import find_safe_removal
from mamviz.pruning.smaller import Maker
from mamviz.pruning.tuning import KEEPS, tune_levels
from mamviz.run import Run
from mamviz.schema import (
    BASELINES,
    FILLS,
    MASK_CRITERIA,
    Fill,
    Progress,
    PruningSettings,
    RemovalOrder,
)

COST_PASSES = 40  # what timing takes, in passes of the network without its extractor over the images
TRAINING_PASSES = 4  # what training on an image takes, in the same measure


@dataclass(frozen=True)
class Work:
    """What every part needs; `orders` are there once they are found.

    maker    who makes the runs of a fine-tune; timing: how latency is measured
    folder   of pieces kept for a job that goes on
    """

    run: Run
    network: MaskNetwork
    data: ImageData
    validation: Part
    test: Part
    observation: Observation
    settings: PruningSettings
    maker: Maker
    timing: Timing | None
    folder: Path
    orders: tuple[RemovalOrder, ...] = ()

    def order(self) -> RemovalOrder:
        """Return the order of the chosen criterion; raises StatisticsError where it is not among them."""
        found = [order for order in self.orders if order.criterion == self.settings.criterion]
        if not found:
            known = ", ".join(dict.fromkeys(order.criterion for order in self.orders))
            raise StatisticsError(
                f"criterion: expected one that this network has an order of ({known}), got "
                f"{self.settings.criterion!r}. Choose one of these."
            )
        return found[0]

    def removal(self, order: RemovalOrder, fill: Fill) -> Removal:
        """Return an order with what a removed channel leaves behind."""
        return Removal(order, self.observation.means if fill == "mean" else None)


@dataclass(frozen=True)
class Task:
    """Fields of the report that are made together."""

    fields: tuple[str, ...]
    passes: int
    do: Callable[[Work, np.random.Generator, Progress], Mapping[str, Any]]


def list_tasks(network: MaskNetwork, data: ImageData, settings: PruningSettings) -> tuple[Task, ...]:
    """Return the parts in their order; a pass is one of the network without its extractor over the images."""
    n_channels = network.shape[0]
    n_levels = len(choose_levels(n_channels, step=settings.step, last=settings.last))
    n_orders = len(MASK_CRITERIA) + len(BASELINES) - 1 + settings.n_random + (settings.oracle > 0)
    greedy = n_channels * n_channels // 2 * settings.oracle // settings.n_images
    n_trained = 2 * len(KEEPS) * settings.tune_epochs * len(data.select("train"))
    tasks = (
        Task(("orders",), 1 + greedy, _find_orders),
        Task(("curves", "differences", "fills"), n_orders * len(FILLS) * n_levels, _trace),
        Task(("safe",), len(FILLS) * n_channels // 2, _find_safe),
        Task(("causal",), len(FILLS) * n_channels, _check),
        Task(("cost",), COST_PASSES, _compare),
        Task(("tuned",), TRAINING_PASSES * n_trained // settings.n_images, _tune),
    )
    return tasks if settings.tune_epochs else tasks[:-1]


def _find_orders(work: Work, generator: np.random.Generator, progress: Progress) -> Mapping[str, Any]:
    settings = work.settings
    orders = all_orders(
        work.network,
        work.validation,
        work.observation,
        size=work.run.config.data.size,
        n_random=settings.n_random,
        generator=generator,
        oracle=settings.oracle,
        progress=progress,
    )
    return {"orders": orders}


def _trace(work: Work, generator: np.random.Generator, progress: Progress) -> Mapping[str, Any]:
    traced = trace_curves(
        work.network,
        work.test,
        work.orders,
        means=work.observation.means,
        settings=work.settings,
        generator=generator,
        folder=work.folder,
        progress=progress,
    )
    return {"curves": traced.curves, "differences": traced.differences, "fills": traced.fills}


def _find_safe(work: Work, generator: np.random.Generator, progress: Progress) -> Mapping[str, Any]:
    """Search with the chosen criterion and fill first, then with the other fill, then with every other criterion."""
    chosen, fill = work.order(), work.settings.fill
    other: Fill = "zero" if fill == "mean" else "mean"
    rest = [order for order in work.orders if order.criterion != chosen.criterion and order.draw == 0]
    pairs = [(chosen, fill), (chosen, other), *((order, fill) for order in rest)]
    pace = Pace(progress, len(pairs) * 100)
    found = [
        find_safe_removal(
            work.network,
            work.removal(order, left),
            work.validation,
            work.test,
            settings=work.settings,
            generator=generator,
            folder=work.folder,
            progress=_name(pace.next(100), order.criterion),
        )
        for order, left in pairs
    ]
    return {"safe": tuple(found)}


def _check(work: Work, generator: np.random.Generator, progress: Progress) -> Mapping[str, Any]:
    claim = channel_importance(work.observation.statistics).usage
    pace = Pace(progress, len(FILLS) * work.network.shape[0])
    found = [
        check_claim(
            work.network,
            work.test,
            claim,
            means=work.observation.means if fill == "mean" else None,
            settings=work.settings,
            generator=generator,
            folder=work.folder,
            progress=pace.next(work.network.shape[0]),
        )
        for fill in FILLS
    ]
    return {"causal": tuple(found)}


def _compare(work: Work, generator: np.random.Generator, progress: Progress) -> Mapping[str, Any]:
    """Time the whole network and the one with half the channels, in turns."""
    removal = work.removal(work.order(), work.settings.fill)
    kept = tuple(sorted(removal.order.channels[work.network.shape[0] // 2 :]))
    smaller = prune_network(work.network, kept, means=removal.means).eval()
    change = compare_costs(
        work.network,
        smaller,
        size=work.run.config.data.size,
        error=largest_error(work.network, smaller, work.data, work.test, kept=kept, removal=removal),
        device=work.maker.device,
        timing=work.timing,
        generator=generator,
        progress=progress,
    )
    return {"cost": change}


def _tune(work: Work, _: np.random.Generator, progress: Progress) -> Mapping[str, Any]:
    """Fine-tune, and train from scratch; each draws from the run's own seed."""
    removal = work.removal(work.order(), work.settings.fill)
    found = tune_levels(work.run, work.data, removal, work.test, work.settings, maker=work.maker, progress=progress)
    return {"tuned": found}


def _name(progress: Progress, name: str) -> Progress:
    """Return a progress whose notes begin with a name."""

    def tell(done: int, total: int, note: str = "") -> None:
        progress(done, total, f"{name}: {note}")

    return tell
