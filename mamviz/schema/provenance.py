"""Where numbers come from: run, images, model, and the version of the files that hold them."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA_VERSION = 1
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where numbers come from; goes into every file and caption."""

    run: str
    n_images: int
    split: str
    data: str
    model_sha256: str
    readout: str
    version: str
