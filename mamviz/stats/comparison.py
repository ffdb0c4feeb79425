"""Tables of several runs with their bootstrap replicates, compared pair by pair."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mamviz.schema import (
    RECOMMENDED,
    Agreement,
    Array,
    Axis,
    BlockStatistics,
    Choices,
    Correlation,
    FeatureAgreement,
    FeatureProducts,
    Matching,
    RankBy,
)
from mamviz.stats.agreement import (
    agreement_interval,
    mantel_test,
    pairs_of,
    rank_correlation,
    second_order_similarity,
    top_overlap,
)
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.stats.matching import linear_cka, match_channels, pick_channels
from mamviz.stats.replicates import bootstrap_weights, replicate_correlations

# Numbers kept of all replicates of one table of one run, 64 MB: 1,000 replicates of up to 91 names, 128 of 256.
MOST_CELLS = 1 << 23
FEWEST_REPLICATES = 100


@dataclass(frozen=True, kw_only=True)
class AgreementSettings:
    """How tables are compared.

    tables          choices by name; the first is the one to draw
    top, by         of the overlap of top names
    n_replicates    bootstrap draws of blocks behind each interval; 0: no intervals
    n_permutations  of names, behind each p
    level           of the intervals
    """

    tables: Mapping[str, Choices] = field(default_factory=lambda: {"recommended": RECOMMENDED["attribute"]})
    top: int = 5
    by: RankBy = "r"
    n_replicates: int = 1000
    n_permutations: int = 4999
    level: float = 0.95


@dataclass(frozen=True)
class DrawnTable:
    """One table of one run, its replicates (R, n, n) as float32, and the number of blocks they were drawn from."""

    table: Correlation
    replicates: Array
    n_blocks: int


def draw_table(
    stats: BlockStatistics, choices: Choices, *, axis: Axis, n_replicates: int, generator: np.random.Generator
) -> DrawnTable:
    """Correlate attributes or channels, and again under random draws of blocks with replacement.

    Empty blocks are never drawn: they are no units. Large tables have fewer replicates, at least 100 of those asked
    for. The same state of the generator draws the same blocks of any statistics whose empty blocks are the same.
    """
    correlate = correlate_attributes if axis == "attribute" else correlate_channels
    table = correlate(stats, choices)
    filled = np.flatnonzero(stats.count)
    most = max(FEWEST_REPLICATES, MOST_CELLS // len(table.names) ** 2)
    weights = np.zeros((min(n_replicates, most), stats.n_blocks))
    weights[:, filled] = bootstrap_weights(len(filled), len(weights), generator)
    # float32 halves the memory, and its seventh digit tells no spread of replicates from another
    replicates = replicate_correlations(stats, choices, weights, axis=axis).astype(np.float32)
    return DrawnTable(table, replicates, len(filled))


def compare_tables(
    first: DrawnTable,
    second: DrawnTable,
    *,
    names: tuple[str, str],
    settings: AgreementSettings,
    generator: np.random.Generator,
) -> Agreement:
    """Return how far one table of two runs agrees; `names` of the runs.

    The interval is over draws of blocks: of the same images where both tables were drawn by the same generator's
    state, and independent otherwise. Raises StatisticsError where the tables are of other names.
    """
    pairs = [pairs_of(each.table.values) for each in (first, second)]
    n_pairs = int((~np.isnan(pairs[0] + pairs[1])).sum())
    n_replicates = min(len(first.replicates), len(second.replicates))
    values = [pairs_of(each.replicates[:n_replicates]).astype(np.float64) for each in (first, second)]
    return Agreement(
        first=names[0],
        second=names[1],
        spearman=agreement_interval(
            second_order_similarity(first.table, second.table),
            rank_correlation(values[0], values[1]),
            n_pairs=n_pairs,
            n_blocks=min(first.n_blocks, second.n_blocks),
            level=settings.level,
        ),
        n_pairs=n_pairs,
        mantel=mantel_test(first.table, second.table, n_permutations=settings.n_permutations, generator=generator),
        overlap=top_overlap(first.table, second.table, top=settings.top, by=settings.by),
    )


def match_tables(first: DrawnTable, second: DrawnTable, matching: Matching) -> tuple[DrawnTable, DrawnTable]:
    """Return two tables of channels in the order in which their channels were matched."""
    return _pick(first, matching.first), _pick(second, matching.second)


def compare_features(products: FeatureProducts, names: Sequence[str]) -> tuple[FeatureAgreement, ...]:
    """Return CKA and matched channels of every two networks, named in their order in `products`."""
    return tuple(
        FeatureAgreement(
            first=names[first],
            second=names[second],
            cka=linear_cka(products, first, second),
            matching=match_channels(products, first, second),
            n_images=products.n_images,
        )
        for first, second in itertools.combinations(range(len(names)), 2)
    )


def _pick(drawn: DrawnTable, channels: tuple[int, ...]) -> DrawnTable:
    places = np.array(channels, dtype=np.intp)
    chosen = drawn.replicates[:, places][:, :, places]
    return replace(drawn, table=pick_channels(drawn.table, channels), replicates=chosen)
