"""Networks as ONNX beside the networks themselves; without the extra `onnx` only the refusal is tested."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mamviz.config import ModelConfig
from mamviz.errors import ConfigError
from mamviz.models import export
from mamviz.models.export import PACKAGES, PlainClassifier, require_onnx, run_onnx, write_onnx
from mamviz.models.network import MaskNetwork
from tests.core.models.stirred import draw_images, stirred_network

ATTRIBUTES = ("Bald", "Male", "Young", "Ümlaut")


def has_onnx() -> bool:
    try:
        require_onnx()
    except ConfigError:
        return False
    return True


needs_onnx = pytest.mark.skipif(not has_onnx(), reason="needs onnx: pip install 'mamviz[onnx]'")


@pytest.fixture(scope="module")
def network() -> MaskNetwork:
    network = stirred_network(ModelConfig(channels=6, trunk_kernel=3), n_attributes=4, size=32)
    with torch.no_grad():  # logits of a few units and masks that are not all 0 or 1, as after training
        network.masking.mask.weight.mul_(0.05)
        network.readout.scale.mul_(0.02)
    return network


@pytest.fixture(scope="module")
def file(network: MaskNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("onnx") / "model.onnx"
    write_onnx(file, network, size=32, attributes=ATTRIBUTES, facts={"run": "faces-1"})
    return file


@pytest.mark.parametrize("readout", ["shared", "per-attribute"])
@pytest.mark.parametrize("position", [True, False])
def test_the_plain_classifier_is_the_network(readout: str, position: bool) -> None:
    config = ModelConfig(channels=6, readout=readout, position=position)  # type: ignore[arg-type]
    network = stirred_network(config).double()
    images = draw_images(5, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(PlainClassifier(network)(images), network.classify(images), rtol=1e-12, atol=1e-9)


@needs_onnx
@pytest.mark.parametrize("n_images", [1, 2, 70])
def test_onnxruntime_gives_the_networks_logits_for_any_number_of_images(file, network, n_images: int) -> None:
    images = draw_images(n_images)
    with torch.no_grad():
        ours = network.classify(images).numpy()
    theirs = run_onnx(file, images)
    assert theirs.shape == (n_images, 4)
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-5 * np.abs(ours).max())  # float32 sums in other orders
    assert np.ptp(theirs, axis=1).min() > 1e-3


@needs_onnx
def test_the_file_says_what_goes_in_and_what_comes_out(file: Path) -> None:
    import onnx
    import onnxruntime

    onnx.checker.check_model(onnx.load(file), full_check=True)
    session = onnxruntime.InferenceSession(file)
    (images,), (logits,) = session.get_inputs(), session.get_outputs()
    assert (images.name, images.shape[1:], images.type) == ("images", [3, 32, 32], "tensor(float)")
    assert (logits.name, logits.shape[1:]) == ("logits", [4])
    assert isinstance(images.shape[0], str)  # dynamic
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["attributes"]) == list(ATTRIBUTES)
    assert metadata["run"] == "faces-1"


@needs_onnx
def test_one_file_stands_alone(file: Path, network: MaskNetwork) -> None:
    assert [each.name for each in file.parent.iterdir()] == ["model.onnx"]
    weights = sum(4 * p.numel() for part in (network.extractor, network.masking) for p in part.parameters())
    assert file.stat().st_size > weights


class Unexportable(nn.Module):
    """What no tracer can follow: which way it goes depends on a number in the image."""

    def forward(self, x: Tensor) -> Tensor:
        return x.relu() if float(x.sum()) > 0 else x.abs()


@needs_onnx
def test_what_cant_be_exported_is_refused_in_one_line_and_nothing_is_said(tmp_path: Path, capfd) -> None:
    network = stirred_network(ModelConfig(channels=3), size=32)
    network.extractor = Unexportable()
    level = logging.getLogger("torch").level
    with warnings.catch_warnings(record=True) as seen, pytest.raises(ConfigError, match="can't be exported") as caught:
        write_onnx(tmp_path / "model.onnx", network, size=32, attributes=ATTRIBUTES, facts={})
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    assert not seen
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("torch").level == level


def test_without_the_extra_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(export, "PACKAGES", (*PACKAGES[:1], "no_such_package"))
    with pytest.raises(ConfigError, match=r"not installed.*pip install 'mamviz\[onnx\]'"):
        write_onnx(tmp_path / "m.onnx", stirred_network(), size=32, attributes=ATTRIBUTES, facts={})
    assert not (tmp_path / "m.onnx").exists()
