from __future__ import annotations

from dataclasses import fields, replace
from itertools import product

import numpy as np
import pytest

from mamviz.schema import CENTRINGS, VIEWS, BlockStatistics, BlockSums, Centring, Choices, Estimand, Sign, View
from mamviz.stats.correlation import correlate_attributes
from mamviz.validation.simulation import (
    Design,
    Population,
    block_statistics,
    draw_population,
    draw_statistics,
    true_correlations,
)
from tests.core.stats.raw import fill, make_raw

SMALL = Design(n_attributes=4, grid=(3, 3, 3), n_images=400, n_persons=150, n_blocks=20)
# Many images of as many persons, and little noise: estimates stand near the truth.
LARGE = replace(SMALL, grid=(6, 2, 2), n_images=20_000, n_persons=15_000, own=0.2, others=0.2)


def test_block_statistics_are_those_of_the_slow_loop() -> None:
    raw = make_raw(0)
    raw = replace(raw.reordered(np.argsort(raw.blocks, kind="stable").tolist()))
    found, expected = block_statistics(raw.mask, raw.labels, raw.blocks, n_blocks=7), fill(raw, n_blocks=7)
    for name in ("count", "positives", "weight_sum", "label_gram"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-10)
    others = ~np.eye(5, dtype=bool)
    for spec in fields(BlockSums):
        ours, theirs = (getattr(each.mask, spec.name) for each in (found, expected))
        if spec.name.startswith("image"):  # the r of a map with itself is not counted
            np.testing.assert_array_equal(ours[..., ~others], 0.0)
            ours, theirs = ours[..., others], theirs[..., others]
        np.testing.assert_allclose(ours, theirs, atol=1e-8)


@pytest.fixture(scope="module")
def large() -> Population:
    return draw_population(LARGE, np.random.default_rng(0))


@pytest.fixture(scope="module")
def drawn(large: Population) -> tuple[BlockStatistics, BlockStatistics]:
    """Two data sets, so that no lucky one passes."""
    first, second = (draw_statistics(large, np.random.default_rng(seed)) for seed in range(2))
    return first, second


@pytest.mark.parametrize("centring", CENTRINGS)
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("estimand", "sign"),
    [*product(("mean", "contrast", "adjusted"), ("signed", "absolute")), ("across", "signed")],
)
def test_many_images_show_the_true_correlations(
    large: Population,
    drawn: tuple[BlockStatistics, BlockStatistics],
    estimand: Estimand,
    sign: Sign,
    view: View,
    centring: Centring,
) -> None:
    choices = Choices(sign=sign, estimand=estimand, view=view, centring=centring)
    true = true_correlations(large, choices)
    for each in drawn:
        np.testing.assert_allclose(correlate_attributes(each, choices).values, true, atol=0.08)


def test_labels_have_the_rates_and_products_of_the_population(
    large: Population, drawn: tuple[BlockStatistics, BlockStatistics]
) -> None:
    """20,000 images of 15,000 persons: the standard error of a share is under 0.0045; four are allowed."""
    for stats in drawn:
        gram = stats.label_gram.sum(axis=0) / stats.n_images
        rates = large.classes @ large.rates
        np.testing.assert_allclose(np.diag(gram), rates, atol=0.018)
        together = sum(share * np.outer(rate, rate) for share, rate in zip(large.classes, large.rates, strict=True))
        others = ~np.eye(4, dtype=bool)
        np.testing.assert_allclose(gram[others], np.asarray(together)[others], atol=0.018)
        assert np.abs(gram - np.outer(rates, rates))[others].max() > 0.02  # labels are correlated


def test_images_of_a_person_are_alike_so_that_blocks_differ_more_than_images_alone_would_make_them() -> None:
    """Label sums of blocks of about 5 persons with 40 images each, beside those of as many strangers."""
    crowd = replace(SMALL, n_images=4000, n_persons=100, constancy=1.0)
    spread = []
    for design in (crowd, replace(crowd, constancy=0.0), replace(crowd, n_persons=40_000)):
        stats = draw_statistics(draw_population(design, np.random.default_rng(3)), np.random.default_rng(4))
        spread.append((stats.positives / stats.count[:, None]).std(axis=0).mean())
    assert spread[0] > 1.4 * spread[1]  # persons keep their labels; without, they still keep their class
    assert spread[1] > 1.4 * spread[2]


def test_one_seed_draws_one_data_set() -> None:
    population = draw_population(SMALL, np.random.default_rng(1))
    first, again, other = (draw_statistics(population, np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.mask.total, again.mask.total)
    assert not np.array_equal(first.mask.total, other.mask.total)
    assert first.n_images == 400
    assert first.n_blocks == 20
