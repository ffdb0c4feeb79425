"""One progress for several pieces of work of known length."""

from __future__ import annotations

from mamviz.schema import Progress


class Pace:
    """Shares a progress out: each piece of work is worth a number of steps of the whole, `total` in all."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total = progress, total
        self._done = 0

    def next(self, steps: int, name: str = "") -> Progress:
        """Return the progress of the next piece; its name stands where it has nothing to say."""
        start = self._done
        self._done += steps

        def tell(done: int, total: int, note: str = "") -> None:
            self._progress(start + steps * done // max(total, 1), self._total, note or name)

        return tell
