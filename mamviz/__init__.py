"""Masks that say which features each attribute looks at.

    import mamviz

    run = mamviz.load_run()                                   # the newest under runs/
    statistics = mamviz.read_statistics(run.masks_file)       # block sums, no model needed
    table = mamviz.correlate_attributes(statistics, mamviz.Choices())
    ranking = mamviz.rank_neighbours(table, top=5, by="r")
    for row in ranking.of("Black_Hair"):
        print(row.rank, row.name, row.r)

A run of your own: `train_run`, `evaluate_run` and `write_masks`, shown in docs/notebooks/first-look.ipynb.
Names are imported when first used: `import mamviz` alone loads no torch.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mamviz.analysis import analyse as analyse
    from mamviz.config import DataConfig as DataConfig
    from mamviz.config import ModelConfig as ModelConfig
    from mamviz.config import RunConfig as RunConfig
    from mamviz.config import TrainConfig as TrainConfig
    from mamviz.data.dataset import open_data as open_data
    from mamviz.extraction import explain_images as explain_images
    from mamviz.extraction import write_masks as write_masks
    from mamviz.models.weights import load_network as load_network
    from mamviz.run import Run
    from mamviz.schema import Choices as Choices
    from mamviz.stats.clustering import cluster as cluster
    from mamviz.stats.correlation import correlate_attributes as correlate_attributes
    from mamviz.stats.correlation import correlate_channels as correlate_channels
    from mamviz.stats.ranking import rank_neighbours as rank_neighbours
    from mamviz.store.analysis import read_analysis as read_analysis
    from mamviz.store.masks import read_images as read_images
    from mamviz.store.masks import read_raw as read_raw
    from mamviz.store.masks import read_statistics as read_statistics
    from mamviz.training.evaluation import evaluate_run as evaluate_run
    from mamviz.training.fresh import train_run as train_run

__version__ = "0.1.0"

_HOMES = {
    "Choices": "mamviz.schema",
    "DataConfig": "mamviz.config",
    "ModelConfig": "mamviz.config",
    "RunConfig": "mamviz.config",
    "TrainConfig": "mamviz.config",
    "analyse": "mamviz.analysis",
    "cluster": "mamviz.stats.clustering",
    "correlate_attributes": "mamviz.stats.correlation",
    "correlate_channels": "mamviz.stats.correlation",
    "evaluate_run": "mamviz.training.evaluation",
    "explain_images": "mamviz.extraction",
    "load_network": "mamviz.models.weights",
    "open_data": "mamviz.data.dataset",
    "rank_neighbours": "mamviz.stats.ranking",
    "read_analysis": "mamviz.store.analysis",
    "read_images": "mamviz.store.masks",
    "read_raw": "mamviz.store.masks",
    "read_statistics": "mamviz.store.masks",
    "train_run": "mamviz.training.fresh",
    "write_masks": "mamviz.extraction",
}

__all__ = ["__version__", "load_run", *_HOMES]  # noqa: PLE0604


def load_run(folder: str | Path | None = None) -> Run:
    """Return the run in `folder`, or the newest under runs/.

    Raises RunError where there is none.
    """
    from mamviz.errors import RunError
    from mamviz.run import newest_run, open_run

    if folder is not None:
        return open_run(Path(folder))
    run = newest_run(Path("runs"))
    if run is None:
        raise RunError("runs: expected a run, found none. Make one with `mamviz train`, or name its folder.")
    return run


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mamviz' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
