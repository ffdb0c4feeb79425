"""Attributes of a made overview: their maps, channels, neighbours and example images."""

from __future__ import annotations

import numpy as np

from mamviz.schema import (
    OUTCOMES,
    AttributeMaps,
    AttributeOverview,
    AttributeScore,
    ChannelUse,
    ExampleImage,
    Floats,
    ImageMasks,
    Interval,
    OverviewNeighbour,
    Ranking,
)
from tests.reports.records import NAN, around


def make_attribute(
    score: AttributeScore,
    ranking: Ranking,
    phi: Floats,
    rng: np.random.Generator,
    *,
    n_channels: int,
    grid: tuple[int, int],
    size: int,
    n_examples: int,
) -> AttributeOverview:
    """Wearing_Hat has no false answers; an attribute that no image has has neither contrast nor positives."""
    name, names = score.attribute, ranking.correlation.names
    constant = np.full(grid, NAN)
    defined = score.prevalence > 0
    shares = np.sort(rng.dirichlet(np.ones(n_channels)))[::-1]
    without = {"Wearing_Hat": ("false positive", "false negative")}.get(name, () if defined else OUTCOMES[:3])
    return AttributeOverview(
        attribute=name,
        score=score,
        maps=AttributeMaps(
            mask=rng.uniform(0.45, 0.55, grid),
            contrast=0.02 * rng.normal(size=grid) if defined else constant,
            evidence=0.1 * rng.normal(size=grid) if defined else constant,
        ),
        channels=tuple(
            ChannelUse(
                channel=channel,
                share=float(shares[channel]),
                contrast=float(shares[channel] * (-1) ** channel) if defined else NAN,
            )
            for channel in range(min(8, n_channels))
        ),
        neighbours=tuple(
            OverviewNeighbour(
                name=row.name,
                rank=row.rank,
                r=Interval(row.r, row.r - 0.05, min(1.0, row.r + 0.05)),
                inclusion=1 - row.rank / 20,
                phi=around(float(phi[names.index(name), names.index(row.name)]), 0.02) if defined else None,
                marked=row.r > 0.4,
            )
            for row in ranking.of(name)
        ),
        examples=tuple(
            ExampleImage(
                name=f"{name}-{outcome.replace(' ', '-')}-{number}.jpg",
                outcome=outcome,
                logit=(3.0 - number / 2) * (1 if outcome.endswith("positive") else -1),
                image=_picture(size, rng),
                evidence=0.3 * rng.normal(size=grid),
            )
            for outcome in OUTCOMES
            if outcome not in without
            for number in range(n_examples)
        ),
        n_outcomes=tuple(0 if outcome in without else 100 + 10 * place for place, outcome in enumerate(OUTCOMES)),
    )


def make_strip(
    names: tuple[str, ...], rng: np.random.Generator, n_channels: int, grid: tuple[int, int], size: int
) -> tuple[ImageMasks, ...]:
    """Two images with the first three attributes."""
    shown = names[:3]
    shape = (len(shown), n_channels, *grid)
    return tuple(
        ImageMasks(
            name=f"{number:06d}.jpg",
            image=_picture(size, rng),
            attributes=shown,
            masks=rng.uniform(0.3, 0.7, shape),
            evidence=rng.normal(0, 0.05, shape),
            channels=tuple(range(min(4, n_channels))),
            labels=np.array([1, 0, 1][: len(shown)], np.uint8),
            logits=rng.normal(0, 2, len(shown)),
        )
        for number in range(2)
    )


def _picture(size: int, rng: np.random.Generator) -> np.ndarray:
    """A smooth picture with some grain: compresses about as a photograph does."""
    across, down = np.meshgrid(np.linspace(0, 1, size), np.linspace(0, 1, size))
    waves = [np.sin(6 * (across * a + down * b + c)) for a, b, c in rng.uniform(0, 1, (3, 3))]
    picture = 128 + 80 * np.stack(waves, axis=-1) + 8 * rng.normal(size=(size, size, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)
