"""Logits of a data set: those of the network, whatever the memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mamviz.data.batches import to_tensor
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import build_network
from mamviz.training.prediction import predict
from tests.core.limited import ROOT, run_limited
from tests.core.made import make_config, make_data
from tests.core.models.stirred import stir


@pytest.fixture
def network() -> MaskNetwork:
    network = build_network(make_config(), n_attributes=4)
    stir(network, 1)
    return network


def test_logits_are_the_networks_in_the_order_asked_for(network: MaskNetwork) -> None:
    data, indices = make_data(40), np.array([30, 2, 17])
    with torch.inference_mode():
        expected = network.eval().classify(to_tensor(data.images[indices])).numpy()
    np.testing.assert_allclose(predict(network, data, indices), expected, rtol=1e-6, atol=1e-6)


def test_a_batch_that_memory_runs_out_in_is_done_again_in_smaller_ones(
    network: MaskNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, indices = make_data(40), np.arange(40)
    expected, true_classify, sizes, notes = predict(network, data, indices), network.classify, [], []

    def classify(x: torch.Tensor) -> torch.Tensor:
        sizes.append(len(x))
        if len(x) > 16 or len(sizes) == 6:  # the sixth: in the middle of the batch
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return true_classify(x)

    monkeypatch.setattr(network, "classify", classify)
    got = predict(network, data, indices, progress=lambda done, total, note="": notes.append(note))
    assert sizes == [40, 40, 40, 32, 16, 16, 8, 8, 8, 8, 8]
    assert notes == ["memory ran out, now 8 images at once"]
    # other products in float32 for another number of images
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


@pytest.mark.slow
def test_more_processes_than_images_give_the_logits_of_one(tmp_path: Path) -> None:
    script = tmp_path / "work.py"
    script.write_text(
        "import sys; sys.path.insert(0, sys.argv[1]); import numpy as np\n"
        "from mamviz.distributed import joined; from mamviz.models.weights import build_network\n"
        "from mamviz.training.prediction import predict; from tests.core.made import make_config, make_data\n"
        "from tests.core.models.stirred import stir\n"
        "network = build_network(make_config(), n_attributes=4); stir(network, 1)\n"
        "data, alone = make_data(40), predict(network, make_data(40), np.array([7, 1]))\n"
        "with joined('cpu') as group:\n"
        "    assert group.world == 3\n"
        "    got = predict(network, data, np.array([7, 1]), group=group)\n"
        "    np.testing.assert_allclose(got, alone, rtol=0, atol=1e-5 * np.abs(alone).max())\n"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=3", script, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and a limit of memory")
def test_logits_come_where_memory_is_short() -> None:
    """60 images of 256 pixels need 600 MB at once; the true allocator fails, and smaller batches fit."""
    script = """
from mamviz.config import RunConfig, from_dict
from mamviz.models.weights import build_network
from mamviz.training.prediction import predict
from tests.core.made import make_data
from tests.core.models.stirred import stir
config = from_dict(RunConfig, {"data": {"size": 256}, "model": {"channels": 4}})
network = build_network(config, n_attributes=4)
stir(network, 1)
data = make_data(60, size=256)
notes = []
expected = [predict(network, data, np.array([index]))[0] for index in range(60)]
limit(350)
got = predict(network, data, np.arange(60), progress=lambda done, total, note="": notes.append(note))
np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
print(notes[-1])
"""
    assert run_limited(script).startswith("memory ran out, now ")
