"""Where numbers come from: run, images, model, and the version of the files that hold them."""

from __future__ import annotations

from dataclasses import dataclass, replace

SCHEMA_VERSION = 1
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where numbers come from; goes into every file and caption.

    data           the data set in words, for captions; it changes with the name of a folder
    fingerprint    sha256 of images, labels and parts; what files are compared by
    """

    run: str
    n_images: int
    split: str
    data: str
    fingerprint: str
    model_sha256: str
    readout: str
    version: str

    def same_numbers(self, other: Provenance) -> bool:
        """Tell whether all but the words for the data is equal."""
        return replace(self, data=other.data) == other
