"""What is behind the person: a gradient with blurred lights, soft stripes or a plain wall."""

from __future__ import annotations

from mamviz.data.synthetic.shapes import circle, soft, wave
from mamviz.data.synthetic.view import View, darken, paint


def paint_backdrop(view: View) -> None:
    """Fill the view: two colours along a slope, then lights or stripes by the person's style."""
    style, colours = view.person.style, view.person.colours
    slope_x, slope_y = style.backdrop_x - 0.5, style.backdrop_y - 0.5
    share = (0.5 + 1.6 * (slope_x * view.across + slope_y * view.down)).clamp_(0.0, 1.0)
    view.rgb.copy_(colours.backdrop + (colours.backdrop_end - colours.backdrop) * (0.75 * share)[:, None])
    lights = (style.backdrop < 0.4).float()
    stripes = ((style.backdrop >= 0.4) & (style.backdrop < 0.7)).float()
    along = view.across * (2.0 + 3.0 * slope_x) + view.down * 5.0 * slope_y
    darken(view, stripes * 0.05 * wave(3.0 * along + style.strand))
    for x, y, size in ((-0.42, -0.36, 0.10), (0.40, -0.18, 0.13), (-0.38, 0.16, 0.08), (0.30, -0.44, 0.07)):
        spot = circle(view.across - x - 0.16 * slope_y, view.down - y - 0.2 * slope_x, size)
        paint(view, lights * 0.30 * soft(spot, 0.03), colours.backdrop_end * 0.5 + 0.5)
