"""How a long job says how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called by a long job after each piece of work; draws nothing by itself."""

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Take note that `done` of `total` pieces are ready."""


def silent(done: int, total: int, note: str = "") -> None:
    """Ignore progress."""
