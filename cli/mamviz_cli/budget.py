"""What a training or an extraction will need, found out before an image is read."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mamviz.config import BUILT_IN_FACES, RunConfig
from mamviz.errors import DataError
from mamviz_cli.console import Console
from mamviz_cli.machine import cache_folder
from mamviz_cli.options import Common

if TYPE_CHECKING:
    from mamviz.data.dataset import SplitName
    from mamviz.distributed import Group
    from mamviz.schema import Budget, ExtractionBudget


def predict(config: RunConfig, *, n_attributes: int, n_images: int) -> Budget:
    """Return the size of a training; raises ConfigError for a network that can't be built."""
    from mamviz.models.weights import build_network
    from mamviz.training.budget import predict_budget

    if config.model.weights is not None:  # the budget leaves them out; a wrong file must not leave a run behind
        build_network(config, n_attributes=n_attributes)
    return predict_budget(config, n_attributes=n_attributes, n_images=n_images)


def print_budget(config: RunConfig, common: Common, console: Console, group: Group) -> None:
    """Print architecture, FLOPs, memory, disk and time of a training that isn't done, and of its extraction."""
    from mamviz.training.trial import try_training
    from mamviz_reports.architecture import describe_architecture, describe_budget

    extent = measure(config)
    budget = predict(config, n_attributes=extent.n_attributes, n_images=extent.n_images)
    console.note("timing a few batches of noise")
    extraction = predict_masks(config, extent, "all", n_raw=0, device=group.device)
    budget = try_training(
        budget,
        config,
        n_attributes=extent.n_attributes,
        n_train=extent.n_train,
        n_validation=extent.n_validation,
        device=group.device,
    )
    console.show(describe_architecture(budget) + f"training: {describe_budget(budget)}".rstrip())
    console.show(f"extract-masks: {describe_budget(extraction)}".rstrip())
    warn_of_limits(budget, cache_folder(common), console, group)  # its disk is nearly all packed images
    warn_of_limits(extraction, common.runs, console, group)
    console.note("a dry run: nothing was trained or written")
    needs = {**dataclasses.asdict(budget), "extraction": dataclasses.asdict(extraction)}
    counts = {name: getattr(extent, name) for name in ("n_attributes", "n_images", "n_train", "n_validation")}
    console.finish({**needs, **counts})


def predict_masks(
    config: RunConfig, extent: Extent, split: SplitName, *, n_raw: int | None, device: str, batch_size: int = 64
) -> ExtractionBudget:
    """Return what extracting the masks of one part of a run's data needs; n_raw None stores all raw masks."""
    from mamviz.extraction.budget import predict_extraction

    n_images = extent.count(split)
    return predict_extraction(
        config,
        n_attributes=extent.n_attributes,
        n_images=n_images,
        n_raw=n_images if n_raw is None else min(n_raw, n_images),
        batch_size=batch_size,
        device=device,
    )


def warn_of_limits(budget: Budget | ExtractionBudget, folder: Path, console: Console, group: Group) -> None:
    """Say what a budget doesn't say itself: too little memory or disk, and that one process alone was tried.

    folder    where its files will be; it need not be there yet
    """
    from mamviz_reports.architecture import describe_bytes

    if budget.images_at_once is not None:
        console.note(f"note: memory ran out, and this is what {budget.images_at_once} images at once take")
    place = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.is_dir())
    free = shutil.disk_usage(place).free
    if budget.disk_bytes > free:
        console.note(f"note: {place} has {describe_bytes(free)} free, {describe_bytes(budget.disk_bytes)} are needed")
    if group.world > 1:
        console.note(f"note: the time is that of one process; {group.world} were started")


@dataclass(frozen=True)
class Extent:
    """How many images a data set has, in all and in its parts, and what its attributes are called."""

    attributes: tuple[str, ...]
    n_images: int
    n_train: int
    n_validation: int

    @property
    def n_attributes(self) -> int:
        """Number of attributes."""
        return len(self.attributes)

    def count(self, split: SplitName) -> int:
        """Return the number of images of one part."""
        rest = self.n_images - self.n_train - self.n_validation
        return {"train": self.n_train, "validation": self.n_validation, "test": rest, "all": self.n_images}[split]


def measure(config: RunConfig) -> Extent:
    """Count attributes and images without reading an image."""
    if config.data.source == BUILT_IN_FACES:
        from mamviz.data.splits import SHARES
        from mamviz.data.synthetic.labels import ATTRIBUTES

        # split by a hash of the name: the shares, give or take a few
        train, validation = (round(share * config.data.n_faces) for share in SHARES)
        return Extent(tuple(ATTRIBUTES), config.data.n_faces, train, validation)
    from mamviz.data.annotations import read_annotations

    if not Path(config.data.source).exists():
        raise DataError(
            f"--data: expected faces, a folder in CelebA's layout or a CSV file, found nothing at {config.data.source}."
            " Check the path."
        )
    found = read_annotations(config.data)
    train, validation = (int((found.split == part).sum()) for part in (0, 1))
    return Extent(tuple(found.attributes), len(found.names), train, validation)
