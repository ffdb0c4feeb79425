from __future__ import annotations

import numpy as np
import pytest

from mamviz.data.dataset import ImageData
from mamviz.extraction.examples import (
    choose_attributes,
    choose_images,
    evidence_limit,
    mean_mask_limits,
    name_rarest,
)
from mamviz.schema import ImageMasks


@pytest.fixture
def data() -> ImageData:
    labels = np.array([[1, 0, 1, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0]], np.uint8)
    return ImageData(
        images=np.zeros((4, 16, 16, 3), np.uint8),
        names=("a", "b", "c", "d"),
        attributes=("always", "rare", "often", "never"),
        labels=labels,
        split=np.array([0, 2, 2, 2], np.int8),
        identity=None,
        fingerprint="f",
        skipped=(),
        description="four",
    )


def test_the_first_test_images_are_shown(data: ImageData) -> None:
    assert choose_images(data, n_images=2) == ("b", "c")


def test_without_test_images_the_first_ones_are(data: ImageData) -> None:
    from dataclasses import replace

    assert choose_images(replace(data, split=np.zeros(4, np.int8)), n_images=2) == ("a", "b")


def test_attributes_that_tell_the_images_apart_come_first_the_rarest_before(data: ImageData) -> None:
    assert choose_attributes(data, ("b", "c", "d"), n_attributes=4) == ("rare", "often", "always", "never")
    assert choose_attributes(data, ("a", "b"), n_attributes=2) == ("often", "always")


def test_each_image_is_labelled_by_its_rarest_attributes(data: ImageData) -> None:
    rarest = name_rarest(data.labels, data.attributes, most=1)
    assert rarest == (("often",), ("always",), ("rare",), ("often",))


def test_the_scale_ends_at_the_largest_evidence_of_a_cell() -> None:
    def image(evidence: np.ndarray) -> ImageMasks:
        return ImageMasks(
            name="a",
            image=np.zeros((16, 16, 3), np.uint8),
            attributes=("x",),
            masks=evidence,
            evidence=evidence,
            channels=(0,),
            labels=np.zeros(1, np.uint8),
            logits=np.zeros(1),
        )

    summed = np.array([[[[1.0, -2.0]], [[0.5, -3.0]]]])  # (1, 2, 1, 2): cells add up to 1.5 and -5
    assert evidence_limit([image(0.1 * summed), image(summed)]) == 5.0
    assert evidence_limit([image(0 * summed)]) == 1.0


def test_mean_masks_run_from_their_lowest_cell_to_their_highest() -> None:
    """Means over two channels: 0.25 and 0.5 in one image, 0.375 and 0.75 in the other."""
    masks = np.array([[[[0.0, 0.25]], [[0.5, 0.75]]]])  # (attribute, channel, height, width)

    def image(values: np.ndarray) -> ImageMasks:
        return ImageMasks(
            name="a",
            image=np.zeros((4, 4, 3), np.uint8),
            attributes=("A",),
            masks=values,
            evidence=values,
            channels=(0,),
            labels=np.array([1], np.uint8),
            logits=np.array([0.0]),
        )

    assert mean_mask_limits([image(masks), image(1.5 * masks)]) == (0.25, 0.75)
    assert mean_mask_limits([image(np.full((1, 2, 1, 2), 0.5))]) == (0.0, 1.0)
