from __future__ import annotations

from pathlib import Path

import pytest

from mamviz.store.masks import read_images


def test_without_names_a_few_test_images_are_shown(small) -> None:
    shown = small("show", "few-1", "--n-channels", "1", "--json").json
    # of six persons in a row the last two are test images, two images each
    assert [image["name"] for image in shown["images"]] == ["000009.jpg", "000010.jpg", "000011.jpg"]
    assert len(shown["images"][0]["logits"]) == 4
    assert len(shown["channels"]) == 1
    assert [Path(file).name for file in shown["files"]] == ["masks.png", "masks.svg"]
    assert all(Path(file).stat().st_size > 1000 for file in shown["files"])


def test_logits_are_those_of_the_masks_file(small) -> None:
    small("extract-masks", "few-1")
    images = read_images(small.runs / "few-1" / "masks.h5")
    chosen = ("--image", "000009.jpg", "--attribute", "Male", "--attribute", "Young", "--channel", "1")
    shown = small("show", "few-1", *chosen, "--json").json
    (image,) = shown["images"]
    row = images.names.index("000009.jpg")
    # float32 sums over a batch of another size
    assert image["logits"]["Male"] == pytest.approx(images.logits[row, 1], abs=1e-4)
    assert image["labels"] == {"Male": int(images.labels[row, 1]), "Young": int(images.labels[row, 2])}
    assert shown["channels"] == [1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--image", "000009.png"), "Did you mean 000009.jpg"),
        (("--attribute", "Mail"), "Male"),
        (("--channel", "8"), "expected 0 to 7, got 8"),
    ],
)
def test_what_is_not_there_is_named(small, arguments: tuple[str, ...], words: str) -> None:
    assert words in small.fails_later("show", "few-1", *arguments)
