"""Which channels go, and the smaller network without them: chosen, cut, proved exact and priced; nothing written."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from mamviz.data.batches import to_tensor
from mamviz.data.dataset import ImageData, SplitName
from mamviz.distributed import Group
from mamviz.errors import StatisticsError
from mamviz.models.network import MaskNetwork
from mamviz.models.surgery import masked_logits, prune_network
from mamviz.models.weights import load_network
from mamviz.pruning.cost import Timing, compare_costs
from mamviz.pruning.criteria import order_channels
from mamviz.pruning.observation import Observation, observe
from mamviz.pruning.pace import Pace
from mamviz.pruning.part import Part, read_part
from mamviz.pruning.removal import Removal
from mamviz.pruning.safety import choose_removal
from mamviz.run import Run
from mamviz.schema import CostChange, Floats, Progress, RemovalOrder, RemovalSettings, silent
from mamviz.training.prediction import predict

EXACT_IMAGES = 64  # test images that the smaller network is compared with the masked one on
PARTS: tuple[tuple[SplitName, str], ...] = (("validation", "images that rank"), ("test", "images that measure"))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A smaller network that is not written yet: what was decided, and on which images.

    smaller         has the channels `kept` (ascending) of the run's network
    ranked          number of validation images that ranked and chose; test: the images that measure
    before, after   logits (n, K) of the run's and of the smaller network for the test images
    """

    run: Run
    settings: RemovalSettings
    smaller: MaskNetwork
    kept: tuple[int, ...]
    ranked: int
    test: Part
    before: Floats
    after: Floats
    cost: CostChange


def plan_pruning(
    run: Run,
    data: ImageData,
    settings: RemovalSettings,
    *,
    device: str = "cpu",
    timing: Timing | None = None,
    progress: Progress = silent,
) -> Plan:
    """Rank and choose channels on validation images, remove them, and measure what that costs; writes nothing.

    Raises RunError where training hasn't finished, DataError where a split has too few images, StatisticsError for a
    criterion that the extractor does not allow, and where no channel would go.
    """
    generator = np.random.default_rng(settings.seed)
    network = load_network(run, device=device)
    pace = Pace(progress, 20)
    validation, test = (
        read_part(network, data, split, n_images=settings.n_images, generator=generator, progress=pace.next(2, note))
        for split, note in PARTS
    )
    observation = observe(network, validation, progress=pace.next(4, "looking at masks"))
    order = _order(run, network, observation, settings, generator)
    removal = Removal(order, observation.means if settings.fill == "mean" else None)
    kept = choose_kept(network, removal, validation, settings, progress=pace.next(4))
    smaller = prune_network(network, kept, means=removal.means).eval()
    before, after = (
        predict(each, data, test.indices, group=Group(device=device), progress=pace.next(1, "answers"))
        for each in (network, smaller)
    )
    cost = compare_costs(
        network,
        smaller,
        size=run.config.data.size,
        error=largest_error(network, smaller, data, test, kept=kept, removal=removal),
        device=device,
        timing=timing,
        generator=generator,
        progress=pace.next(6),
    )
    return Plan(
        run=run,
        settings=settings,
        smaller=smaller,
        kept=kept,
        ranked=validation.n_images,
        test=test,
        before=before,
        after=after,
        cost=cost,
    )


def choose_kept(
    network: MaskNetwork, removal: Removal, part: Part, settings: RemovalSettings, *, progress: Progress = silent
) -> tuple[int, ...]:
    """Return the channels that stay, ascending: as many as are asked for, or as the largest loss allows.

    part   the images that choose. Raises StatisticsError where all would stay.
    """
    n_channels = network.shape[0]
    if settings.keep is None:
        n_kept = n_channels - choose_removal(network, removal, part, limit=settings.max_loss, progress=progress)
    else:
        n_kept = math.ceil(settings.keep * n_channels - 1e-9)  # 0.07 * 100 is a hair more than 7
    n_kept = math.ceil(n_kept / settings.round_to) * settings.round_to
    if n_kept >= n_channels:
        asked = (
            f"keep {settings.keep:g}" if settings.keep is not None else f"at most {100 * settings.max_loss:g} points"
        )
        raise StatisticsError(
            f"{asked}, rounded up to {settings.round_to}: expected fewer than the {n_channels} channels to stay, got "
            f"{n_kept}. Keep fewer, allow a larger loss, or round to less."
        )
    return tuple(sorted(removal.order.channels[n_channels - n_kept :]))


@torch.inference_mode()
def largest_error(
    network: MaskNetwork,
    smaller: MaskNetwork,
    data: ImageData,
    part: Part,
    *,
    kept: tuple[int, ...],
    removal: Removal,
) -> float:
    """Return the largest absolute difference of logits between a smaller network and the masked one.

    On up to 64 images of the part, the smaller network's own extractor included.
    """
    rows = slice(0, EXACT_IMAGES)
    features = part.features[rows]
    images = to_tensor(np.array(data.images[part.indices[rows]]), device=features.device)
    expected = masked_logits(network, features, kept, means=removal.means)
    return float((smaller.classify(images) - expected).abs().max())


def _order(
    run: Run,
    network: MaskNetwork,
    observation: Observation,
    settings: RemovalSettings,
    generator: np.random.Generator,
) -> RemovalOrder:
    order = order_channels(network, observation, settings.criterion, size=run.config.data.size, generator=generator)
    if order is None:
        raise StatisticsError(
            f"criterion: expected one that this extractor allows, got {settings.criterion!r}: the layers that make its "
            "features can't be followed, or have no such weights. Choose another, such as usage."
        )
    return order
