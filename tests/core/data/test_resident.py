from __future__ import annotations

import numpy as np
import pytest
import torch

from mamviz.data import resident
from mamviz.data.batches import to_tensor
from mamviz.data.resident import copy_to, settle, take
from tests.core.made import make_data

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
    expected = to_tensor(take(images, ROWS))
    torch.testing.assert_close(to_tensor(take(kept, ROWS)), expected, rtol=0, atol=0)
    np.testing.assert_array_equal(take(images, ROWS), images[ROWS])


def test_what_is_taken_may_be_written_to() -> None:
    images = make_data(12).images
    for kept in (images, copy_to(images, "cpu")):
        taken = take(kept, ROWS)
        taken[:] = 0
        assert int(kept[5].sum()) > 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_images_settle_on_a_gpu_with_room(monkeypatch: pytest.MonkeyPatch) -> None:
    images = make_data(12).images
    kept = settle(images, "cuda")
    assert isinstance(kept, torch.Tensor)
    assert kept.is_cuda
    torch.testing.assert_close(to_tensor(take(kept, ROWS), device="cuda").cpu(), to_tensor(images[ROWS]))
    monkeypatch.setattr(resident, "SHARE", 0.0)
    assert settle(images, "cuda") is images
