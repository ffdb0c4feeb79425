"""Random numbers that belong to an image: a counter-based generator, no state."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Uint64 = npt.NDArray[np.uint64]

# One stream per use, so that no two uses share a number.
LABEL_STREAM = 1
PERSON_STREAM = 2
SPLIT_STREAM = 3
CALIBRATION_STREAM = 4
NOISE_STREAM = 5

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_KEY_STEPS = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))


def philox(counter: Uint64, key: tuple[int, int]) -> Uint64:
    """Mix counters into random words: Philox4x32 with ten rounds.

    counter   (..., 4) words of 32 bits, kept in uint64; key: two words of 32 bits
    result    the same shape, words of 32 bits
    Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
    """
    words = [counter[..., place].astype(np.uint64) for place in range(4)]
    first, second = np.uint64(key[0]), np.uint64(key[1])
    for _ in range(10):
        left, right = words[0] * _MULTIPLIERS[0], words[2] * _MULTIPLIERS[1]
        words = [
            (right >> _SHIFT) ^ words[1] ^ first,
            right & _LOW,
            (left >> _SHIFT) ^ words[3] ^ second,
            left & _LOW,
        ]
        first, second = (first + _KEY_STEPS[0]) & _LOW, (second + _KEY_STEPS[1]) & _LOW
    return np.stack(words, axis=-1)


def uniforms(indices: npt.NDArray[np.int64], *, seed: int, stream: int, count: int) -> npt.NDArray[np.float64]:
    """Draw `count` numbers in (0, 1) for each image; they depend on (seed, stream, index) only.

    result   (n, count); the first numbers stay the same when `count` grows
    """
    n_blocks = -(-count // 4)
    index = np.asarray(indices).astype(np.uint64)[:, None]
    counter = np.empty((len(index), n_blocks, 4), np.uint64)
    counter[..., 0] = np.arange(n_blocks, dtype=np.uint64)
    counter[..., 1] = np.uint64(stream)
    counter[..., 2] = index & _LOW
    counter[..., 3] = index >> _SHIFT
    words = philox(counter, (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF))
    return (words.reshape(len(index), 4 * n_blocks)[:, :count].astype(np.float64) + 0.5) / 2.0**32
