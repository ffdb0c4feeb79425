import numpy as np
import pytest

from mamviz.data.synthetic.copula import correlate_labels
from mamviz.data.synthetic.labels import (
    ATTRIBUTES,
    draw_labels,
    free_pairs,
    published_correlations,
    published_rates,
)
from mamviz.errors import DataError

N = 40_000


@pytest.fixture(scope="module", params=[1.0, 0.0])
def drawn(request):
    return request.param, draw_labels(N, seed=5, label_correlation=request.param)


def test_names_stand_in_celeba_order():
    assert len(ATTRIBUTES) == 40
    assert ATTRIBUTES[:3] == ("5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive")
    assert ATTRIBUTES[20] == "Male"
    assert ATTRIBUTES[-1] == "Young"


def test_published_figures_are_those_of_celeba():
    assert published_rates()[ATTRIBUTES.index("Smiling")] == pytest.approx(0.482, abs=5e-4)
    phi = published_correlations()
    np.testing.assert_array_equal(phi, phi.T)
    assert phi[ATTRIBUTES.index("Male"), ATTRIBUTES.index("Wearing_Lipstick")] == pytest.approx(-0.79, abs=0.01)


def test_a_caller_can_not_change_the_published_figures():
    published_rates()[:] = 0
    assert published_rates().min() > 0.01


def test_rates_are_published_ones_at_every_dial(drawn):
    _, labels = drawn
    rates = published_rates()
    noise = np.sqrt(rates * (1 - rates) / N)
    assert (np.abs(labels.mean(axis=0) - rates) < 4 * noise + 0.002).all()


def test_correlations_of_free_pairs_are_the_asked_ones(drawn):
    dial, labels = drawn
    missed = np.abs(correlate_labels(labels > 0) - dial * published_correlations())[free_pairs()]
    assert missed.mean() < 0.010
    assert missed.max() < (0.07 if dial else 0.03)


def test_more_images_do_not_change_the_first():
    few = draw_labels(37, seed=2)
    np.testing.assert_array_equal(draw_labels(900, seed=2)[:37], few)


def test_seeds_differ():
    assert (draw_labels(50, seed=1) != draw_labels(50, seed=2)).mean() > 0.1


def test_no_image_is_an_empty_table():
    assert draw_labels(0, seed=1).shape == (0, 40)


@pytest.mark.parametrize("dial", [-0.1, 1.5, float("nan")])
def test_a_dial_outside_its_range_is_refused(dial):
    with pytest.raises(DataError, match="expected 0 to 1"):
        draw_labels(3, seed=0, label_correlation=dial)
