"""A background thread that makes the next items while the last is worked on."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


def prefetch(items: Iterator[Item], *, depth: int = 2) -> Iterator[Item]:
    """Yield `items` in their order, up to `depth` of them made ahead in a thread.

    An error in `items` is raised here, in its turn. The thread starts with the first item asked for and has
    ended when the iterator is exhausted, closed or dropped.
    """
    channel: _Channel[Item] = _Channel(depth)
    thread = threading.Thread(target=channel.feed, args=(items,), daemon=True, name="mamviz-prefetch")
    thread.start()
    try:
        yield from channel.drain()
    finally:
        channel.stop()
        thread.join()


class _Channel(Generic[Item]):
    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._ready: deque[Item] = deque()
        self._changed = threading.Condition()
        self._ended = self._stopped = False
        self._error: BaseException | None = None

    def feed(self, items: Iterator[Item]) -> None:
        try:
            for item in items:
                if not self._put(item):
                    break
        except BaseException as error:  # not swallowed: `drain` raises it where the items are used
            self._error = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def drain(self) -> Iterator[Item]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ready or self._ended)
                if not self._ready:
                    break
                item = self._ready.popleft()
                self._changed.notify_all()
            yield item
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _put(self, item: Item) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: len(self._ready) < self._depth or self._stopped)
            if not self._stopped:
                self._ready.append(item)
                self._changed.notify_all()
            return not self._stopped
