import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mamviz.data.splits import blocks_of, split_units


def test_a_split_is_the_sha256_of_the_unit() -> None:
    """The rule written out; were it to change, runs made before could no longer be compared."""
    names = [f"{number:06d}.jpg" for number in range(200)]
    shares = [int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little") / 2**64 for name in names]
    expected = [0 if share < 0.8 else 1 if share < 0.9 else 2 for share in shares]
    np.testing.assert_array_equal(split_units(names), expected)


def test_a_block_is_the_blake2b_of_the_unit() -> None:
    people = np.array([3, 11, 3, 900])
    expected = [int.from_bytes(hashlib.blake2b(b"%d" % who, digest_size=8).digest(), "little") % 20 for who in people]
    np.testing.assert_array_equal(blocks_of(["a", "b", "c", "d"], people, n_blocks=20), expected)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=80))
def test_a_person_has_one_part_and_one_block(people: list[int]) -> None:
    names = [f"{row}.jpg" for row in range(len(people))]
    for values in (split_units(names, np.array(people)), blocks_of(names, np.array(people), n_blocks=7)):
        assert len({(who, value) for who, value in zip(people, values.tolist(), strict=True)}) == len(set(people))


def test_shares_are_80_10_10() -> None:
    shares = np.bincount(split_units([f"{number:06d}.jpg" for number in range(20_000)])) / 20_000
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.009)  # 3 standard deviations of 0.8


def test_added_images_move_nobody() -> None:
    names = [f"{number}.jpg" for number in range(50)]
    np.testing.assert_array_equal(split_units(names)[:20], split_units(names[:20]))


def test_blocks_are_even_within_a_part() -> None:
    names = [f"{number:06d}.jpg" for number in range(20_000)]
    test = split_units(names) == 2
    counts = np.bincount(blocks_of(names, n_blocks=20)[test], minlength=20)
    expected = test.sum() / 20
    assert ((counts - expected) ** 2 / expected).sum() < 43.8  # chi squared, 19 degrees of freedom, p = 0.001
