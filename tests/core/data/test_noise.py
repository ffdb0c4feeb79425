from __future__ import annotations

import numpy as np

from mamviz.config import DataConfig
from mamviz.data.noise import make_noise


def test_noise_is_a_data_set_of_the_asked_size_and_the_same_each_time() -> None:
    data = make_noise(DataConfig(size=32), n_images=6, n_attributes=3)
    assert data.images.shape == (6, 32, 32, 3)
    assert data.labels.shape == (6, 3)
    assert set(np.unique(data.labels)) == {0, 1}
    assert len(data.select("train")) == 6
    np.testing.assert_array_equal(data.images, make_noise(DataConfig(size=32), n_images=6, n_attributes=3).images)
