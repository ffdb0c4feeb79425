"""What adding and removing each attribute does to all logits, measured on images."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mamviz.data.batches import to_tensor
from mamviz.data.dataset import ImageData, SplitName
from mamviz.errors import DataError
from mamviz.generation.directions import Edit
from mamviz.generation.moving import move_features
from mamviz.generation.pictures import make_edit
from mamviz.generation.reference import FEWEST_IMAGES, Reference, read_drawn, read_logits
from mamviz.generation.summary import Measured, summarise
from mamviz.models.network import MaskNetwork
from mamviz.schema import (
    EDIT_ACTIONS,
    READINGS,
    EditAction,
    EditEffect,
    EditReport,
    EditSettings,
    Floats,
    Progress,
    silent,
)
from mamviz.store.pieces import keep_piece

BATCH = 32

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class _Task:
    """One attribute added to images without it, or removed from images with it.

    asked   change of its logit, signed
    """

    edit: Edit
    action: EditAction
    asked: float
    rows: Indices


def measure_edits(
    network: MaskNetwork,
    data: ImageData,
    reference: Reference,
    settings: EditSettings,
    *,
    folder: Path | None = None,
    progress: Progress = silent,
) -> EditReport:
    """Add each attribute to images without it, remove it from images with it, and see what that does to all logits.

    folder    of the attributes that are done, kept for a job that goes on; another one where network or data are

    Images are drawn from the test split, from all where it has fewer than eight. Intervals resample persons where they
    are known, else images. Raises DataError for fewer than eight images.
    """
    indices, split = order_images(data, settings)
    effects: list[EditEffect] = []
    used: set[int] = set()
    for column in range(len(data.attributes)):
        edit = make_edit(column, reference, settings)
        for action in EDIT_ACTIONS:
            rows = _rows(data, indices, column, action)[: settings.n_images]
            asked = (settings.strength if action == "add" else -settings.strength) * float(reference.spread[column])
            task = _Task(edit=edit, action=action, asked=asked, rows=rows)
            changes = _keep_changes(network, data, task, settings, folder=folder)
            effects += _summarise(changes, data, reference, settings, task=task)
            used |= set(rows.tolist())
        progress(column + 1, len(data.attributes), "edits")
    return EditReport(
        attributes=data.attributes,
        settings=settings,
        effects=tuple(effects),
        split=split,
        n_images=len(used),
        n_reference=reference.n_images,
        unit="image" if data.identity is None else "identity",
    )


def order_images(data: ImageData, settings: EditSettings) -> tuple[Indices, SplitName]:
    """Return the images in the order in which they are taken, and the split they are of.

    Raises DataError for fewer than eight images.
    """
    split: SplitName = "test" if len(data.select("test")) >= FEWEST_IMAGES else "all"
    indices = data.select(split)
    if len(indices) < FEWEST_IMAGES:
        raise DataError(
            f"{data.description}: expected at least {FEWEST_IMAGES} images to edit, got {len(indices)}. "
            "Take a larger data set, or --images 0."
        )
    return np.random.default_rng(settings.seed).permutation(indices), split


def _rows(data: ImageData, indices: Indices, column: int, action: EditAction) -> Indices:
    """Return the images that lack the attribute where it is added, and those that have it where it is removed."""
    rows: Indices = indices[data.labels[indices, column] == (0 if action == "add" else 1)]
    return rows


def _keep_changes(
    network: MaskNetwork, data: ImageData, task: _Task, settings: EditSettings, *, folder: Path | None
) -> Floats:
    """Return the changes of all logits, (n, reading, K), those that were kept or new ones."""

    def measure() -> Floats:
        return _changes(network, data, task.rows, task.edit, task.asked)

    name = f"{task.action}-{task.edit.attribute}-{_key(settings, task.rows)}"
    return keep_piece(measure, folder=folder, name=name, n_rows=len(task.rows))


def _summarise(
    changes: Floats, data: ImageData, reference: Reference, settings: EditSettings, *, task: _Task
) -> list[EditEffect]:
    """Return the effect in each reading."""
    return [
        summarise(
            Measured(
                edited=task.edit.attribute,
                action=task.action,
                reading=reading,
                change=changes[:, place],
                units=data.units[task.rows],
                spread=reference.spread if reading == "features" else reference.drawn_spread,
            ),
            data.attributes,
            settings,
        )
        for place, reading in enumerate(READINGS)
    ]


@torch.no_grad()
def _changes(network: MaskNetwork, data: ImageData, rows: Indices, edit: Edit, asked: float) -> Floats:
    """Return the changes of all logits, (n, reading, K)."""
    found = [np.empty((0, 2, network.n_attributes))]
    for features in _read(network, data, rows):
        moved = move_features(network, features, edit, torch.full((len(features),), asked).to(features))
        pairs = [(read(network, moved), read(network, features)) for read in (read_logits, read_drawn)]
        found.append(np.stack([after - before for after, before in pairs], axis=1))
    return np.concatenate(found)


def _read(network: MaskNetwork, data: ImageData, rows: Indices) -> Iterator[Tensor]:
    device = network.readout.bias.device
    for start in range(0, len(rows), BATCH):
        chosen = np.array(data.images[rows[start : start + BATCH]])
        yield network.extractor(to_tensor(chosen, device=device)).float()


def _key(settings: EditSettings, rows: Indices) -> str:
    """Name what a kept piece depends on: the settings that move features, and the images."""
    moving = {name: asdict(settings)[name] for name in ("direction", "strength", "open_from", "n_reference", "seed")}
    return hashlib.sha256(f"{moving}{rows.tolist()}".encode()).hexdigest()[:12]
