"""Swapped images against the network asked directly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mamviz.errors import DataError
from mamviz.generation.reference import read_logits
from mamviz.generation.swaps import find_partner, swap_images
from tests.core.generation.drawn import features_of, make_network
from tests.core.made import make_data

DATA = make_data(60)
NETWORK = make_network(double=False)


def test_a_swap_tells_of_both_images() -> None:
    pair = swap_images(NETWORK, DATA, images=("007.png", "009.png"), attribute="Red", open_from=0.5)
    before = read_logits(NETWORK, features_of(NETWORK, DATA, [7, 9]))[:, 0]
    np.testing.assert_allclose(pair.before, before, atol=1e-5)
    assert ((pair.open_share > 0) & (pair.open_share < 1)).all()
    assert not np.array_equal(pair.plain, pair.swapped)


def test_swapping_an_image_with_itself_changes_nothing() -> None:
    pair = swap_images(NETWORK, DATA, images=("007.png", "007.png"), attribute="Red", open_from=0.5)
    np.testing.assert_array_equal(pair.plain, pair.swapped)
    np.testing.assert_allclose(pair.after, pair.before, atol=1e-6)
    np.testing.assert_allclose(pair.drawn_after, pair.drawn_before, atol=1e-6)


def test_a_partner_is_a_test_image_with_the_other_label() -> None:
    name = find_partner(DATA, "007.png", "Blue")
    row = DATA.names.index(name)
    assert DATA.split[row] == 2
    assert DATA.labels[row, 2] != DATA.labels[7, 2]
    assert all(DATA.labels[n, 2] == DATA.labels[7, 2] for n in DATA.select("test") if n < row)


def test_a_label_that_never_changes_has_no_partner() -> None:
    labels = DATA.labels.copy()
    labels[:, 2] = 1
    with pytest.raises(DataError, match="Blue: expected an image with another label"):
        find_partner(replace(DATA, labels=labels), "007.png", "Blue")
