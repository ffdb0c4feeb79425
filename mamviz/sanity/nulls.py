"""Tables of networks that know nothing: is the run's table more than what they show."""

from __future__ import annotations

import numpy as np
from scipy.stats import t as student_t

from mamviz.data.dataset import ImageData
from mamviz.extraction.nulls import shuffled_maps
from mamviz.models.network import MaskNetwork
from mamviz.sanity.exchanged import draw_derangement
from mamviz.sanity.permuting import list_parts, permute_parts
from mamviz.sanity.readings import read_network
from mamviz.sanity.sample import Sample
from mamviz.schema import (
    RECOMMENDED,
    Correlation,
    Floats,
    Interval,
    NullShare,
    NullSource,
    Progress,
    SanityCheck,
    Verdict,
    silent,
)
from mamviz.stats.agreement import pairs_of
from mamviz.stats.correlation import correlate_attributes
from mamviz.stats.nulls import correlate_maps

BAND = 0.95
LARGEST_R = 1 - 1e-12  # arctanh stays finite
CHANCE = 0.05  # p of a pass
DOUBT = 0.2  # p of a fail
NULLS: dict[NullSource, str] = {
    "random network": "random networks",
    "swapped attributes": "swapped attributes",
    "shuffled labels": "shuffled labels",
}


def random_tables(
    network: MaskNetwork,
    sample: Sample,
    *,
    generator: np.random.Generator,
    n_networks: int = 20,
    progress: Progress = silent,
) -> Floats:
    """Return the recommended tables (R, K, K) of networks whose every weight was permuted within its tensor.

    They know nothing of the attributes; what their tables show comes from the images and the labels alone.
    """
    parts = list_parts(network)
    tables = np.empty((n_networks, sample.labels.shape[1], sample.labels.shape[1]))
    for number in range(n_networks):
        changed = permute_parts(network, parts, sample, generator=generator)
        tables[number] = own_table(changed, sample).values
        progress(number + 1, n_networks, "random networks")
    return tables


def swapped_tables(
    network: MaskNetwork,
    data: ImageData,
    sample: Sample,
    *,
    generator: np.random.Generator,
    n_tables: int = 20,
    progress: Progress = silent,
) -> Floats:
    """Return recommended tables (R, K, K) in which every attribute has the masks of another one.

    Labels stay where they are: what these tables show comes from where images with a label differ, whichever masks
    look. Each table is another derangement.
    """
    choices = RECOMMENDED["attribute"]
    device = str(next(network.parameters()).device)
    found = shuffled_maps(
        network, data, sample.indices, n_shuffles=0, generator=generator, device=device, progress=progress
    )
    maps = found.sums(choices.map)
    own = np.arange(len(sample.attributes))
    orders = [draw_derangement(len(own), generator) for _ in range(n_tables)]
    swapped = np.stack([maps.swapped_adjusted[own, order] for order in orders])  # (table, attribute, C, H, W)
    return correlate_maps(swapped, choices, sizes=maps.mean)


def own_table(network: MaskNetwork, sample: Sample) -> Correlation:
    """Return a network's recommended table on the sample."""
    return correlate_attributes(read_network(network, sample).statistics, RECOMMENDED["attribute"])


def share_outside(table: Floats, null_tables: Floats, *, null: NullSource) -> NullShare:
    """Return how many pairs of a table lie outside the band of its null tables, and how many of theirs would.

    table (n, n), null_tables (R, n, n)
    A pair's band holds 95 % of single further tables: mean and deviation in Fisher's z, Student's t with R - 1 degrees
    of freedom. Each null table is compared in the same way with all others, the run's among them; were the run's
    table one more of them, its share would be the largest with probability 1 / (R + 1) only.
    Pairs that any table lacks are left out.
    """
    values = np.vstack([pairs_of(table)[None], pairs_of(null_tables)])  # (1 + R, pair)
    values = np.arctanh(np.clip(values[:, np.isfinite(values).all(axis=0)], -LARGEST_R, LARGEST_R))
    shares = [_outside(row, np.delete(values, number, axis=0)) for number, row in enumerate(values)]
    reached = sum(share >= shares[0] for share in shares[1:])
    return NullShare(
        null=null,
        outside=shares[0],
        null_outside=tuple(shares[1:]),
        p=(1 + reached) / len(values),
    )


def judge_null(found: NullShare) -> SanityCheck:
    """Say whether the table shows more than a null; the figure is the share of pairs outside its band.

    Pass: p up to 0.05; fail: p above 0.2, or no pair to compare; else unclear.
    """
    others = NULLS[found.null]
    verdict: Verdict = "pass" if found.p <= CHANCE else "unclear" if found.p <= DOUBT else "fail"
    meaning = {
        "pass": f"the table says more than {others} do (p = {found.p:.3f})",
        "fail": f"the table says no more than {others} do (p = {found.p:.3f})",
        "unclear": f"the table can hardly be told from those of {others} (p = {found.p:.3f})",
    }[verdict]
    return SanityCheck(
        group="null",
        name=f"recommended table beside {others}",
        verdict=verdict,
        figure=Interval(found.outside, float("nan"), float("nan")),
        threshold=max(found.null_outside, default=float("nan")),
        passes="above",
        meaning=meaning,
    )


def _outside(row: Floats, others: Floats) -> float:
    if not row.size:
        return 0.0
    n = len(others)
    reach = student_t.ppf((1 + BAND) / 2, n - 1) * np.sqrt(1 + 1 / n)
    return float((np.abs(row - others.mean(axis=0)) > reach * others.std(axis=0, ddof=1)).mean())
