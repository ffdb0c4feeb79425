"""From masks.h5 to what masks share beyond their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mamviz.schema import Choices, Entanglement, EntanglementSettings, Progress, Provenance, silent
from mamviz.stats.entanglement import measure_entanglement
from mamviz.stats.names import find_names
from mamviz.store.masks import mask_provenance, read_statistics


@dataclass(frozen=True, kw_only=True)
class EntanglementReport:
    """What masks share beyond their labels, and where the numbers come from."""

    entanglement: Entanglement
    provenance: Provenance


def find_entanglement(
    masks: Path,
    *,
    choices: Choices | None = None,
    settings: EntanglementSettings | None = None,
    targets: Sequence[str] = (),
    seed: int = 0,
    progress: Progress = silent,
) -> EntanglementReport:
    """Return the entanglement gap of every pair of attributes of a masks.h5.

    masks      the file to read, such as run.masks_file; neither model nor images are needed
    choices    the recommended ones where None
    targets    names that must be attributes of the file: refused before anything is computed
    seed       of the resampled blocks
    Raises MaskFileError where `masks` is missing or unfinished, DataError for an unknown target, StatisticsError
    where there are too few images.
    """
    statistics = read_statistics(masks)
    find_names(targets, statistics.attributes, what="--attribute")
    found = measure_entanglement(
        statistics,
        choices or Choices(),
        generator=np.random.default_rng(seed),
        settings=settings,
        progress=progress,
    )
    return EntanglementReport(entanglement=found, provenance=mask_provenance(masks))
