"""A tiny trained run of made images, and what a pruning of it is asked with."""

from __future__ import annotations

from pathlib import Path

from mamviz.config import RunConfig, from_dict, to_dict
from mamviz.data.dataset import ImageData
from mamviz.pruning.cost import Timing
from mamviz.pruning.smaller import Maker
from mamviz.run import Run
from mamviz.schema import RemovalSettings
from mamviz.training.loop import train
from tests.core.made import make_config, make_data, make_run

QUICK = Timing(batch_sizes=(1,), n=2, n_replicates=20)
MAKER = Maker(version="1.2.3", threads=1, command=("mamviz", "prune"), created="2026-01-02")


def make_images() -> ImageData:
    """120 images: 72 train, 12 validation, 24 test."""
    return make_data(120)


def make_trained(folder: Path, data: ImageData, **model: object) -> Run:
    """A run of eight channels, trained until it knows something."""
    values = to_dict(make_config(epochs=4, learning_rate=0.02, ema_decay=0.0))
    values["model"] |= {"channels": 8, **model}
    run = make_run(folder, from_dict(RunConfig, values), data)
    train(run, data)
    return run


def ask(**options: object) -> RemovalSettings:
    """Half of the channels, all images, few replicates."""
    values: dict[str, object] = {"keep": 0.5, "epochs": 1, "n_images": 1000, "n_replicates": 50, **options}
    return RemovalSettings(**values)  # type: ignore[arg-type]
