"""Signed distances and soft curves; all lengths in head units, below 0 is inside.

Only add, subtract, multiply, divide, square root, minimum, maximum and rounding are used: these give the
same bits however many images share a tensor, which sine and exponential don't.
"""

from __future__ import annotations

import torch
from torch import Tensor

Number = Tensor | float


def coverage(distance: Tensor, pixel: Tensor) -> Tensor:
    """Return how much of each pixel a shape covers, 0 to 1: analytic anti-aliasing."""
    return (0.5 - distance / pixel).clamp_(0.0, 1.0)


def soft(distance: Tensor, width: Number) -> Tensor:
    """Return 1 inside, 0 outside, with a smooth edge `width` wide centred on the outline."""
    t = (0.5 - distance / width).clamp_(0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(t: Tensor) -> Tensor:
    """Return (1 - t^2)^2 within -1..1 and 0 outside: a smooth hill."""
    hill = (1.0 - t * t).clamp_(min=0.0)
    return hill * hill


def wave(t: Tensor) -> Tensor:
    """Return a sine-like wave of period 1 in -1..1, made of parabolas."""
    turn = t - torch.floor(t) - 0.5
    return turn * (8.0 - 16.0 * turn.abs())


def ellipse(x: Tensor, y: Tensor, across: Number, down: Number) -> Tensor:
    """Return the distance to an ellipse about the origin, exact to first order at its outline."""
    u, v = x / across, y / down
    radius = torch.sqrt(u * u + v * v)
    u, v = u / across, v / down
    slope = torch.sqrt(u * u + v * v) + 1e-6
    return radius * (radius - 1.0) / slope


def circle(x: Tensor, y: Tensor, radius: Number) -> Tensor:
    """Return the distance to a circle about the origin."""
    return torch.sqrt(x * x + y * y) - radius


def box(x: Tensor, y: Tensor, across: Number, down: Number, rounding: Number) -> Tensor:
    """Return the distance to a rounded rectangle about the origin, from its half sides."""
    u, v = x.abs() - (across - rounding), y.abs() - (down - rounding)
    outside = circle(u.clamp(min=0.0), v.clamp(min=0.0), 0.0)
    return outside + torch.maximum(u, v).clamp_(max=0.0) - rounding


def segment(x: Tensor, y: Tensor, ends: tuple[float, float, float, float]) -> Tensor:
    """Return the distance to the line from (x0, y0) to (x1, y1)."""
    x0, y0, x1, y1 = ends
    dx, dy = x1 - x0, y1 - y0
    along = (((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)).clamp_(0.0, 1.0)
    return circle(x - x0 - along * dx, y - y0 - along * dy, 0.0)


def blend(start: Number, end: Number, share: Tensor) -> Tensor:
    """Return the value `share` of the way from `start` to `end`."""
    return start + (end - start) * share


def join(a: Tensor, b: Tensor, width: float) -> Tensor:
    """Return the union of two shapes with a seam rounded over `width`."""
    overlap = (width - (a - b).abs()).clamp_(min=0.0)
    return torch.minimum(a, b) - overlap * overlap / (4.0 * width)
