"""How a run was made: its settings in words, its epochs, and what its training needed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from mamviz.config import ModelConfig, RunConfig, TrainConfig
from mamviz.errors import RunError
from mamviz.run import Run
from mamviz.schema import EpochRow, RunFacts
from mamviz.training.budget import predict_budget
from mamviz.training.evaluation import CROPS


def describe_run(run: Run) -> RunFacts:
    """Return how a run was made, from its run.json and metrics.csv.

    Raises RunError for a metrics.csv that can't be read.
    """
    record = run.record
    device = str(record.get("device", "cpu"))
    n_images = int(record["data"]["n_images"])
    return RunFacts(
        name=run.name,
        seed=run.config.seed,
        created=str(record.get("created", "")),
        command=tuple(record.get("command", ())),
        device=device,
        settings=tuple(_describe_settings(run)),
        versions=tuple((name, str(version)) for name, version in record.get("versions", {}).items()),
        epochs=read_epochs(run.metrics_file),
        budget=predict_budget(run.config, n_attributes=len(run.attributes), n_images=n_images),
    )


def read_epochs(file: Path) -> tuple[EpochRow, ...]:
    """Return the rows of a metrics.csv; none where there is no such file.

    Raises RunError where it has other columns, or a value that is no number.
    """
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            return tuple(_epoch(row) for row in csv.DictReader(stream))
    except FileNotFoundError:
        return ()
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{file}: expected a row of numbers an epoch, found others ({error!r}). Restore it, or delete it."
        ) from error


def _epoch(row: dict[str, str]) -> EpochRow:
    figures = {name: float(row[name]) for name in EpochRow.__dataclass_fields__ if name != "epoch"}
    return EpochRow(epoch=int(row["epoch"]), **figures)


def _describe_settings(run: Run) -> Iterator[tuple[str, str]]:
    config, record = run.config, run.record
    yield "trained on", str(record["data"]["description"])
    yield "image", f"{CROPS[config.data.crop]} at {config.data.size} px"
    yield from _describe_model(config.model)
    if pruned := record.get("pruned"):
        yield "pruned from", f"{pruned['source']}, {len(pruned['kept'])} of {pruned['n_channels']} channels kept"
    yield from _describe_training(config)


def _describe_model(model: ModelConfig) -> Iterator[tuple[str, str]]:
    sees = f", each feature sees {model.receptive_field} px" if model.preset == "small" else ""
    yield "extractor", model.extractor or f"{model.preset}{sees}"
    yield "readout", f"{model.readout} weights"
    position = ", with a learned map of positions" if model.position else ""
    yield "mask generator", f"trunk {model.trunk_kernel} x {model.trunk_kernel}{position}"


def _describe_training(config: RunConfig) -> Iterator[tuple[str, str]]:
    train = config.train
    yield "epochs", f"{train.epochs}, batches of {train.batch_size}"
    yield "learning rate", f"{config.peak_rate:g} at its peak, weight decay {train.weight_decay:g}"
    yield "loss", _describe_loss(train)
    mirrored = "mirrored at random" if train.flip else "never mirrored"
    cut = f"cut to {100 * train.crop_scale:g} % of the side or more" if train.crop_scale < 1 else "never cut"
    yield "augmentation", f"{mirrored}, {cut}"
    yield "weights kept", f"moving average, decay {train.ema_decay:g}" if train.ema_decay else "those of the last step"


def _describe_loss(train: TrainConfig) -> str:
    name = "binary cross-entropy" if train.loss == "bce" else f"focal, gamma {train.focal_gamma:g}"
    return (
        f"{name}; {train.multi_weight:g} x multi-label, {train.reconstruction_weight:g} x reconstruction, "
        f"{train.sparsity_weight:g} x sparsity"
    )
