from __future__ import annotations

import numpy as np
import pytest

from mamviz.errors import DataError
from mamviz.sanity.sample import draw_sample
from mamviz.stats.moments import adjusted_weights
from tests.core.made import make_data


def test_images_of_the_split_are_drawn_once_each_with_their_labels() -> None:
    data = make_data(60)
    sample = draw_sample(data, split="train", n_images=20, generator=np.random.default_rng(0))
    assert len(set(sample.indices.tolist())) == sample.n_images == 20
    assert (data.split[sample.indices] == 0).all()
    np.testing.assert_array_equal(sample.images, data.images[sample.indices])
    np.testing.assert_array_equal(sample.labels, data.labels[sample.indices])
    np.testing.assert_array_equal(sample.weights, adjusted_weights(sample.labels).values)


def test_all_images_come_where_more_are_asked_for() -> None:
    data = make_data(60)
    sample = draw_sample(data, split="test", n_images=1000, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(sample.indices, data.select("test"))


def test_the_generator_chooses() -> None:
    data = make_data(60)
    drawn = [
        draw_sample(data, split="all", n_images=20, generator=np.random.default_rng(seed)).indices.tolist()
        for seed in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_too_few_images_are_refused() -> None:
    with pytest.raises(DataError, match=r"at least 8 images of the split 'validation' to check, got 6"):
        draw_sample(make_data(60), split="validation", n_images=100, generator=np.random.default_rng(0))
