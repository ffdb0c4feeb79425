"""A network as ONNX: written from a plain module that computes the same, and run by onnxruntime.

onnx, onnxscript and onnxruntime are optional (the extra `onnx`); `require_onnx` says what is missing.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from mamviz.errors import ConfigError
from mamviz.models.network import MaskNetwork
from mamviz.run import written_whole
from mamviz.schema import Floats

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
INPUT, OUTPUT = "images", "logits"
BATCH = 64


class PlainClassifier(nn.Module):
    """Images (N, 3, S, S) in [-1, 1] to logits (N, K), by the definition: mean over cells of M F, then the readout.

    What `MaskNetwork.classify` computes, without its loop over chunks, which no other runtime knows.
    """

    def __init__(self, network: MaskNetwork) -> None:
        super().__init__()
        self.extractor, self.masking, self.readout = network.extractor, network.masking, network.readout

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits."""
        features = self.extractor(images)
        pooled = (self.masking(features) * features.unsqueeze(1)).mean((3, 4))
        return cast(Tensor, self.readout(pooled))


def require_onnx() -> None:
    """Raise ConfigError where a package of the extra `onnx` is not installed."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"ONNX: expected the packages {', '.join(PACKAGES)}, {missing[0]} is not installed. "
            "Install them by `pip install 'mamviz[onnx]'`."
        )


def write_onnx(
    file: Path, network: MaskNetwork, *, size: int, attributes: tuple[str, ...], facts: Mapping[str, str]
) -> None:
    """Write what classifies as an ONNX file, whole or not at all.

    The input `images` is (n, 3, size, size) float32 in [-1, 1], red, green, blue, any n; the output `logits` (n, K).
    facts    kept in the file's metadata beside `attributes`, a JSON list in the order of the logits
    Raises ConfigError for what is missing, and where the network (a user's own extractor) can't be exported.
    """
    require_onnx()
    classifier = PlainClassifier(network).eval()
    example = torch.zeros(2, 3, size, size, device=network.readout.bias.device)
    with _quiet():
        try:
            program = torch.onnx.export(
                classifier,
                (example,),
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=({0: torch.export.Dim("n")},),
                external_data=False,
                dynamo=True,
                verbose=False,
            )
        except (torch.onnx.OnnxExporterError, RuntimeError) as error:
            reason = next((line for line in reversed(str(error).splitlines()) if line.startswith("<class")), str(error))
            raise ConfigError(
                f"ONNX: the network can't be exported ({reason.splitlines()[0]}). Its extractor must be traceable by "
                "torch.export; change its forward."
            ) from error
        assert program is not None
        program.model.metadata_props.update({"attributes": json.dumps(attributes), **facts})
        with written_whole(file) as partial:
            program.save(partial)


def run_onnx(file: Path, images: Tensor) -> Floats:
    """Return the logits (n, K) that onnxruntime computes for images (n, 3, S, S), on as many threads as torch."""
    require_onnx()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    parts = [session.run([OUTPUT], {INPUT: part.cpu().contiguous().numpy()})[0] for part in torch.split(images, BATCH)]
    return np.concatenate(parts).astype(np.float64)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep off the terminal what torch says of its exporter: packages it does not need, graphs, own deprecations."""
    logger = logging.getLogger("torch")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    nowhere = io.StringIO()
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(nowhere),
            contextlib.redirect_stderr(nowhere),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
