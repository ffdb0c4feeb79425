import numpy as np
import pytest
import torch

from mamviz.data.synthetic.person import draw_persons
from mamviz.data.synthetic.view import Box, Rows, darken, find_rows, open_view, paint


def view_of(n=3, size=48, rows=None):
    labels = torch.zeros(n, 40)
    labels[1, 20] = 1
    return open_view(labels, draw_persons(np.arange(n), seed=0), rows or Rows(0, size, 0, size), size)


def test_labels_are_read_by_name():
    assert view_of().has("Male").flatten().tolist() == [0, 1, 0]


@pytest.mark.parametrize("size", [32, 64, 100])
def test_a_box_reaches_every_pixel_that_lies_in_it_in_any_pose(size):
    box = Box(-0.8, 0.5, -0.6, 1.2)
    labels = torch.zeros(600, 40)
    view = open_view(labels, draw_persons(np.arange(600), seed=3), Rows(0, size, 0, size), size)
    inside = (view.x >= box.left) & (view.x <= box.right) & (view.y >= box.top) & (view.y <= box.bottom)
    rows = find_rows(box, size)
    reached = inside.any(dim=0)
    reached[rows.top : rows.bottom, rows.left : rows.right] = False
    assert not reached.any()
    assert (rows.bottom - rows.top) * (rows.right - rows.left) < size * size


def test_a_window_shares_its_pixels_and_its_coordinates():
    view = view_of()
    window = view.window(Box(-0.2, 0.2, -0.2, 0.2))
    rows = window.rows
    window.rgb.fill_(0.5)
    assert view.rgb.sum() == pytest.approx(float(window.rgb.sum()))
    assert torch.equal(window.x, view.x[:, rows.top : rows.bottom, rows.left : rows.right])
    other = view_of(rows=rows)
    assert torch.equal(other.x, window.x)
    assert torch.equal(other.y, window.y)


def test_a_box_outside_the_picture_has_no_window():
    assert view_of().window(Box(3.0, 4.0, 3.0, 4.0)) is None


def test_paint_covers_in_proportion_and_leaves_the_rest_alone():
    view = view_of()
    view.rgb.fill_(0.2)
    alpha = torch.zeros_like(view.x)
    alpha[:, 10], alpha[:, 11] = 1.0, 0.5
    paint(view, alpha, torch.tensor([1.0, 0.6, 0.0])[None, :, None, None])
    torch.testing.assert_close(view.rgb[0, :, 10, 0], torch.tensor([1.0, 0.6, 0.0]))
    torch.testing.assert_close(view.rgb[0, :, 11, 0], torch.tensor([0.6, 0.4, 0.1]))
    assert (view.rgb[:, :, 12:] == np.float32(0.2)).all()


def test_shadow_takes_more_blue_than_red():
    view = view_of()
    view.rgb.fill_(0.5)
    darken(view, torch.full_like(view.x, 0.4))
    red, green, blue = view.rgb[0, :, 0, 0].tolist()
    assert 0.5 > red > green > blue > 0
