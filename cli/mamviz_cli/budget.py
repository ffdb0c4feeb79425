"""What a training will need, found out before an image is read."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mamviz.config import BUILT_IN_FACES, RunConfig
from mamviz.errors import DataError
from mamviz_cli.console import Console

if TYPE_CHECKING:
    from mamviz.distributed import Group
    from mamviz.schema import Budget, TrainingTime


def predict(config: RunConfig, group: Group) -> Budget:
    """Return what a training needs, from tables alone; raises ConfigError for a network that can't be built."""
    from mamviz.models.weights import build_network
    from mamviz.training.budget import predict_budget

    extent = _measure(config)
    if config.model.weights is not None:  # the budget leaves them out; a wrong file must not leave a run behind
        build_network(config, n_attributes=extent.n_attributes)
    return predict_budget(config, n_attributes=extent.n_attributes, n_images=extent.n_images, device=group.device)


def print_budget(config: RunConfig, console: Console, group: Group) -> None:
    """Print architecture, FLOPs, memory, disk and time of a training that isn't done."""
    from mamviz_reports.architecture import describe_architecture, describe_budget

    extent = _measure(config)
    budget = dataclasses.replace(predict(config, group), time=_time(config, extent, console, group))
    console.show(describe_architecture(budget) + describe_budget(budget).rstrip())
    console.note("a dry run: nothing was trained or written")
    console.finish({**dataclasses.asdict(budget), **dataclasses.asdict(extent)})


@dataclass(frozen=True)
class _Extent:
    n_attributes: int
    n_images: int
    n_train: int
    n_validation: int


def _time(config: RunConfig, extent: _Extent, console: Console, group: Group) -> TrainingTime:
    from mamviz.training.trial import time_training

    console.note("timing a few steps on images of noise")
    return time_training(
        config,
        n_attributes=extent.n_attributes,
        n_train=extent.n_train,
        n_validation=extent.n_validation,
        device=group.device,
    )


def _measure(config: RunConfig) -> _Extent:
    """Count attributes and images without reading an image."""
    if config.data.source == BUILT_IN_FACES:
        from mamviz.data.splits import SHARES
        from mamviz.data.synthetic.labels import ATTRIBUTES

        # split by a hash of the name: the shares, give or take a few
        train, validation = (round(share * config.data.n_faces) for share in SHARES)
        return _Extent(len(ATTRIBUTES), config.data.n_faces, train, validation)
    from mamviz.data.annotations import read_annotations

    if not Path(config.data.source).exists():
        raise DataError(
            f"--data: expected faces, a folder in CelebA's layout or a CSV file, found nothing at {config.data.source}."
            " Check the path."
        )
    found = read_annotations(config.data)
    train, validation = (int((found.split == part).sum()) for part in (0, 1))
    return _Extent(len(found.attributes), len(found.names), train, validation)
