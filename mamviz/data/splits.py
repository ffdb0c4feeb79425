"""Stable parts of a data set: by a hash of who is shown, the same on every machine and in every year."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

SHARES = (0.8, 0.1)  # of train and validation; the rest is for test

Indices = npt.NDArray[np.int64]


def split_units(names: Sequence[str], identity: Indices | None = None) -> npt.NDArray[np.int8]:
    """Split images 80/10/10 by identity, or by name where none is known.

    result   (N,) 0 train, 1 validation, 2 test

    Each person (or file) falls by the sha256 of its number (or name) alone: no person stands in two
    parts, and a person stays in its part when images are added. The shares hold on average; a part of
    a very small data set can be empty.
    """
    share = _hash_units(names, identity, _sha256) / 2.0**64
    return np.searchsorted(np.cumsum(SHARES), share, side="right").astype(np.int8)


def blocks_of(names: Sequence[str], identity: Indices | None = None, *, n_blocks: int) -> Indices:
    """Give each image its block: blake2b of identity or name, modulo `n_blocks`.

    result   (N,) in [0, n_blocks); all images of a person share a block

    The hash is not the one `split_units` falls by, so blocks are even within each part.
    """
    return (_hash_units(names, identity, _blake2b) % np.uint64(n_blocks)).astype(np.int64)


def _hash_units(
    names: Sequence[str], identity: Indices | None, digest: Callable[[bytes], bytes]
) -> npt.NDArray[np.uint64]:
    if identity is None:
        units, inverse = list(names), None
    else:
        values, inverse = np.unique(identity, return_inverse=True)
        units = [str(value) for value in values.tolist()]
    joined = b"".join(digest(unit.encode("utf-8", "surrogateescape")) for unit in units)
    hashes = np.frombuffer(joined, dtype="<u8").astype(np.uint64)
    return hashes if inverse is None else hashes[inverse]


def _sha256(unit: bytes) -> bytes:
    return hashlib.sha256(unit).digest()[:8]


def _blake2b(unit: bytes) -> bytes:
    return hashlib.blake2b(unit, digest_size=8).digest()
