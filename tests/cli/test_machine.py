from __future__ import annotations

import os
from pathlib import Path

import pytest

from mamviz.errors import ConfigError
from mamviz_cli import machine
from mamviz_cli.machine import cache_folder, choose_device, free_threads, use_threads
from mamviz_cli.options import Common


@pytest.fixture
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (2.6, 0.0, 0.0))


@pytest.mark.parametrize(
    ("environment", "threads"),
    [
        ({}, 5),
        ({"OMP_NUM_THREADS": "2"}, 2),
        ({"OMP_NUM_THREADS": "64"}, 5),
        ({"OMP_NUM_THREADS": ""}, 5),
        ({"LOCAL_WORLD_SIZE": "2"}, 2),
        ({"LOCAL_WORLD_SIZE": "8"}, 1),
    ],
)
def test_threads_are_the_cores_that_are_free(eight_cores, environment: dict[str, str], threads: int) -> None:
    assert free_threads(environment) == threads


def test_a_busy_machine_leaves_one_thread(eight_cores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (30.0, 0.0, 0.0))
    assert free_threads({}) == 1


def test_threads_that_were_asked_for_are_set() -> None:
    import torch

    before = torch.get_num_threads()
    try:
        assert use_threads(3) == 3
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_the_cache_follows_the_option_then_xdg_then_home(tmp_path: Path) -> None:
    assert cache_folder(Common(cache=tmp_path), {"XDG_CACHE_HOME": "/x"}) == tmp_path
    assert cache_folder(Common(), {"XDG_CACHE_HOME": "/x"}) == Path("/x/mamviz")
    assert cache_folder(Common(), {"XDG_CACHE_HOME": "not/absolute"}) == Path.home() / ".cache" / "mamviz"
    assert cache_folder(Common(), {}) == Path.home() / ".cache" / "mamviz"


def test_cuda_without_a_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == "cpu"
    with pytest.raises(ConfigError, match="--device: expected a CUDA device"):
        choose_device("cuda")
    with pytest.raises(ConfigError, match="--device: expected auto, cpu or cuda, got 'tpu'"):
        choose_device("tpu")


def test_cuda_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert (choose_device("auto"), choose_device("cuda"), choose_device("cpu")) == ("cuda", "cuda", "cpu")


def test_the_machine_has_cores() -> None:
    assert 1 <= free_threads({}) <= (os.cpu_count() or 1)
