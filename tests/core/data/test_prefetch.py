import threading
import time
from collections.abc import Iterator

import pytest

from mamviz.data.prefetch import prefetch


def background_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "mamviz-prefetch"]


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert background_threads() == []


@pytest.mark.parametrize("depth", [1, 2, 50])
def test_items_come_in_their_order(depth: int) -> None:
    assert list(prefetch(iter(range(40)), depth=depth)) == list(range(40))


def test_nothing_in_nothing_out() -> None:
    assert list(prefetch(iter(()))) == []


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("the third is broken")

    seen: list[int] = []
    with pytest.raises(ValueError, match="the third is broken"):
        seen.extend(prefetch(items()))
    assert seen == [1, 2]


def test_items_are_made_ahead_but_not_further_than_asked() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    ahead = prefetch(items(), depth=3)
    assert next(ahead) == 0
    deadline = time.monotonic() + 10
    while len(made) < 5 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.05)
    assert made == [0, 1, 2, 3, 4]  # one given out, three ready, one waiting for room
    ahead.close()  # type: ignore[attr-defined]


def test_an_early_exit_leaves_no_thread_and_closes_the_source() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed.set()

    for item in prefetch(items()):
        assert len(background_threads()) == 1
        if item == 3:
            break
    assert background_threads() == []
    assert closed.wait(5)


def test_an_iterator_never_asked_starts_no_thread() -> None:
    assert prefetch(iter(range(3))) is not None
    assert background_threads() == []
