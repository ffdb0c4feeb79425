"""Several processes under torchrun: who am I, how results come together, and what is known of one that is lost."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

from mamviz.errors import MamvizError, TrainingError

# A process that waits for another one gives up after this long; one that died is noticed at once.
TIMEOUT = timedelta(minutes=10)
# How often, and every how many seconds, it is looked for the process whose connection closed: torchrun takes note of
# a dead process ten times a second.
LOOKS, PAUSE = 40, 0.05


class LostError(TrainingError):
    """Another process of the job has ended, and this one can't go on without it."""


@dataclass(frozen=True)
class Group:
    """One process among `world`; rank 0 writes the files.

    pids     of all processes, by rank; 0 for one on another machine
    store    torch's, in which processes leave notes for each other; None for one process
    """

    rank: int = 0
    world: int = 1
    device: str = "cpu"
    pids: tuple[int, ...] = field(default=(), compare=False)
    store: Any = field(default=None, compare=False)

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
        store, *_ = next(iter(rendezvous("env://", rank, world, timeout=TIMEOUT)))
        backend = "nccl" if device.startswith("cuda") else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=world, timeout=TIMEOUT)
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            f"{world} processes were asked for and did not all come ({error}). Start them again."
        ) from error
    group = Group(rank, world, device, store=store)
    try:
        places = gather((platform.node(), os.getpid()), group)
        pids = tuple(pid if node == platform.node() else 0 for node, pid in places)
        group = Group(rank, world, device, pids, store)
        yield group
    except LostError:
        raise
    except MamvizError as error:
        # Told by one process; of those that end by the same error, or because of it, none has anything to add.
        if not tells_first(group):
            raise SystemExit(2) from error
        raise
    finally:
        dist.destroy_process_group()


@contextmanager
def together(group: Group) -> Iterator[None]:
    """Do what needs the other processes; raises LostError when one of them ends meanwhile."""
    try:
        yield
    except RuntimeError as error:
        if group.world == 1 or not _is_lost(error):
            raise
        raise LostError(f"{_look_for_lost(group)}. Start the same command again.") from error


def wait(group: Group) -> None:
    """Return when all processes have come here."""
    if group.world > 1:
        with together(group):
            dist.barrier()


def gather(value: Any, group: Group) -> list[Any]:
    """Return every process's value, by rank, on every process."""
    if group.world == 1:
        return [value]
    values: list[Any] = [None] * group.world
    with together(group):
        dist.all_gather_object(values, value)
    return values


def find_lost(group: Group) -> tuple[int, ...]:
    """Return the ranks of the processes on this machine that have ended."""
    return tuple(rank for rank, pid in enumerate(group.pids) if pid and not _runs(pid))


def describe_lost(group: Group) -> str:
    """Say which processes on this machine have ended; nothing where none has."""
    lost = find_lost(group)
    if not lost:
        return ""
    name = "process" if len(lost) == 1 else "processes"
    ranks = " and ".join(map(str, lost))
    return f"{name} {ranks} of {group.world}, counted from 0, ended (killed, or out of memory)"


def tells_first(group: Group) -> bool:
    """Return whether this process is the first to ask: of many that end together, one tells why."""
    if group.store is None:
        return True
    try:
        return bool(group.store.add("mamviz tells", 1) == 1)
    except RuntimeError:  # the store went with the process that is lost
        return True


def _look_for_lost(group: Group) -> str:
    for _ in range(LOOKS):
        if words := describe_lost(group):
            return words
        time.sleep(PAUSE)
    return f"one of {group.world} processes ended, or its machine can't be reached"


def _is_lost(error: RuntimeError) -> bool:
    words = str(error)
    return "out of memory" not in words and (isinstance(error, dist.DistError) or "gloo" in words or "NCCL" in words)


def _runs(pid: int) -> bool:
    if os.name != "posix":  # elsewhere, signal 0 is one that ends a process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
