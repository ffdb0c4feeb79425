from __future__ import annotations

import numpy as np
import pytest

from mamviz.errors import StatisticsError
from mamviz.schema import Choices, Floats, NullMaps, NullSums
from mamviz.stats.permutations import correlate_shuffled, correlate_swapped, draw_swaps
from tests.core.stats.raw import pearson, seen

CHOICES = Choices(map="mask", estimand="adjusted", sign="absolute", view="spatial")


def make_maps(seed: int = 0, n_shuffles: int = 6) -> NullMaps:
    """Maps of noise of 4 attributes, 3 channels on 2 x 3 cells."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> Floats:
        return rng.normal(size=(*shape, 3, 2, 3))

    def sums() -> NullSums:
        return NullSums(
            mean=draw(4),
            contrast=draw(n_shuffles, 4),
            adjusted=draw(n_shuffles, 4),
            swapped_contrast=draw(4, 4),
            swapped_adjusted=draw(4, 4),
        )

    return NullMaps(attributes=("A", "B", "C", "D"), n_images=10, mask=sums(), evidence=sums())


def by_loops(maps: Floats, choices: Choices) -> Floats:
    rows = seen(np.abs(maps) if choices.sign == "absolute" else maps, choices.view)
    return np.array([[pearson(first, second) for second in rows] for first in rows])


@pytest.mark.parametrize("estimand", ["contrast", "adjusted"])
@pytest.mark.parametrize("which", ["mask", "evidence"])
def test_shuffled_tables_equal_loops(estimand: str, which: str) -> None:
    maps = make_maps()
    choices = Choices(map=which, estimand=estimand, sign="absolute", view="spatial")  # type: ignore[arg-type]
    found = correlate_shuffled(maps, choices)
    sums = maps.mask if which == "mask" else maps.evidence
    chosen = sums.contrast if estimand == "contrast" else sums.adjusted
    np.testing.assert_allclose(found, [by_loops(each, choices) for each in chosen], atol=1e-10)


@pytest.mark.parametrize("estimand", ["contrast", "adjusted"])
def test_swapped_tables_equal_loops(estimand: str) -> None:
    maps = make_maps()
    choices = Choices(map="evidence", estimand=estimand, sign="signed", view="full")  # type: ignore[arg-type]
    found = correlate_swapped(maps, choices, n_replicates=7, generator=np.random.default_rng(1))
    swaps = draw_swaps(4, 7, generator=np.random.default_rng(1))
    chosen = maps.evidence.swapped_contrast if estimand == "contrast" else maps.evidence.swapped_adjusted
    for values, swap in zip(found, swaps, strict=True):
        expected = np.stack([chosen[k, swap[k]] for k in range(4)])
        np.testing.assert_allclose(values, by_loops(expected, choices), atol=1e-10)


def test_tables_do_not_depend_on_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = correlate_swapped(make_maps(), CHOICES, n_replicates=9, generator=np.random.default_rng(0))
    monkeypatch.setattr("mamviz.stats.permutations.CHUNK_CELLS", 150)
    parts = correlate_swapped(make_maps(), CHOICES, n_replicates=9, generator=np.random.default_rng(0))
    np.testing.assert_allclose(parts, whole, atol=1e-12)


def test_between_channels_the_roles_change() -> None:
    maps = make_maps()
    found = correlate_shuffled(maps, Choices(map="mask", sign="signed", view="full"), axis="channel")
    for values, each in zip(found, maps.mask.adjusted, strict=True):
        rows = each.swapaxes(0, 1).reshape(3, -1)
        np.testing.assert_allclose(values, np.corrcoef(rows), atol=1e-10)


def test_swaps_leave_nothing_in_its_place_and_are_equally_likely() -> None:
    """Four things have nine such swaps: 9,000 draws, five standard errors are 149."""
    swaps = draw_swaps(4, 9000, generator=np.random.default_rng(0))
    assert not (swaps == np.arange(4)).any()
    np.testing.assert_array_equal(np.sort(swaps, axis=1), np.tile(np.arange(4), (9000, 1)))
    _, counts = np.unique(swaps, axis=0, return_counts=True)
    assert len(counts) == 9
    assert np.abs(counts - 1000).max() < 149


def test_one_attribute_and_tables_without_labels_are_refused() -> None:
    with pytest.raises(StatisticsError, match="two attributes"):
        draw_swaps(1, 3, generator=np.random.default_rng(0))
    for estimand in ("mean", "image", "across"):
        choices = Choices(map="mask", sign="signed", estimand=estimand)  # type: ignore[arg-type]
        with pytest.raises(StatisticsError, match="random weights"):
            correlate_shuffled(make_maps(), choices)
        with pytest.raises(StatisticsError, match="random weights"):
            correlate_swapped(make_maps(), choices, generator=np.random.default_rng(0))
