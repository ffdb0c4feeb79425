"""Batches that shrink when memory runs out: the true errors of the allocators, and the parts that are left."""

from __future__ import annotations

import gc
import sys
import weakref

import numpy as np
import pytest
import torch

from mamviz.data.memory import Room, describe_room, explained, fit, ran_out, split_evenly
from mamviz.errors import ConfigError
from tests.core.limited import run_limited

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and a limit of memory")


def full(at_once: int) -> int:
    """Fail for more than three images."""
    if at_once > 3:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")
    return at_once


def test_the_images_are_halved_until_they_fit_and_stay_so() -> None:
    room = Room(24)
    assert fit(full, room) == 3
    assert room == Room(3)
    assert fit(full, room) == 3


def test_work_that_fits_is_done_once_with_all_images() -> None:
    asked: list[int] = []
    fit(asked.append, Room(24))
    assert asked == [24]


def test_where_one_image_is_too_much_one_line_says_what_to_do() -> None:
    def never(at_once: int) -> None:
        raise MemoryError("Unable to allocate 9 bytes")

    with pytest.raises(ConfigError, match=r"room for one image at once, got none \(Unable .* smaller --size") as raised:
        fit(never, Room(5))
    assert "\n" not in str(raised.value)


def test_another_error_is_not_taken_for_a_lack_of_memory() -> None:
    asked: list[int] = []

    def wrong(at_once: int) -> None:
        asked.append(at_once)
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        fit(wrong, Room(8))
    assert asked == [8]


def test_what_the_failed_call_held_is_given_back_before_the_next() -> None:
    held: list[weakref.ref[torch.Tensor]] = []

    def work(at_once: int) -> int:
        gc.disable()
        assert all(reference() is None for reference in held)
        large = torch.zeros(at_once)
        held.append(weakref.ref(large))
        return full(at_once)

    try:
        assert fit(work, Room(12)) == 3
    finally:
        gc.enable()
    assert len(held) == 3


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."), True),
        (MemoryError(), True),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: not enough memory: you tried"), True),
        (RuntimeError("Connection closed by peer"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_errors_of_memory_are_known_by_kind_and_words(error: Exception, expected: bool) -> None:
    assert ran_out(error) == expected


@only_linux
def test_the_true_errors_of_torch_and_numpy_are_known() -> None:
    script = """
from mamviz.data.memory import ran_out
limit(100)
for work in (lambda: torch.empty(2**28), lambda: np.empty(2**28), lambda: bytearray(2**30)):
    try:
        work()
    except Exception as error:
        print(ran_out(error), type(error).__name__)
"""
    assert run_limited(script).split() == ["True", "RuntimeError", "True", "MemoryError", "True", "MemoryError"]


@pytest.mark.parametrize(("n_images", "at_once"), [(64, 64), (64, 32), (38, 19), (38, 10), (7, 3), (5, 1), (3, 64)])
def test_parts_are_even_few_and_cover_all_images(n_images: int, at_once: int) -> None:
    parts = split_evenly(n_images, at_once)
    sizes = [part.stop - part.start for part in parts]
    assert np.concatenate([np.arange(n_images)[part] for part in parts]).tolist() == list(range(n_images))
    assert max(sizes) <= at_once
    assert max(sizes) - min(sizes) <= 1
    assert len(parts) == int(np.ceil(n_images / at_once))


def test_the_note_is_empty_while_all_images_fit() -> None:
    assert describe_room(Room(64), 64) == ""
    assert describe_room(Room(16), 64) == "memory ran out, now 16 images at once"


def test_a_lack_of_memory_is_explained_and_other_errors_are_left_alone() -> None:
    with pytest.raises(ConfigError, match=r"^memory ran out: expected room for x, got none \(CUDA .*\)\. Do y\.$"):  # noqa: SIM117
        with explained("x", "Do y."):
            raise torch.OutOfMemoryError("CUDA out of memory.\nMore.")
    with pytest.raises(RuntimeError, match="shapes"), explained("x", "Do y."):
        raise RuntimeError("shapes")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_full_gpu_is_noticed_and_emptied() -> None:
    def work(at_once: int) -> int:
        return len(torch.empty(at_once, 2**28, dtype=torch.uint8, device="cuda"))

    torch.cuda.set_per_process_memory_fraction(2**30 / torch.cuda.get_device_properties(0).total_memory)
    try:
        assert fit(work, Room(16)) in (2, 4)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
