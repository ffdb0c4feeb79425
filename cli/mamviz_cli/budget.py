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

if TYPE_CHECKING:
    from mamviz.data.dataset import SplitName
    from mamviz.distributed import Group
    from mamviz.schema import Budget, ExtractionBudget


def predict(config: RunConfig, group: Group) -> Budget:
    """Return what a training needs, from tables alone; raises ConfigError for a network that can't be built."""
    from mamviz.models.weights import build_network
    from mamviz.training.budget import predict_budget

    extent = _measure(config)
    if config.model.weights is not None:  # the budget leaves them out; a wrong file must not leave a run behind
        build_network(config, n_attributes=extent.n_attributes)
    return predict_budget(config, n_attributes=extent.n_attributes, n_images=extent.n_images, device=group.device)


def print_budget(config: RunConfig, runs: Path, console: Console, group: Group) -> None:
    """Print architecture, FLOPs, memory, disk and time of a training that isn't done, and of its extraction."""
    from mamviz.training.trial import try_training
    from mamviz_reports.architecture import describe_architecture, describe_budget

    extent = _measure(config)
    budget = predict(config, group)
    console.note("timing a few batches of noise")
    extraction = predict_masks(config, "all", n_raw=0, device=group.device)
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
    warn_of_disk(budget.disk_bytes, runs, console)
    console.note("a dry run: nothing was trained or written")
    needs = {**dataclasses.asdict(budget), "extraction": dataclasses.asdict(extraction)}
    console.finish({**needs, **dataclasses.asdict(extent)})


def predict_masks(
    config: RunConfig, split: SplitName, *, n_raw: int | None, device: str, batch_size: int = 64
) -> ExtractionBudget:
    """Return what extracting the masks of one part of a run's data needs; n_raw None stores all raw masks."""
    from mamviz.extraction.budget import predict_extraction

    extent = _measure(config)
    n_images = extent.count(split)
    return predict_extraction(
        config,
        n_attributes=extent.n_attributes,
        n_images=n_images,
        n_raw=n_images if n_raw is None else min(n_raw, n_images),
        batch_size=batch_size,
        device=device,
    )


def warn_of_disk(needed: float, folder: Path, console: Console) -> None:
    """Say so where the disk of a folder, which need not be there yet, has too little room."""
    from mamviz_reports.architecture import describe_bytes

    place = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.is_dir())
    free = shutil.disk_usage(place).free
    if needed > free:
        console.note(f"note: {place} has {describe_bytes(free)} free, {describe_bytes(needed)} are needed")


@dataclass(frozen=True)
class _Extent:
    n_attributes: int
    n_images: int
    n_train: int
    n_validation: int

    def count(self, split: SplitName) -> int:
        """Return the number of images of one part."""
        rest = self.n_images - self.n_train - self.n_validation
        return {"train": self.n_train, "validation": self.n_validation, "test": rest, "all": self.n_images}[split]


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
