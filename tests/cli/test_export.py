from __future__ import annotations

import json

import numpy as np
import pytest

from mamviz.errors import ConfigError
from mamviz.models import export as models_export
from mamviz.models.export import require_onnx
from mamviz.run import open_run
from tests.cli.conftest import FEW


def has_onnx() -> bool:
    try:
        require_onnx()
    except ConfigError:
        return False
    return True


needs_onnx = pytest.mark.skipif(not has_onnx(), reason="needs onnx: pip install 'mamviz[onnx]'")


@pytest.fixture(scope="module")
def ended(small):
    return small("export", "few-1", "--check", "20", "--json")


@needs_onnx
def test_the_file_is_checked_on_the_runs_images_and_says_how_exactly(small, ended) -> None:
    file = small.runs / "few-1" / "model.onnx"
    assert file.stat().st_size == ended.json["n_bytes"]
    assert ended.json["n_images"] == 20
    assert ended.json["error"] <= 1e-4 * max(1.0, ended.json["largest"])
    assert f"{ended.json['error']:.1e}" in ended.out
    assert "next: " in ended.err


@needs_onnx
def test_nothing_but_our_own_lines_is_written(ended) -> None:
    words = ("images:", "exporting", "wrote", "next:", "left out")
    assert [line for line in ended.err.splitlines() if not line.startswith(words)] == []


@needs_onnx
def test_any_runtime_gets_the_commands_logits(small, ended) -> None:
    import onnxruntime

    from mamviz.models.weights import load_network
    from tests.core.models.stirred import draw_images

    run = open_run(small.runs / "few-1")
    session = onnxruntime.InferenceSession(run.folder / "model.onnx")
    images = draw_images(3)
    (logits,) = session.run(["logits"], {"images": images.numpy()})
    np.testing.assert_allclose(logits, load_network(run).classify(images).detach().numpy(), atol=1e-5)
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["attributes"]) == list(FEW)
    assert metadata["run"] == "few-1"
    assert metadata["data_fingerprint"] == run.record["data"]["fingerprint"]


def test_without_the_extra_it_is_refused_before_any_work(small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models_export, "PACKAGES", ("no_such_package",))
    message = small.fails("export", "few-1")
    assert "no_such_package is not installed. Install them by `pip install 'mamviz[onnx]'`." in message
