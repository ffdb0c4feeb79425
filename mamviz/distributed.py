"""Several processes under torchrun: who am I, and how results come together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from mamviz.errors import TrainingError

# A worker that died is noticed after this long at most.
TIMEOUT = timedelta(minutes=10)


@dataclass(frozen=True)
class Group:
    """One process among `world`; rank 0 writes the files."""

    rank: int = 0
    world: int = 1
    device: str = "cpu"

    @property
    def leads(self) -> bool:
        """Whether this process writes what all share."""
        return self.rank == 0


@contextmanager
def joined(device: str, environment: Mapping[str, str] | None = None) -> Iterator[Group]:
    """Join the processes that torchrun started, or be the only one.

    environment    torchrun's variables (RANK, WORLD_SIZE, LOCAL_RANK), of this process by default
    Uses nccl on CUDA devices, one a process, and gloo otherwise. Raises TrainingError where the others don't come.
    """
    environment = os.environ if environment is None else environment
    world = int(environment.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Group(device=device)
        return
    rank, local = int(environment["RANK"]), int(environment.get("LOCAL_RANK", "0"))
    if device == "cuda":
        device = f"cuda:{local}"
        torch.cuda.set_device(local)
    try:
        dist.init_process_group("nccl" if device.startswith("cuda") else "gloo", timeout=TIMEOUT)
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            f"{world} processes were asked for and did not all come ({error}). Start them again."
        ) from error
    try:
        yield Group(rank, world, device)
    finally:
        dist.destroy_process_group()


def wait(group: Group) -> None:
    """Return when all processes have come here."""
    if group.world > 1:
        dist.barrier()


def gather(value: Any, group: Group) -> list[Any]:
    """Return every process's value, by rank, on every process."""
    if group.world == 1:
        return [value]
    values: list[Any] = [None] * group.world
    dist.all_gather_object(values, value)
    return values
