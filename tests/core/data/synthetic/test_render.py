import numpy as np
import pytest
import torch

from mamviz.data.synthetic.labels import ATTRIBUTES, draw_labels
from mamviz.data.synthetic.render import draw_faces, draw_regions
from mamviz.errors import DataError

N = 64


@pytest.fixture(scope="module")
def labels():
    return (np.random.default_rng(0).random((N, 40)) < 0.4).astype(np.uint8)


@pytest.fixture(scope="module")
def faces(labels):
    return draw_faces(labels, np.arange(N), size=32, seed=3)


@pytest.fixture(scope="module")
def regions():
    typical = draw_labels(24, seed=0)
    return typical, draw_regions(typical, np.arange(24), size=64, seed=3)


@pytest.mark.parametrize("batch", [1, 7])
def test_an_image_is_the_same_to_the_bit_in_any_batch(labels, faces, batch):
    parts = [
        draw_faces(labels[i : i + batch], np.arange(N)[i : i + batch], size=32, seed=3) for i in range(0, N, batch)
    ]
    assert torch.equal(torch.cat(parts), faces)


@pytest.mark.parametrize("size", [33, 65])
def test_odd_sizes_are_the_same_to_the_bit_too(labels, size):
    whole = draw_faces(labels[:20], np.arange(20), size=size, seed=3)
    assert whole.shape == (20, size, size, 3)
    for i in (0, 7, 19):
        assert torch.equal(draw_faces(labels[i : i + 1], np.array([i]), size=size, seed=3)[0], whole[i])


def test_threads_do_not_change_a_bit(labels):
    before = torch.get_num_threads()
    pictures = []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            pictures.append(draw_faces(labels[:9], np.arange(9), size=64, seed=3))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*pictures)


def test_index_and_seed_change_the_person(labels, faces):
    shifted = draw_faces(labels[:4], np.arange(4) + 1000, size=32, seed=3).float()
    reseeded = draw_faces(labels[:4], np.arange(4), size=32, seed=4).float()
    for other in (shifted, reseeded):
        assert ((other - faces[:4].float()).abs().mean(dim=(1, 2, 3)) > 5).all()


def test_a_face_is_the_same_at_every_size():
    typical = draw_labels(6, seed=0)
    typical[:, ATTRIBUTES.index("Blurry")] = 0
    small = draw_faces(typical, np.arange(6), size=32, seed=3).float()
    large = draw_faces(typical, np.arange(6), size=128, seed=3).float()
    shrunk = large.view(6, 32, 4, 32, 4, 3).mean(dim=(2, 4))
    assert (small - shrunk).abs().mean() < 8  # of 255: noise and fine lines


def test_no_images_give_no_pictures():
    assert draw_faces(np.zeros((0, 40), np.uint8), np.zeros(0, np.int64), size=32, seed=0).shape == (0, 32, 32, 3)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_each_attribute_can_be_seen_in_most_faces(regions, attribute):
    _, found = regions
    seen = found[:, ATTRIBUTES.index(attribute)].flatten(1).sum(dim=1) >= 2
    assert seen.float().mean() > 0.85


PLACES = {
    "Smiling": (0.60, 0.85), "Wearing_Lipstick": (0.60, 0.85), "Mustache": (0.58, 0.75), "Goatee": (0.66, 0.90),
    "Eyeglasses": (0.35, 0.65), "Narrow_Eyes": (0.36, 0.62), "Heavy_Makeup": (0.33, 0.58),
    "Bushy_Eyebrows": (0.30, 0.52),
    "Wearing_Hat": (0.0, 0.48), "Wearing_Necktie": (0.78, 1.0), "Wearing_Necklace": (0.75, 1.0), "Bangs": (0.15, 0.48),
}  # fmt: skip


@pytest.mark.parametrize("attribute", PLACES)
def test_a_region_lies_where_the_attribute_is(regions, attribute):
    _, found = regions
    rows = found[:, ATTRIBUTES.index(attribute)].any(dim=2).any(dim=0).nonzero() / 64
    low, high = PLACES[attribute]
    assert low <= rows.min()
    assert rows.max() <= high


def test_a_region_is_what_switching_one_label_changes(regions):
    """The slow way: draw both pictures whole, and compare."""
    typical, found = regions
    for attribute in ("Eyeglasses", "Male", "Chubby", "Smiling"):
        k = ATTRIBUTES.index(attribute)
        on, off = typical.copy(), typical.copy()
        on[:, k], off[:, k] = 1, 0
        for rows in (on, off):
            rows[:, ATTRIBUTES.index("Blurry")] = 0
        a = draw_faces(on, np.arange(24), size=64, seed=3).float()
        b = draw_faces(off, np.arange(24), size=64, seed=3).float()
        changed = (a - b).abs().amax(dim=-1) > 0.03 * 255
        # The noise is the same in both pictures; rounding to bytes and clipping move the border of a region.
        assert (changed != found[:, k]).float().mean() < 0.01
        assert changed.any()


def test_a_hair_colour_replaces_the_one_before():
    labels = np.zeros((1, 40), np.uint8)
    labels[0, ATTRIBUTES.index("Gray_Hair")] = 1
    found = draw_regions(labels, np.array([0]), size=32, seed=0)[0]
    black, gray = (found[ATTRIBUTES.index(name)] for name in ("Black_Hair", "Gray_Hair"))
    assert black.sum() > 50
    assert (black & gray).sum() > 0.8 * black.sum()


def test_what_can_not_be_seen_has_an_empty_region():
    labels = np.zeros((1, 40), np.uint8)
    labels[0, ATTRIBUTES.index("Bald")] = 1
    found = draw_regions(labels, np.array([0]), size=32, seed=0)[0]
    for name in ("Black_Hair", "Wavy_Hair", "Bangs", "Receding_Hairline"):
        assert not found[ATTRIBUTES.index(name)].any()
    assert found[ATTRIBUTES.index("Bald")].sum() > 50


def test_any_combination_of_labels_is_drawn():
    everything = draw_faces(np.ones((2, 40), np.uint8), np.arange(2), size=48, seed=0)
    nothing = draw_faces(np.zeros((2, 40), np.uint8), np.arange(2), size=48, seed=0)
    assert (everything.float() - nothing.float()).abs().mean() > 5
    assert everything.float().std() > 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 16}, "size: expected 32 to 256"),
        ({"labels": np.zeros((2, 39), np.uint8)}, "expected 2 rows of 40"),
        ({"labels": np.full((2, 40), 2, np.uint8)}, "expected 0 or 1, got 2"),
        ({"indices": np.array([0, -1])}, "indices: expected 0 or more, got -1"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    given = {"labels": np.zeros((2, 40), np.uint8), "indices": np.arange(2), "size": 32, "seed": 0} | change
    with pytest.raises(DataError, match=message):
        draw_faces(given["labels"], given["indices"], size=given["size"], seed=given["seed"])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_draws_the_same_faces_but_for_rounding(labels, faces):
    there = draw_faces(labels, np.arange(N), size=32, seed=3, device="cuda").cpu()
    difference = (there.float() - faces.float()).abs()
    assert (difference > 1).float().mean() < 1e-3
