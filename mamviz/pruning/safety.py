"""How many channels can go: chosen on the validation images, paid for on the test images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mamviz.models.network import MaskNetwork
from mamviz.pruning.part import Part
from mamviz.pruning.removal import Removal, draw_part_counts, right_answers
from mamviz.schema import Casualty, Interval, Progress, PruningSettings, SafeRemoval, silent
from mamviz.stats.bootstrap import to_interval, weigh_means

STEPS = 64  # a network of more channels is tried in steps of C / 64


@dataclass(frozen=True, kw_only=True)
class RemovalLoss:
    """What a removal costs on a part's images; shares of right answers, paired.

    removed      number of channels that are gone
    loss         of the mean over attributes; casualties: of each attribute, in the part's order
    """

    removed: int
    loss: Interval
    casualties: tuple[Casualty, ...]


def find_safe_removal(
    network: MaskNetwork,
    removal: Removal,
    validation: Part,
    test: Part,
    *,
    settings: PruningSettings,
    generator: np.random.Generator,
    folder: Path | None = None,
    progress: Progress = silent,
) -> SafeRemoval:
    """Choose how many channels can go on the validation images, and measure what that costs on the test images.

    removal  its order and means come from the validation images, too
    folder   of what is tried, kept for a job that goes on: see `removal.right_answers`
    """
    removed = choose_removal(network, removal, validation, limit=settings.max_loss, folder=folder, progress=progress)
    chosen, paid = (
        measure_removal(network, removal, part, removed, settings=settings, generator=generator, folder=folder)
        for part in (validation, test)
    )
    return SafeRemoval(
        criterion=removal.order.criterion,
        fill=removal.fill,
        limit=settings.max_loss,
        removed=removed,
        validation_loss=chosen.loss,
        test_loss=paid.loss,
        casualties=paid.casualties,
    )


def choose_removal(
    network: MaskNetwork,
    removal: Removal,
    part: Part,
    *,
    limit: float,
    folder: Path | None = None,
    progress: Progress = silent,
) -> int:
    """Return how many channels can go before the accuracy lost on a part is above `limit` for the first time.

    limit   a share of right answers. 0 channels can always go, and one is always kept

    Losses rise and fall by chance: every step of max(1, C // 64) channels is tried from 0 up, and the first above the
    limit ends it, so that no lucky number behind it is chosen.
    """
    n_channels = network.shape[0]
    tries = range(0, n_channels, max(1, n_channels // STEPS))
    whole = int(right_answers(network, part, removal, [0], folder=folder).sum())
    safe = 0
    for removed in tries[1:]:
        right = int(right_answers(network, part, removal, [removed], folder=folder).sum())
        progress(removed, n_channels, f"{removed} channels gone")
        if (whole - right) / part.labels.size > limit:
            break
        safe = removed
    progress(n_channels, n_channels, f"{safe} channels can go")
    return safe


def measure_removal(
    network: MaskNetwork,
    removal: Removal,
    part: Part,
    removed: int,
    *,
    settings: PruningSettings,
    generator: np.random.Generator,
    folder: Path | None = None,
) -> RemovalLoss:
    """Measure what a number of removed channels costs, in all and each attribute, with intervals over persons."""
    before, after = (right_answers(network, part, removal, [gone], folder=folder)[0] for gone in (0, removed))
    counts = draw_part_counts(part, settings, generator)
    lost = weigh_means(before.astype(np.float64) - after, counts)  # (1 + R, attribute)
    return RemovalLoss(
        removed=removed,
        loss=to_interval(lost.mean(axis=1), level=settings.level),
        casualties=tuple(
            Casualty(
                attribute=attribute,
                before=float(before[:, k].mean()),
                after=float(after[:, k].mean()),
                loss=to_interval(lost[:, k], level=settings.level),
            )
            for k, attribute in enumerate(part.attributes)
        ),
    )
