from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mamviz.data import resident
from mamviz.data.batches import to_tensor
from mamviz.data.resident import Rows, copy_to, read, settle
from mamviz.run import file_sha256
from mamviz.training import loop
from mamviz.training.loop import train
from tests.core.made import make_config, make_data, make_run

ROWS = np.array([5, 0, 5, 11])


def test_on_the_cpu_images_stay_where_they_are() -> None:
    images = make_data(12).images
    assert settle(images, "cpu") is images


@pytest.mark.parametrize("bytes_at_a_time", [1, 5 * 16 * 16 * 3, 1 << 26])
def test_a_copy_on_a_device_gives_the_same_batches(bytes_at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident, "BYTES_AT_A_TIME", bytes_at_a_time)
    images = make_data(12).images
    images.setflags(write=False)
    kept = copy_to(images, "cpu")
    assert kept.dtype == torch.uint8
    expected = read(images, ROWS)
    np.testing.assert_array_equal(expected, images[ROWS])
    waiting = read(kept, ROWS)
    assert isinstance(waiting, Rows)
    torch.testing.assert_close(to_tensor(waiting.take()), to_tensor(expected), rtol=0, atol=0)


def test_what_is_taken_may_be_written_to() -> None:
    images = make_data(12).images
    kept = copy_to(images, "cpu")
    for taken in (read(images, ROWS), Rows(kept, ROWS).take()):
        taken[:] = 0
    assert int(images[5].sum()) > 0
    assert int(kept[5].sum()) > 0


def test_a_step_on_images_of_a_device_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `settle` does on a GPU, done to the CPU: the second epoch takes its images from the copy."""
    data, files = make_data(), []
    for place in (settle, lambda images, device: copy_to(np.asarray(images), device)):
        monkeypatch.setattr(loop, "settle", place)
        run = make_run(tmp_path / str(len(files)), make_config(), data)
        train(run, data)
        files.append(file_sha256(run.model_file))
    assert files[0] == files[1]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_images_settle_on_a_gpu_with_room(monkeypatch: pytest.MonkeyPatch) -> None:
    images = make_data(12).images
    kept = settle(images, "cuda")
    assert isinstance(kept, torch.Tensor)
    assert kept.is_cuda
    torch.testing.assert_close(to_tensor(Rows(kept, ROWS).take(), device="cuda").cpu(), to_tensor(images[ROWS]))
    monkeypatch.setattr(resident, "SHARE", 0.0)
    assert settle(images, "cuda") is images
