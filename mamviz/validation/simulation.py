"""Made-up data sets whose population is known: labels, masks, and their block statistics.

Images come in persons. A person belongs to a class, labels are independent given the class, and an image's label
is the person's with a given probability, so that labels are correlated and images of a person alike:

    M_nk = level_k + sum_l y_nl effect_kl + patterns shared by attributes + noise of each cell
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mamviz.schema import VIEWS, BlockStatistics, BlockSums, Choices, Floats
from mamviz.stats.bounds import to_z
from mamviz.stats.maps import correlate_rows, view_maps
from mamviz.stats.moments import adjusted_weights


@dataclass(frozen=True, kw_only=True)
class Design:
    """How large the made-up data sets are, and how much in them is noise.

    own, others       size of what an attribute's own label, and all other labels together, do to its mask
    heaviness         spread of log effect sizes over cells: at 1.3 a few cells carry most of a map, as in real masks
    noise             standard deviation of a cell from image to image; `shared` is the part in common patterns,
                      `personal` the part of these that all images of a person have
    constancy         probability that an image has its person's label and not a new one
    """

    n_attributes: int = 9
    grid: tuple[int, int, int] = (4, 6, 6)
    n_images: int = 2000
    n_persons: int = 700
    n_blocks: int = 64
    n_classes: int = 4
    n_patterns: int = 6
    own: float = 0.05
    others: float = 0.05
    heaviness: float = 1.3
    noise: float = 0.1
    shared: float = 0.5
    personal: float = 0.5
    constancy: float = 0.8


@dataclass(frozen=True, kw_only=True)
class Population:
    """What infinitely many images are drawn from; K attributes, T classes, J patterns, cells flat.

    classes (T,), rates (T, K)     of persons, and of labels given the class
    level (K, cells), effect (K, K, cells), patterns (J, K, cells)    see the module
    """

    design: Design
    classes: Floats
    rates: Floats
    level: Floats
    effect: Floats
    patterns: Floats


def draw_population(design: Design, generator: np.random.Generator) -> Population:
    """Draw a population; attributes' own effects are related by two common factors, so that true r differ."""
    k, cells = design.n_attributes, int(np.prod(design.grid))
    size = np.exp(design.heaviness * generator.normal(size=(2, 1, cells)))
    factors = generator.normal(size=(2, cells)) * size[0]
    mixture = generator.normal(size=(k, 2)) @ factors + generator.normal(size=(k, cells)) * size[1]
    effect = generator.normal(size=(k, k, cells)) * size[0]
    effect *= design.others / np.sqrt(max(k - 1, 1)) / np.sqrt((effect**2).mean())
    own = design.own * np.exp(0.7 * generator.normal(size=(k, 1))) / np.sqrt((mixture**2).mean())
    effect[np.arange(k), np.arange(k)] = own * mixture
    patterns = generator.normal(size=(design.n_patterns, k, 1)) * generator.normal(size=(design.n_patterns, 1, cells))
    patterns *= design.noise * np.sqrt(design.shared / design.n_patterns)
    return Population(
        design=design,
        classes=np.full(design.n_classes, 1 / design.n_classes),
        rates=generator.beta(0.9, 2.1, size=(design.n_classes, k)).clip(0.03, 0.97),
        level=0.5 + 0.1 * (generator.normal(size=(k, cells)) + generator.normal(size=cells)),
        effect=effect,
        patterns=patterns,
    )


def draw_statistics(population: Population, generator: np.random.Generator) -> BlockStatistics:
    """Draw a data set and return its block statistics; a person's images are all in one block.

    Evidence is the masks once more, as with features of one and a readout of H * W.
    """
    design = population.design
    person = np.sort(generator.integers(design.n_persons, size=design.n_images))
    block_of = np.sort(generator.integers(design.n_blocks, size=design.n_persons))
    labels = _draw_labels(population, person, generator)
    maps = _draw_maps(population, person, labels, generator)
    return block_statistics(maps, labels, block_of[person], n_blocks=design.n_blocks)


def true_correlations(population: Population, choices: Choices) -> Floats:
    """Return the correlations (K, K) of infinitely many images; not defined for the estimand image."""
    k = population.design.n_attributes
    joint = _label_products(population)
    rate = np.diag(joint)
    covariance = joint - np.outer(rate, rate)
    if choices.estimand == "across":
        return _true_across(population, choices, covariance)
    if choices.estimand == "mean":
        maps = population.level + np.einsum("l,klp->kp", rate, population.effect)
    elif choices.estimand == "contrast":
        difference = covariance / (rate * (1 - rate))[:, None]  # P(l | k) - P(l | not k)
        maps = np.einsum("kl,klp->kp", difference, population.effect)
    else:
        maps = population.effect[np.arange(k), np.arange(k)]
    maps = maps.reshape(k, *population.design.grid)
    maps = np.abs(maps) if choices.sign == "absolute" else maps
    rows = view_maps(maps, choices.view, axis="attribute")
    return correlate_rows(rows, np.zeros(k), centring=choices.centring)


def block_statistics(maps: Floats, labels: Floats, blocks: npt.NDArray[np.int64], *, n_blocks: int) -> BlockStatistics:
    """Sum maps (N, K, C, H, W) and labels (N, K) of images sorted by their block, (N,)."""
    edges = np.searchsorted(blocks, np.arange(n_blocks + 1))

    def add(values: Floats) -> Floats:
        return np.stack([values[start:stop].sum(axis=0) for start, stop in pairwise(edges)])

    weights = adjusted_weights(labels).values
    over_cells = (slice(None), slice(None), None, None, None)
    rows = [view_maps(maps, view, axis="attribute") for view in VIEWS]
    products = [_products(each) for each in rows]
    r = np.stack(
        [_within_images(gram, each.sum(axis=2), each.shape[2]) for gram, each in zip(products, rows, strict=True)],
        axis=1,
    )
    others = ~np.eye(labels.shape[1], dtype=np.bool_)  # the r of a map with itself is known
    sums = BlockSums(
        total=add(maps),
        positive=add(maps * labels[over_cells]),
        adjusted=add(maps * weights[over_cells]),
        attribute_gram=add(np.stack(products, axis=1)),
        channel_gram=add(_products(view_maps(maps, "full", axis="channel"))),
        image_r=add(to_z(np.where(others, r, 0.0))),
        image_count=np.diff(edges)[:, None, None, None, None] * np.broadcast_to(others, r.shape[1:]),
    )
    return BlockStatistics(
        attributes=tuple(f"attribute {number}" for number in range(labels.shape[1])),
        grid=maps.shape[2:],
        count=np.diff(edges).astype(np.float64),
        positives=add(labels),
        weight_sum=add(weights),
        label_gram=add(_products(labels[:, :, None])),
        feature_sum=np.diff(edges)[:, None, None, None] * np.ones(maps.shape[2:]),
        mask=sums,
        evidence=sums,
    )


def _draw_labels(population: Population, person: npt.NDArray[np.int64], generator: np.random.Generator) -> Floats:
    design = population.design
    rates = population.rates[generator.choice(design.n_classes, size=design.n_persons, p=population.classes)]
    own = generator.random(rates.shape) < rates
    fresh = generator.random((len(person), design.n_attributes)) < rates[person]
    kept = generator.random(fresh.shape) < design.constancy
    return np.where(kept, own[person], fresh).astype(np.float64)


def _draw_maps(
    population: Population, person: npt.NDArray[np.int64], labels: Floats, generator: np.random.Generator
) -> Floats:
    design = population.design
    shape = (len(person), design.n_attributes, population.level.shape[1])
    lasting = generator.normal(size=(design.n_persons, design.n_patterns))[person] * np.sqrt(design.personal)
    strength = lasting + generator.normal(size=(len(person), design.n_patterns)) * np.sqrt(1 - design.personal)
    maps = generator.standard_normal(shape)
    maps *= design.noise * np.sqrt(1 - design.shared)
    maps += population.level
    maps += np.tensordot(strength, population.patterns, axes=1)
    maps += np.tensordot(labels, population.effect.swapaxes(0, 1), axes=1)
    return maps.reshape(*shape[:2], *design.grid)


def _label_products(population: Population) -> Floats:
    """Return P(y_k = 1 and y_l = 1), rates on the diagonal: labels of an image are independent given the class."""
    joint: Floats = np.einsum("t,tk,tl->kl", population.classes, population.rates, population.rates)
    np.fill_diagonal(joint, population.classes @ population.rates)
    return joint


def _true_across(population: Population, choices: Choices, covariance: Floats) -> Floats:
    """Pool the population's covariances over cells: of labels, patterns and noise."""
    design = population.design
    k = design.n_attributes

    def seen(maps: Floats) -> Floats:
        return view_maps(maps.reshape(-1, k, *design.grid), choices.view, axis="attribute")

    effect, patterns = seen(population.effect.swapaxes(0, 1)), seen(population.patterns)
    pooled = np.einsum("lm,lkp,mjp->kj", covariance, effect, effect) + np.einsum("jkp,jlp->kl", patterns, patterns)
    pooled += design.noise**2 * (1 - design.shared) * population.level.shape[1] * np.eye(k)
    if choices.centring == "common":
        centre = np.eye(k) - 1 / k
        pooled = centre @ pooled @ centre
    return np.asarray(pooled / np.sqrt(np.outer(np.diag(pooled), np.diag(pooled))))


def _within_images(products: Floats, level: Floats, n_cells: int) -> Floats:
    """Return r between attributes within each image, (N, 2, K, K), by centring; from products and sums of cells."""
    covariance = products - level[:, :, None] * level[:, None, :] / n_cells
    centre = np.eye(level.shape[1]) - 1 / level.shape[1]
    both = np.stack([covariance, centre @ covariance @ centre], axis=1)  # as in CENTRINGS
    deviation = np.sqrt(np.diagonal(both, axis1=2, axis2=3))
    return np.asarray(both / deviation[..., :, None] / deviation[..., None, :])


def _products(rows: Floats) -> Floats:
    """Return the inner products (N, n, n) of rows (N, n, cells)."""
    return rows @ rows.swapaxes(1, 2)
