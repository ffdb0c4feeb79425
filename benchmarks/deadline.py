"""A time after which no work is begun, and long work is given up."""

from __future__ import annotations

import time
from dataclasses import dataclass


class OutOfTimeError(Exception):
    """The deadline has passed."""


@dataclass(frozen=True)
class Deadline:
    """Seconds from when it is made."""

    seconds: float
    begun: float

    def check(self, *_: object) -> None:
        """Raise OutOfTimeError where it has passed; takes what a progress is told."""
        if time.perf_counter() - self.begun > self.seconds:
            raise OutOfTimeError(f"the {self.seconds:.0f} s were used up")


def start_deadline(seconds: float) -> Deadline:
    """Return a deadline that begins now."""
    return Deadline(seconds, time.perf_counter())
