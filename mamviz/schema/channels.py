"""Which channels matter, which repeat each other, which could go."""

from __future__ import annotations

from dataclasses import dataclass

from mamviz.schema.correlations import Correlation


@dataclass(frozen=True, kw_only=True)
class ChannelRow:
    """One channel of the pruning report.

    mean_mask        mean of the mask over attributes, positions and images, in (0, 1)
    usage            share of all absolute evidence, adds up to 1 over channels
    activation       mean of the feature
    top_attributes   names that use it most, with their share of the channel's usage
    duplicate_of     the kept representative, or None; duplicate_r is their r
    candidate        why it could go, or None
    """

    channel: int
    mean_mask: float
    usage: float
    activation: float
    top_attributes: tuple[tuple[str, float], ...]
    duplicate_of: int | None = None
    duplicate_r: float | None = None
    candidate: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChannelReport:
    """Which channels matter, which repeat each other, and which could be pruned."""

    rows: tuple[ChannelRow, ...]
    correlation: Correlation
    threshold: float
    dead: tuple[int, ...]
    n_images: int

    @property
    def candidates(self) -> tuple[ChannelRow, ...]:
        """Rows of the channels that could go."""
        return tuple(row for row in self.rows if row.candidate is not None)
