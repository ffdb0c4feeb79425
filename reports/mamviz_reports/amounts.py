"""How amounts read: figures with their intervals, points of accuracy, and large counts with three digits."""

from __future__ import annotations

import math
from collections.abc import Callable

from mamviz.schema import Interval
from mamviz_reports.tables import NBSP, UNDEFINED


def span(interval: Interval, write: Callable[[float], str]) -> str:
    """Write a figure with its interval where it has one; no line breaks within."""
    if math.isnan(interval.low):
        return write(interval.value)
    return f"{write(interval.value)}{NBSP}[{write(interval.low)},{NBSP}{write(interval.high)}]"


def points(share: float) -> str:
    """Write a share in points with two decimals; a zero has no sign."""
    return UNDEFINED if math.isnan(share) else f"{100 * share:.2f}".replace("-0.00", "0.00")


def signed_points(share: float) -> str:
    """Write a difference of shares in points, always with its sign."""
    return UNDEFINED if math.isnan(share) else f"{100 * share:+.2f}"


def number(value: float) -> str:
    """Write a correlation."""
    return UNDEFINED if math.isnan(value) else f"{value:.2f}"


def times_of(ratio: Interval) -> str:
    """Write a ratio with its interval."""
    return f"{span(ratio, number)}{NBSP}x"


def count(value: float) -> str:
    """Write a large number with three digits: 12.3 k, 4.56 M, 7.89 G."""
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:.3g}{NBSP}{name}"
    return f"{value:.3g}"


def size(n_bytes: float) -> str:
    """Write a file's or memory's size."""
    return f"{count(n_bytes)}B" if n_bytes >= 1e3 else f"{n_bytes:.0f}{NBSP}B"
