"""A training in work: its parts, kept in a checkpoint and restored from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from mamviz.data.memory import Room
from mamviz.distributed import Group, wait
from mamviz.errors import RunError
from mamviz.models.network import MaskNetwork
from mamviz.run import Run
from mamviz.schema import EpochRow
from mamviz.training.checkpoint import Checkpoint, Shrinking, Totals, read_checkpoint, write_checkpoint


@dataclass
class Session:
    """A training in work: parameters, optimiser and where it stands.

    room      how many images of a batch are in memory at once; shrunk: when it became less
    """

    network: MaskNetwork
    wrapped: nn.Module
    average: MaskNetwork
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    room: Room
    step: int = 0
    totals: Totals = field(default_factory=Totals)
    rows: tuple[EpochRow, ...] = ()
    shrunk: tuple[Shrinking, ...] = ()


def keep_session(run: Run, session: Session, group: Group) -> None:
    """Write the run's checkpoint, on the first process; all go on when it is on disk."""
    if group.leads:
        checkpoint = Checkpoint(
            network=session.network.state_dict(),
            average=session.average.state_dict(),
            optimizer=session.optimizer.state_dict(),
            schedule=session.schedule.state_dict(),
            step=session.step,
            totals=session.totals,
            rows=session.rows,
            shrunk=session.shrunk,
        )
        write_checkpoint(run.resume_file, checkpoint)
    wait(group)


def restore_session(session: Session, file: Path) -> None:
    """Set the session to where the checkpoint in `file` was written.

    Raises RunError where it can't be read, or is of another network.
    """
    checkpoint = read_checkpoint(file)
    try:
        session.network.load_state_dict(checkpoint.network)
        session.average.load_state_dict(checkpoint.average)
        session.optimizer.load_state_dict(checkpoint.optimizer)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(f"{file}: is of another network than run.json ({reason}). Delete it and train again.") from error
    session.schedule.load_state_dict(checkpoint.schedule)
    session.step, session.totals, session.rows = checkpoint.step, checkpoint.totals, checkpoint.rows
    session.shrunk = checkpoint.shrunk
    session.room.images = min([session.room.images, *(each.images for each in session.shrunk)])
