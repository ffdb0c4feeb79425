"""One process by itself, and what it knows of others; several are tested where they work, and where one is killed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch.distributed as dist

from mamviz import distributed
from mamviz.distributed import (
    Group,
    LostError,
    describe_lost,
    find_lost,
    gather,
    joined,
    tells_first,
    together,
    wait,
)
from mamviz.errors import TrainingError


@pytest.mark.parametrize("environment", [{}, {"WORLD_SIZE": "1", "RANK": "0", "LOCAL_RANK": "0"}])
def test_alone_a_process_is_the_first_of_one_and_leads(environment: dict[str, str]) -> None:
    with joined("cpu", environment) as group:
        assert group == Group(rank=0, world=1, device="cpu")
        assert group.leads
        assert not dist.is_initialized()


def test_alone_there_is_nothing_to_wait_for_and_one_value_to_gather() -> None:
    value = object()
    wait(Group())
    assert gather(value, Group()) == [value]


def test_another_than_the_first_does_not_lead() -> None:
    assert not Group(rank=1, world=2).leads


def test_processes_that_cannot_come_together_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MASTER_ADDR", "MASTER_PORT", "RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    with (
        pytest.raises(TrainingError, match="2 processes were asked for and did not all come"),
        joined("cpu", {"WORLD_SIZE": "2", "RANK": "0"}),
    ):
        pass


@pytest.fixture
def ended() -> int:
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_processes_that_have_ended_are_found_and_those_elsewhere_are_not_guessed_at(ended: int) -> None:
    group = Group(rank=0, world=4, pids=(os.getpid(), ended, 0, ended))
    assert find_lost(group) == (1, 3)
    assert describe_lost(group).startswith("processes 1 and 3 of 4, counted from 0, ended")
    assert describe_lost(Group(rank=0, world=2, pids=(os.getpid(), os.getppid()))) == ""


def test_a_connection_that_closes_is_one_line_that_names_the_process(ended: int) -> None:
    group = Group(rank=0, world=2, pids=(os.getpid(), ended))
    with pytest.raises(LostError, match=r"^process 1 of 2, counted from 0, ended .*\. Start the same command again\.$"):  # noqa: SIM117
        with together(group):
            raise RuntimeError("[third_party/gloo/gloo/transport/tcp/pair.cc:547] Connection closed by peer [::1]:80")


def test_a_process_that_is_not_found_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "PAUSE", 0.0)
    with pytest.raises(LostError, match=r"^one of 2 processes ended"), together(Group(world=2, pids=(os.getpid(), 0))):
        raise dist.DistNetworkError("failed to recv")


def test_other_errors_are_left_alone() -> None:
    with pytest.raises(RuntimeError, match="shapes") as raised, together(Group(world=2, pids=(0, 0))):
        raise RuntimeError("shapes")
    assert not isinstance(raised.value, LostError)


def test_of_many_that_end_one_tells() -> None:
    store = dist.HashStore()
    first, second = (Group(rank=rank, world=2, store=store) for rank in range(2))
    assert [tells_first(second), tells_first(first), tells_first(second)] == [True, False, False]
    assert tells_first(Group())
