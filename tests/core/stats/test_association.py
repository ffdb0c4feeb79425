from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import ndtri
from scipy.stats import multivariate_normal

from mamviz.schema import BlockStatistics, Floats
from mamviz.stats.association import (
    LabelCounts,
    associate_labels,
    count_labels,
    empty_cells,
    phi_correlations,
    tetrachoric_correlations,
)
from mamviz.stats.moments import merge, select_blocks
from mamviz.stats.replicates import bootstrap_weights
from tests.core.stats.raw import ATTRIBUTES, fill, make_raw, pearson

SEEDS = st.integers(0, 2**32 - 1)


def counts_of(labels: object) -> LabelCounts:
    table = np.asarray(labels, dtype=np.float64)
    return LabelCounts(n=np.asarray(float(len(table))), both=table.T @ table)


def counts_of_cells(both: float, first: float, second: float, neither: float) -> LabelCounts:
    n = both + first + second + neither
    return LabelCounts(n=np.asarray(n), both=np.array([[both + first, both], [both, both + second]]))


def draw_labels(seed: int, *, n: int = 300, k: int = 5) -> Floats:
    """Correlated 0/1 labels of different rates; none is constant."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, k)) @ rng.normal(size=(k, k)) + rng.normal(size=k)
    labels = (latent > 0).astype(np.float64)
    labels[0], labels[1] = 0, 1
    return labels


def slow_tetrachoric(counts: LabelCounts) -> float:
    """Maximise the multinomial likelihood of one 2 x 2 table over r."""
    n, both, rates = float(counts.n), counts.both[0, 1], counts.positives / counts.n
    table = np.array([both, counts.positives[0] - both, counts.positives[1] - both])
    table = np.append(table, n - table.sum())
    cuts = ndtri(rates)

    def loss(r: float) -> float:
        joint = float(multivariate_normal.cdf(cuts, cov=[[1, r], [r, 1]]))
        cells = np.array([joint, rates[0] - joint, rates[1] - joint, 1 - rates.sum() + joint])
        return -float(table @ np.log(np.maximum(cells, 1e-300)))

    return float(minimize_scalar(loss, bounds=(-0.9999, 0.9999), method="bounded", options={"xatol": 1e-9}).x)


@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_phi_agrees_with_numpy_and_with_the_formula(seed: int) -> None:
    labels = draw_labels(seed)
    phi = phi_correlations(counts_of(labels))
    np.testing.assert_allclose(phi, np.corrcoef(labels.T), atol=1e-12)
    assert phi[0, 3] == pytest.approx(pearson(labels[:, 0], labels[:, 3]), abs=1e-12)
    np.testing.assert_array_equal(np.diag(phi), 1.0)


@pytest.mark.parametrize(
    "cells", [(40, 10, 20, 130), (3, 90, 7, 100), (1, 50, 60, 1), (700, 1, 2, 9), (25, 25, 25, 25)]
)
def test_tetrachoric_maximises_the_likelihood_of_its_table(cells: tuple[float, ...]) -> None:
    """1e-4: a likelihood is flat at its top, and scipy's integral is exact to 1e-8."""
    counts = counts_of_cells(*cells)
    r = tetrachoric_correlations(counts)
    assert r[0, 1] == pytest.approx(slow_tetrachoric(counts), abs=1e-4)
    np.testing.assert_array_equal(r, r.T)
    np.testing.assert_array_equal(np.diag(r), 1.0)


@pytest.mark.parametrize("r", [-0.8, 0.0, 0.6, 0.95])
def test_tetrachoric_finds_the_correlation_of_the_normals_that_were_cut(r: float) -> None:
    normals = np.random.default_rng(5).multivariate_normal([0, 0], [[1, r], [r, 1]], size=200_000)
    found = tetrachoric_correlations(counts_of(normals > [0.3, 1.0]))[0, 1]
    assert found == pytest.approx(r, abs=0.015)  # three standard errors of the least certain


def test_tetrachoric_of_even_labels_has_a_closed_form() -> None:
    found = tetrachoric_correlations(counts_of_cells(40, 10, 10, 40))[0, 1]
    assert found == pytest.approx(np.sin(2 * np.pi * (0.4 - 0.25)), abs=1e-12)


def test_an_empty_cell_counts_half_an_image_and_the_rates_stay() -> None:
    """Algorithm AS 116: half an image goes to the empty cell and the one opposite, and leaves the other two."""
    for empty, halved in (
        ((0, 30, 20, 150), (0.5, 29.5, 19.5, 150.5)),
        ((30, 0, 150, 20), (29.5, 0.5, 150.5, 19.5)),
        ((30, 150, 0, 20), (29.5, 150.5, 0.5, 19.5)),
        ((150, 30, 20, 0), (150.5, 29.5, 19.5, 0.5)),
    ):
        found, expected = (tetrachoric_correlations(counts_of_cells(*each))[0, 1] for each in (empty, halved))
        assert found == pytest.approx(expected, abs=1e-12)
        assert 0.2 < abs(found) < 1
        assert empty_cells(counts_of_cells(*empty)).tolist() == [[False, True], [True, False]]
        assert not empty_cells(counts_of_cells(*halved)).any()


def test_an_empty_cell_beside_less_than_one_image_takes_half_of_it() -> None:
    """Real weights leave shares of an image: no cell may fall below none."""
    found, expected = (
        tetrachoric_correlations(counts_of_cells(*cells))[0, 1]
        for cells in ((0, 0.6, 20, 150), (0.3, 0.3, 19.7, 150.3))
    )
    assert found == pytest.approx(expected, abs=1e-12)


def test_more_images_make_an_empty_cell_a_stronger_sign() -> None:
    few, many = (tetrachoric_correlations(counts_of_cells(0, 3 * m, 2 * m, 15 * m))[0, 1] for m in (10, 1000))
    assert -1 < many < few < 0


def test_a_label_that_repeats_or_mirrors_another_is_exactly_one_or_minus_one() -> None:
    first = np.array([0, 1, 1, 0, 0, 0])
    found = tetrachoric_correlations(counts_of(np.stack([first, first, 1 - first], axis=1)))
    np.testing.assert_array_equal(found, [[1, 1, -1], [1, 1, -1], [-1, -1, 1]])


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_signs_of_phi_and_tetrachoric_agree_and_mirroring_a_label_turns_both(seed: int) -> None:
    """Neither depends on the order of images or labels."""
    labels = draw_labels(seed)
    mirrored = np.column_stack([1 - labels[:, 0], labels[:, 1:]])
    for measure in (phi_correlations, tetrachoric_correlations):
        values, turned = measure(counts_of(labels)), measure(counts_of(mirrored))
        np.testing.assert_allclose(turned[0, 1:], -values[0, 1:], atol=1e-9)
        np.testing.assert_allclose(turned[1:, 1:], values[1:, 1:], atol=1e-9)
        backwards = measure(counts_of(labels[::-1, ::-1]))
        np.testing.assert_allclose(backwards[::-1, ::-1], values, atol=1e-9)
    phi, tetrachoric = (measure(counts_of(labels)) for measure in (phi_correlations, tetrachoric_correlations))
    clear = np.abs(phi) > 1e-9
    assert (np.sign(phi) == np.sign(tetrachoric))[clear & ~empty_cells(counts_of(labels))].all()


@pytest.mark.parametrize("measure", [phi_correlations, tetrachoric_correlations])
def test_constant_labels_are_nan_and_leave_the_others_alone(measure) -> None:
    labels = draw_labels(1)
    labels[:, 1], labels[:, 3] = 0, 1
    values = measure(counts_of(labels))
    kept = [0, 2, 4]
    assert np.isnan(values[[1, 3]]).all()
    assert np.isnan(values[:, [1, 3]]).all()
    np.testing.assert_allclose(values[np.ix_(kept, kept)], measure(counts_of(labels[:, kept])))
    assert np.isnan(measure(counts_of(np.ones((1, 2))))).all()
    assert np.isnan(measure(counts_of(np.empty((0, 2))))).all()


@pytest.fixture(scope="module")
def stats() -> BlockStatistics:
    return fill(make_raw(0))


@pytest.mark.parametrize("measure", [phi_correlations, tetrachoric_correlations, empty_cells])
def test_replicates_are_the_tables_of_their_blocks(stats: BlockStatistics, measure) -> None:
    weights = bootstrap_weights(stats.n_blocks, 5, np.random.default_rng(1))
    drawn = measure(count_labels(stats, weights))
    for row, found in zip(weights, drawn, strict=True):
        chosen = select_blocks(stats, np.repeat(np.arange(stats.n_blocks), row.astype(int)))
        np.testing.assert_allclose(found, measure(count_labels(chosen)), atol=1e-10)


def test_real_weights_leave_no_cell_nearly_empty() -> None:
    """Two blocks that cancel but for rounding: a cell of 1e-16 images is an empty one."""
    labels = np.array([[1, 0], [0, 1], [1, 0], [0, 0]])
    whole = counts_of(labels)
    rounded = LabelCounts(n=whole.n, both=whole.both + 1e-13 * np.array([[0, 1], [1, 0]]))
    np.testing.assert_array_equal(empty_cells(rounded), empty_cells(whole))
    np.testing.assert_allclose(tetrachoric_correlations(rounded), tetrachoric_correlations(whole), atol=1e-9)


def test_the_record_is_that_of_the_raw_labels_however_images_are_divided() -> None:
    raw = make_raw(3)
    found = associate_labels(fill(raw))
    counts = counts_of(raw.labels)
    assert found.names == ATTRIBUTES
    assert found.n_images == 60
    np.testing.assert_allclose(found.phi, np.corrcoef(raw.labels.T), atol=1e-12)
    np.testing.assert_allclose(found.tetrachoric, tetrachoric_correlations(counts), atol=1e-10)
    np.testing.assert_array_equal(found.empty_cells, empty_cells(counts))
    parts = associate_labels(merge([fill(raw, rows=range(25)), fill(raw, rows=range(25, 60))]))
    for name in ("phi", "tetrachoric", "partial"):
        np.testing.assert_allclose(getattr(parts, name), getattr(found, name), atol=1e-10)


def test_partial_correlations_of_labels_hold_the_others_fixed() -> None:
    raw = make_raw(4)
    design = np.column_stack([np.ones(60), raw.labels[:, 2:]])
    left = [y - design @ np.linalg.lstsq(design, y, rcond=None)[0] for y in raw.labels[:, :2].T]
    found = associate_labels(fill(raw))
    assert found.ridge == 0
    assert found.partial[0, 1] == pytest.approx(pearson(*left), abs=1e-10)


def test_constant_labels_are_named() -> None:
    raw = make_raw(5)
    raw.labels[:, 2] = 0
    assert associate_labels(fill(raw)).undefined == ("Goatee",)
