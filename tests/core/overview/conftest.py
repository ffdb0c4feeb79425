"""One small trained run with its masks, and its overview; tests that change files take a copy."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from mamviz.data.dataset import ImageData
from mamviz.extraction import write_masks
from mamviz.overview.collection import collect
from mamviz.overview.settings import OverviewSettings
from mamviz.run import Run
from mamviz.schema import Overview
from tests.core.pruning.made_runs import make_images, make_trained

SETTINGS = OverviewSettings(n_examples=2, n_replicates=100, top=2)


@dataclass(frozen=True)
class World:
    """120 images, 24 of them for tests, a run trained on the others, and masks of all."""

    run: Run
    data: ImageData

    def collect(self, settings: OverviewSettings = SETTINGS, **options: object) -> Overview:
        return collect(self.run, self.data, settings=settings, version="1.2.3", **options)  # type: ignore[arg-type]

    def copy(self, folder: Path) -> World:
        shutil.copytree(self.run.folder, folder / self.run.name)
        return World(Run(folder / self.run.name, self.run.config, self.run.attributes, self.run.record), self.data)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    data = make_images()
    run = make_trained(tmp_path_factory.mktemp("overview") / "made-1", data)
    write_masks(run, data, n_raw=None)
    return World(run, data)


@pytest.fixture(scope="session")
def overview(world: World) -> Overview:
    return world.collect()
