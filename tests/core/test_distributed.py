"""One process by itself; several are tested where they work, in training and extraction."""

from __future__ import annotations

import pytest
import torch.distributed as dist

from mamviz.distributed import Group, gather, joined, wait
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
