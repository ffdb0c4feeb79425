import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mamviz.data.synthetic.shapes import box, bump, circle, coverage, ellipse, join, segment, soft, wave


def plane(side=128, half=1.5):
    line = ((torch.arange(side) + 0.5) / side * 2 - 1) * half
    return line[None, None, :].expand(1, side, side), line[None, :, None].expand(1, side, side)


def area(distance, half=1.5):
    pixel = torch.tensor(2 * half / distance.shape[-1])
    return float(coverage(distance, pixel).sum() * pixel * pixel)


def test_covered_areas_are_those_of_geometry():
    x, y = plane()
    assert area(circle(x, y, 1.0)) == pytest.approx(math.pi, rel=2e-3)
    assert area(ellipse(x, y, 1.2, 0.5)) == pytest.approx(math.pi * 0.6, rel=5e-3)
    assert area(box(x, y, 1.0, 0.5, 0.0)) == pytest.approx(2.0, rel=2e-3)
    assert area(box(x, y, 1.0, 0.5, 0.2)) == pytest.approx(2.0 - (4 - math.pi) * 0.04, rel=2e-3)
    assert area(segment(x, y, (-0.5, 0.0, 0.5, 0.0)) - 0.2) == pytest.approx(0.4 + math.pi * 0.04, rel=5e-3)


@given(st.floats(-1.4, 1.4), st.floats(-1.4, 1.4))
def test_segment_and_box_agree_with_nearest_points_by_hand(px, py):
    x, y = torch.tensor([[[px]]]), torch.tensor([[[py]]])
    steps = [i / 2000 for i in range(2001)]
    nearest = min(math.hypot(px - (-0.5 + t), py - 0.3 * t) for t in steps)
    assert float(segment(x, y, (-0.5, 0.0, 0.5, 0.3))) == pytest.approx(nearest, abs=1e-3)
    if abs(px) > 0.5 or abs(py) > 0.25:
        outside = math.hypot(max(abs(px) - 0.5, 0), max(abs(py) - 0.25, 0))
        assert float(box(x, y, 0.5, 0.25, 0.1)) >= outside - 1e-6


def test_wave_has_period_one_and_swings_between_minus_one_and_one():
    t = torch.linspace(-2, 2, 801)
    torch.testing.assert_close(wave(t), wave(t + 1), atol=1e-4, rtol=0)
    assert wave(t).max() == pytest.approx(1, abs=1e-4)
    assert wave(t).min() == pytest.approx(-1, abs=1e-4)
    assert (wave(t) + torch.sin(2 * math.pi * t)).abs().max() < 0.06


def test_soft_falls_from_one_to_zero_across_its_width():
    values = soft(torch.tensor([-1.0, -0.05, 0.0, 0.05, 1.0]), 0.2)
    assert values[0] == 1
    assert values[2] == 0.5
    assert values[4] == 0
    assert values[1] + values[3] == pytest.approx(1)


def test_bump_is_a_hill_with_nothing_outside():
    assert bump(torch.tensor([-3.0, -1.0, 0.0, 1.0, 2.0])).tolist() == [0, 0, 1, 0, 0]


def test_a_joined_shape_holds_both_and_is_their_union_far_from_the_seam():
    x, y = plane()
    a, b = circle(x - 0.5, y, 0.6), circle(x + 0.5, y, 0.6)
    joined, union = join(a, b, 0.2), torch.minimum(a, b)
    assert (joined <= union).all()
    far = (a - b).abs() > 0.2
    torch.testing.assert_close(joined[far], union[far])
    assert (joined < union).any()
