"""Where numbers that a run's network gives for a data set come from."""

from __future__ import annotations

from mamviz.data.dataset import ImageData
from mamviz.run import Run, file_sha256
from mamviz.schema import Provenance


def describe_origin(run: Run, data: ImageData, *, split: str, n_images: int, version: str) -> Provenance:
    """Return run, images, weights and version as one record, for files and captions.

    n_images   that the numbers are of
    version    of mamviz
    """
    return Provenance(
        run=run.name,
        n_images=n_images,
        split=split,
        data=data.description,
        fingerprint=data.fingerprint,
        model_sha256=file_sha256(run.model_file),
        readout=run.config.model.readout,
        version=version,
    )
