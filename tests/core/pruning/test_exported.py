from __future__ import annotations

import pytest

from mamviz.errors import RunError
from mamviz.pruning import exported
from mamviz.pruning.exported import export_run
from tests.core.models.test_export import needs_onnx
from tests.core.pruning.made_runs import make_images, make_trained


@pytest.fixture(scope="module")
def data():
    return make_images()


@pytest.fixture(scope="module")
def run(tmp_path_factory, data):
    return make_trained(tmp_path_factory.mktemp("runs") / "made-1", data)


@needs_onnx
def test_images_of_all_parts_are_compared(run, data, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    compute = exported.run_onnx
    monkeypatch.setattr(exported, "run_onnx", lambda file, images: seen.append(images) or compute(file, images))
    found = export_run(run, data, tmp_path / "model.onnx", n_images=7, version="1.2.3")
    assert found.n_images == len(seen[0]) == 7
    assert 0 <= found.error <= 1e-5 * max(1, found.largest)
    assert found.n_bytes == (tmp_path / "model.onnx").stat().st_size
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]


@needs_onnx
def test_a_file_whose_logits_differ_is_not_left_behind(run, data, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    compute = exported.run_onnx
    monkeypatch.setattr(exported, "run_onnx", lambda file, images: compute(file, -images))
    with pytest.raises(RunError, match=r"model\.onnx: expected the network's logits.*Nothing was written") as caught:
        export_run(run, data, tmp_path / "model.onnx", n_images=3, version="1.2.3")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
