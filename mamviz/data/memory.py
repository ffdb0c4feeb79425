"""Memory that runs out: the same work on fewer images at once, or one line where even one is too many."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import torch

from mamviz.errors import ConfigError

Result = TypeVar("Result")

# What torch 2.13 and the libraries below it say, in lower case, where they raise a plain RuntimeError. oneDNN names no
# reason; seen where the memory of a process was limited.
WORDS = (
    *("out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "alloc_failed"),
    *("could not create a primitive", "could not execute a primitive"),
)

# What is left where not even one image fits.
ONE_IMAGE = "Close other programs, use another --device, or train with a smaller --size or fewer --channels."


@dataclass
class Room:
    """How many images are worked on at once; it shrinks where memory runs out, and stays so."""

    images: int


def ran_out(error: BaseException) -> bool:
    """Tell whether an error says that memory ran out, of the CPU or of a GPU."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in WORDS)


def fit(job: Callable[[int], Result], room: Room) -> Result:
    """Return job(room.images), called again with half as many images at once while memory runs out.

    job    starts anew at each call: what a call that failed has done must not count
    Raises ConfigError where one image at once is too much.
    """
    while True:
        with explained("one image at once", ONE_IMAGE):
            try:
                return job(room.images)
            except (MemoryError, RuntimeError) as error:
                if not ran_out(error) or room.images == 1:
                    raise
        # Only here: while the error is handled its traceback holds the tensors of the call that failed.
        room.images = (room.images + 1) // 2
        free_memory()


def split_evenly(n_images: int, at_once: int) -> list[slice]:
    """Return the fewest parts of at most `at_once` images, which differ by one image at most."""
    n_parts = -(-n_images // at_once)
    bounds = [n_images * part // n_parts for part in range(n_parts + 1)]
    return [slice(start, stop) for start, stop in pairwise(bounds)]


def free_memory() -> None:
    """Give back what nothing refers to any more."""
    gc.collect()
    torch.cuda.empty_cache()  # does nothing where CUDA was not used
    trim_heap()


def trim_heap() -> None:
    """Give what lies free between what is used back to the system; only the C library of Linux can be asked to.

    Without it a long job seems to need more and more: batches of changing size leave holes.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def describe_room(room: Room, wanted: int) -> str:
    """Return a note for the progress; nothing where all the images that are wanted at once fit."""
    return f"memory ran out, now {room.images} images at once" if room.images < wanted else ""


@contextmanager
def explained(expected: str, advice: str) -> Iterator[None]:
    """Turn memory that runs out within this block into a ConfigError of one line: what was expected, what to do."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not ran_out(error):
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"memory ran out: expected room for {expected}, got none ({reason}). {advice}") from error
