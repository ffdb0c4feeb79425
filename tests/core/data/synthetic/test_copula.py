import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from mamviz.data.synthetic.copula import (
    Copula,
    Target,
    calibrate,
    correlate_labels,
    latent_of_phi,
    nearest_correlation,
    phi_of_latent,
)


@pytest.mark.parametrize("latent", [-0.95, -0.4, 0.0, 0.3, 0.97])
def test_phi_agrees_with_the_bivariate_normal_of_scipy(latent):
    rates = np.array([0.04, 0.6])
    thresholds = norm.isf(rates)
    both = multivariate_normal([0, 0], [[1, latent], [latent, 1]]).cdf(-thresholds)
    expected = (both - rates.prod()) / np.sqrt((rates * (1 - rates)).prod())
    matrix = np.array([[0.0, latent], [latent, 0.0]])
    assert phi_of_latent(matrix, thresholds)[0, 1] == pytest.approx(expected, abs=2e-5)


def test_the_latent_correlation_gives_back_the_phi():
    rates = np.array([0.5, 0.1, 0.3])
    phi = np.array([[1, 0.2, -0.1], [0.2, 1, 0.3], [-0.1, 0.3, 1]])
    latent = latent_of_phi(phi, rates)
    found = phi_of_latent(latent - np.eye(3), norm.isf(rates))
    np.testing.assert_allclose(found[~np.eye(3, dtype=bool)], phi[~np.eye(3, dtype=bool)], atol=1e-7)


def test_a_valid_correlation_matrix_is_its_own_nearest():
    valid = np.array([[1, 0.5, 0.2], [0.5, 1, 0.1], [0.2, 0.1, 1]])
    np.testing.assert_allclose(nearest_correlation(valid), valid, atol=1e-12)


def test_the_nearest_matrix_is_positive_and_close():
    """Higham 2002, section 4: the nearest to this one is [1, 0.7607, 0.1573; 0.7607, 1, 0.7607; ...]."""
    broken = np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]])
    fixed = nearest_correlation(broken, smallest=1e-6)
    assert np.linalg.eigvalsh(fixed).min() > 0
    np.testing.assert_allclose(fixed, [[1, 0.7607, 0.1573], [0.7607, 1, 0.7607], [0.1573, 0.7607, 1]], atol=2e-3)


def test_phi_agrees_with_numpy_and_is_zero_for_a_constant():
    labels = np.random.default_rng(0).random((300, 4)) < [0.2, 0.5, 0.7, 2.0]
    found = correlate_labels(labels)
    np.testing.assert_allclose(found[:3, :3], np.corrcoef(labels[:, :3].T), atol=1e-12)
    assert (found[3] == 0).all()


def test_latent_values_do_not_depend_on_the_number_of_rows():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(40, 40))
    copula = Copula(np.linalg.cholesky(nearest_correlation(np.corrcoef(root))), np.zeros(40))
    normals = rng.normal(size=(100, 40))
    whole = copula.excess(normals)
    np.testing.assert_array_equal(np.concatenate([copula.excess(normals[i : i + 1]) for i in range(100)]), whole)
    np.testing.assert_allclose(whole, normals @ copula.factor.T, atol=1e-12)


def test_calibration_makes_up_for_what_logic_takes():
    def first_excludes_second(excess):
        labels = excess > 0
        labels[:, 1] &= ~labels[:, 0]
        return labels

    phi = np.eye(3)
    phi[0, 2] = phi[2, 0] = 0.3
    free = np.array([[False, False, True], [False, False, True], [True, True, False]])
    normals = np.random.default_rng(0).normal(size=(20_000, 3))
    copula = calibrate(Target(np.array([0.3, 0.4, 0.5]), phi, free), first_excludes_second, normals)
    labels = first_excludes_second(copula.excess(normals))
    np.testing.assert_allclose(labels.mean(axis=0), [0.3, 0.4, 0.5], atol=0.002)
    found = correlate_labels(labels)
    assert found[0, 2] == pytest.approx(0.3, abs=0.01)
    assert found[1, 2] == pytest.approx(0.0, abs=0.01)
