from __future__ import annotations

import numpy as np
import pytest

from mamviz.config import DataConfig
from mamviz.data.faces import draw_all
from mamviz.data.synthetic.labels import ATTRIBUTES
from mamviz.data.synthetic.render import draw_regions
from mamviz.errors import DataError
from mamviz.schema import silent
from mamviz.validation.regions import compare_maps, describe_regions, draw_fresh_faces, pool_regions, relate_maps
from tests.core.stats.raw import pearson

CONFIG = DataConfig(n_faces=20, size=32, faces_seed=5)


@pytest.fixture(scope="module")
def faces():
    return draw_fresh_faces(CONFIG, (8, 8), n_images=16)


def test_a_cell_holds_the_share_of_its_pixels():
    pixels = np.zeros((6, 6), bool)
    pixels[0, 0] = pixels[4:, 3:] = True
    expected = np.zeros((3, 2))
    for row in range(3):
        for column in range(2):
            expected[row, column] = pixels[2 * row : 2 * row + 2, 3 * column : 3 * column + 3].mean()
    assert np.allclose(pool_regions(pixels, (3, 2)), expected, atol=1e-15)
    assert expected[2, 1] == 1


def test_a_pixel_between_two_cells_counts_for_each_by_its_part():
    pixels = np.zeros((1, 3), bool)
    pixels[0, 1] = True  # cells of 1.5 pixels: half of this one in each
    assert np.allclose(pool_regions(pixels, (1, 2)), [[1 / 3, 1 / 3]], atol=1e-15)
    assert pool_regions(np.ones((5, 7), bool), (3, 4)) == pytest.approx(np.ones((3, 4)))


def test_pooling_keeps_the_mean_of_every_image():
    pixels = np.random.default_rng(0).random((3, 2, 50, 50)) < 0.3
    assert np.allclose(pool_regions(pixels, (7, 7)).mean(axis=(2, 3)), pixels.mean(axis=(2, 3)), atol=1e-14)


def test_fresh_faces_come_after_the_run_s_own(faces, tmp_path):
    """A data set of 36 faces begins with the run's 20 and goes on with the fresh ones."""
    longer = draw_all(DataConfig(n_faces=36, size=32, faces_seed=5), folder=tmp_path, progress=silent)
    own = draw_all(CONFIG, folder=tmp_path, progress=silent)
    assert np.array_equal(longer.labels[:20], own.labels)
    assert np.array_equal(longer.labels[20:], faces.labels)
    assert np.array_equal(longer.images[20:], faces.images)


def test_regions_of_fresh_faces_are_those_of_the_same_persons(faces):
    indices = np.arange(20, 36)
    pixels = draw_regions(faces.labels, indices, size=32, seed=5).numpy()
    for image, attribute in [(0, "Smiling"), (7, "Eyeglasses"), (15, "Bangs")]:
        expected = pixels[image, ATTRIBUTES.index(attribute)].reshape(8, 4, 8, 4).mean(axis=(1, 3))
        assert np.array_equal(faces.regions[image, ATTRIBUTES.index(attribute)], expected)


def test_fresh_faces_keep_the_dial():
    independent = draw_fresh_faces(DataConfig(n_faces=5, size=32, label_correlation=0.0), (4, 4), n_images=3)
    correlated = draw_fresh_faces(DataConfig(n_faces=5, size=32, label_correlation=1.0), (4, 4), n_images=3)
    assert not np.array_equal(independent.labels, correlated.labels)


def test_a_size_that_faces_can_not_have_is_refused():
    with pytest.raises(DataError, match="size"):
        draw_fresh_faces(DataConfig(n_faces=5, size=16), (2, 2), n_images=2)


def test_chance_is_the_share_of_touched_cells_where_the_attribute_is_seen():
    regions = np.zeros((4, 2, 2, 2))
    regions[0, 0] = [[0.1, 0], [0, 0]]
    regions[1, 0] = [[1, 1], [0, 0]]
    regions[2, 0] = [[1, 1], [1, 1]]  # without the attribute: not counted
    labels = np.array([[1, 0], [1, 1], [0, 0], [1, 0]])  # the last has it and shows nothing: not counted
    truth = describe_regions(regions, labels, attributes=("a", "b"))
    assert truth.n_visible.tolist() == [2, 0]
    assert truth.chance[0] == pytest.approx((1 / 4 + 2 / 4) / 2)
    assert np.isnan(truth.chance[1])
    assert truth.local == ()  # "a" touches too much, "b" is never seen
    assert np.allclose(truth.mean[0], [[2.1 / 4, 2 / 4], [1 / 4, 1 / 4]])
    assert np.isnan(truth.relation[1]).all()


def test_eyebrows_are_local_and_hair_is_not(faces):
    truth = describe_regions(faces.regions, faces.labels)
    assert {"Bushy_Eyebrows", "Mouth_Slightly_Open"} <= set(truth.local)
    assert not {"Male", "Brown_Hair", "Black_Hair"} & set(truth.local)
    for name, share in zip(truth.attributes, truth.chance, strict=True):
        assert (name in truth.local) == (share < 0.25)


def test_relation_is_pearson_over_cells():
    maps = np.random.default_rng(1).normal(size=(4, 3, 5))
    got = relate_maps(maps)
    for k in range(4):
        for other in range(4):
            assert got[k, other] == pytest.approx(pearson(maps[k].ravel(), maps[other].ravel()), abs=1e-12)
    assert np.allclose(got, np.corrcoef(maps.reshape(4, -1)), atol=1e-12)
    assert np.array_equal(got, got.T)
    assert np.allclose(relate_maps(3 * maps + 7), got, atol=1e-12)


def test_a_constant_map_has_no_relation():
    maps = np.random.default_rng(1).normal(size=(3, 2, 2))
    maps[1] = 0.1
    got = relate_maps(maps)
    assert np.isnan(got[1]).all()
    assert np.isnan(got[:, 1]).all()
    assert np.isfinite(got[np.ix_([0, 2], [0, 2])]).all()
    assert np.isnan(compare_maps(maps, maps[::-1])[1])
    assert np.isnan(relate_maps(np.where(np.arange(4).reshape(2, 2) == 0, np.nan, maps))).all()


def test_maps_are_compared_attribute_by_attribute():
    rng = np.random.default_rng(2)
    maps, others = rng.normal(size=(3, 4, 4)), rng.normal(size=(3, 4, 4))
    expected = [pearson(a.ravel(), b.ravel()) for a, b in zip(maps, others, strict=True)]
    assert compare_maps(maps, others) == pytest.approx(expected, abs=1e-12)
    assert compare_maps(maps, 2 * maps + 1) == pytest.approx([1, 1, 1])
