from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mamviz.data.batches import to_tensor
from mamviz.data.dataset import ImageData
from mamviz.errors import DataError
from mamviz.extraction.nulls import shuffled_maps
from mamviz.models.network import MaskNetwork
from mamviz.schema import Choices, Floats, NullMaps
from mamviz.stats.correlation import dataset_maps
from mamviz.stats.moments import adjusted_weights
from mamviz.stats.nulls import null_correlations
from mamviz.stats.permutations import correlate_shuffled
from tests.core.made import make_data
from tests.core.models.stirred import SMALL, stirred_network
from tests.core.stats.raw import Raw, fill

INDICES = np.arange(3, 90)


@pytest.fixture(scope="module")
def data() -> ImageData:
    return make_data(100, size=16)


@pytest.fixture(scope="module")
def network() -> MaskNetwork:
    return stirred_network(SMALL, n_attributes=4, size=16)


def run(network: MaskNetwork, data: ImageData, **options: int) -> NullMaps:
    return shuffled_maps(
        network,
        data,
        INDICES,
        **{"n_shuffles": 3, **options},
        generator=np.random.default_rng(0),  # type: ignore[arg-type]
    )


def explain(network: MaskNetwork, data: ImageData, indices: Floats) -> tuple[Floats, Floats]:
    with torch.inference_mode():
        masks = network.explain(to_tensor(data.images[indices]))
    return masks.masks.double().numpy(), masks.evidence.double().numpy()


def test_shuffled_maps_equal_a_loop_over_images(network: MaskNetwork, data: ImageData) -> None:
    found = run(network, data)
    labels = data.labels[INDICES].astype(float)
    generator = np.random.default_rng(0)
    for shuffle in range(3):
        moved = labels[generator.permutation(len(labels))]
        weights = adjusted_weights(moved).values
        for maps, sums in zip(explain(network, data, INDICES), (found.mask, found.evidence), strict=True):
            for k in range(4):
                has = moved[:, k] == 1
                contrast = maps[has, k].mean(axis=0) - maps[~has, k].mean(axis=0)
                adjusted = sum(weight * image for weight, image in zip(weights[:, k], maps[:, k], strict=True))
                np.testing.assert_allclose(sums.contrast[shuffle, k], contrast, atol=1e-9)
                np.testing.assert_allclose(sums.adjusted[shuffle, k], adjusted, atol=1e-9)


def test_swapped_maps_weigh_one_attributes_masks_with_anothers_labels(network: MaskNetwork, data: ImageData) -> None:
    found = run(network, data)
    labels = data.labels[INDICES].astype(float)
    weights = adjusted_weights(labels).values
    for maps, sums in zip(explain(network, data, INDICES), (found.mask, found.evidence), strict=True):
        np.testing.assert_allclose(sums.mean, maps.mean(axis=0), atol=1e-9)
        for k in range(4):
            has = labels[:, k] == 1
            for other in range(4):
                contrast = maps[has, other].mean(axis=0) - maps[~has, other].mean(axis=0)
                adjusted = np.einsum("n,nchw->chw", weights[:, k], maps[:, other])
                np.testing.assert_allclose(sums.swapped_contrast[k, other], contrast, atol=1e-9)
                np.testing.assert_allclose(sums.swapped_adjusted[k, other], adjusted, atol=1e-9)


def test_an_attribute_with_its_own_labels_has_the_map_of_the_block_statistics(
    network: MaskNetwork, data: ImageData
) -> None:
    masks, _ = explain(network, data, INDICES)
    raw = Raw(masks, masks[:, 0], np.ones((4, 6)), data.labels[INDICES].astype(float), np.arange(len(INDICES)) % 12)
    found = run(network, data)
    for estimand, swapped in (("contrast", found.mask.swapped_contrast), ("adjusted", found.mask.swapped_adjusted)):
        choices = Choices(map="mask", estimand=estimand, sign="signed", view="full")  # type: ignore[arg-type]
        expected = dataset_maps(fill(raw, n_blocks=12), choices)
        np.testing.assert_allclose(swapped[range(4), range(4)], expected, atol=1e-9)


@pytest.mark.parametrize("batch_size", [1, 7, 200])
def test_maps_do_not_depend_on_the_batch_size(network: MaskNetwork, data: ImageData, batch_size: int) -> None:
    """Batches change the order in which the network's convolutions add up: float32."""
    for first, second in zip(
        (run(network, data).mask, run(network, data).evidence),
        ((other := run(network, data, batch_size=batch_size)).mask, other.evidence),
        strict=True,
    ):
        for name in ("mean", "contrast", "adjusted", "swapped_contrast", "swapped_adjusted"):
            expected = getattr(first, name)
            np.testing.assert_allclose(getattr(second, name), expected, rtol=0, atol=3e-5 * np.abs(expected).max())


def test_pieces_of_a_batch_add_up(network: MaskNetwork, data: ImageData, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(network, data)
    monkeypatch.setattr("mamviz.extraction.nulls.CELLS_AT_A_TIME", 300)
    np.testing.assert_allclose(run(network, data).mask.adjusted, whole.mask.adjusted, atol=1e-12)


def test_a_constant_label_has_no_maps_and_no_shuffles_are_no_maps(network: MaskNetwork, data: ImageData) -> None:
    alike = np.flatnonzero(data.labels[:, 1] == 1)
    found = shuffled_maps(network, data, alike, n_shuffles=2, generator=np.random.default_rng(0))
    for maps in (found.mask.contrast, found.mask.adjusted, found.mask.swapped_contrast.swapaxes(0, 1)):
        assert np.isnan(maps[:, 1]).all()
        assert np.isfinite(maps[:, 0]).all()
    none = shuffled_maps(network, data, INDICES, n_shuffles=0, generator=np.random.default_rng(0))
    assert none.mask.contrast.shape == (0, 4, 6, 2, 2)
    # products of other shapes add up in another order on some processors: float64
    np.testing.assert_allclose(none.mask.swapped_adjusted, run(network, data).mask.swapped_adjusted, atol=1e-12)


def test_progress_counts_images_and_one_image_is_refused(network: MaskNetwork, data: ImageData) -> None:
    seen: list[tuple[int, int]] = []
    shuffled_maps(
        network,
        data,
        INDICES,
        n_shuffles=1,
        generator=np.random.default_rng(0),
        progress=lambda done, total, note="": seen.append((done, total)),
    )
    assert seen == [(64, 87), (87, 87)]
    with pytest.raises(DataError, match="two images"):
        shuffled_maps(network, data, INDICES[:1], n_shuffles=1, generator=np.random.default_rng(0))


def test_nulls_from_blocks_are_those_of_really_shuffled_labels_of_a_network() -> None:
    """A network whose masks follow the labels, 1,500 images in 64 blocks: mean and spread of z of all six pairs.

    64 blocks know the spread of one pair to about 12 %, and 200 shuffles to 5 %.
    """
    data = make_data(1500, size=16, seed=3)
    network = stirred_network(SMALL, n_attributes=4, size=16, seed=5)
    indices = np.arange(1500)
    real = shuffled_maps(network, data, indices, n_shuffles=200, generator=np.random.default_rng(0))
    masks, _ = explain(network, data, indices)
    raw = Raw(masks, np.ones((1500, *masks.shape[2:])), np.ones((4, 6)), data.labels.astype(float), data.blocks(64))
    stats = replace(fill(raw, n_blocks=64), attributes=data.attributes)
    pairs = np.triu_indices(4, k=1)
    for estimand, sign, view in (
        ("adjusted", "signed", "full"),
        ("contrast", "signed", "full"),
        ("adjusted", "absolute", "full"),
    ):
        choices = Choices(map="mask", estimand=estimand, sign=sign, view=view)  # type: ignore[arg-type]
        shuffled = np.arctanh(correlate_shuffled(real, choices)[:, pairs[0], pairs[1]])
        drawn = null_correlations(stats, choices, n_replicates=200, generator=np.random.default_rng(0))
        drawn = np.arctanh(drawn[:, pairs[0], pairs[1]])
        np.testing.assert_allclose(drawn.mean(axis=0), shuffled.mean(axis=0), atol=0.15)
        ratio = drawn.std(axis=0) / shuffled.std(axis=0)
        np.testing.assert_allclose(ratio, 1, atol=0.35)
        assert abs(ratio.mean() - 1) < 0.12
