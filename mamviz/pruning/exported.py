"""A run's network as one ONNX file, checked on the run's own images before it is left there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mamviz.config import to_dict
from mamviz.data.batches import to_tensor
from mamviz.data.dataset import ImageData
from mamviz.data.origin import describe_origin
from mamviz.errors import RunError
from mamviz.models.export import require_onnx, run_onnx, write_onnx
from mamviz.models.weights import load_network
from mamviz.run import Run, written_whole
from mamviz.training.prediction import predict

# What float32 may differ by, as a share of the largest logit: sums in another order. Measured: 1e-6.
TOLERANCE = 1e-4


@dataclass(frozen=True, kw_only=True)
class ExportedNetwork:
    """An ONNX file and how exactly it is the network.

    error      largest absolute difference of logits between onnxruntime and torch over n_images; 0 for none
    largest    largest absolute logit of torch's, to read the error by
    """

    file: Path
    n_bytes: int
    n_images: int
    error: float
    largest: float


def export_run(run: Run, data: ImageData, file: Path, *, n_images: int, version: str) -> ExportedNetwork:
    """Write a run's network as ONNX and run it beside the network on `n_images` of the data, spread over all.

    n_images   0 leaves the check out
    The file is there only where the logits agree. Its metadata say the attributes in the order of the logits, what
    goes in, and which run, weights and data it is of.
    Raises ConfigError where a package is missing or the network can't be exported, RunError where logits differ.
    """
    require_onnx()
    network = load_network(run)
    indices = np.unique(np.linspace(0, data.n_images - 1, min(n_images, data.n_images)).astype(np.int64))
    origin = describe_origin(run, data, split="all", n_images=len(indices), version=version)
    size = run.config.data.size
    facts = {
        "input": f"images (n, 3, {size}, {size}), red, green, blue, -1 (black) to 1 (white)",
        "output": "logits (n, attribute), above 0: yes",
        "run": origin.run,
        "model_sha256": origin.model_sha256,
        "data": origin.data,
        "data_fingerprint": origin.fingerprint,
        "mamviz_version": origin.version,
        "config": json.dumps(to_dict(run.config)),
    }
    with written_whole(file) as partial:
        write_onnx(partial, network, size=size, attributes=run.attributes, facts=facts)
        images = to_tensor(np.array(data.images[indices]))
        ours = predict(network, data, indices)
        theirs = run_onnx(partial, images) if len(indices) else ours
        error = float(np.abs(theirs - ours).max(initial=0.0))
        largest = float(np.abs(ours).max(initial=0.0))
        most = TOLERANCE * max(1.0, largest)
        if not error <= most:
            raise RunError(
                f"{file.name}: expected the network's logits from onnxruntime, up to {most:.1e}, got a difference of "
                f"{error:.1e}. Nothing was written; look for what the extractor does differently when it is traced."
            )
        n_bytes = partial.stat().st_size
    return ExportedNetwork(file=file, n_bytes=n_bytes, n_images=len(indices), error=error, largest=largest)
