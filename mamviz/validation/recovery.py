"""Whether data-set maps are the true regions, and tables the true relations."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mamviz.schema import Array, Floats, LabelExplanation, MapKind, Method, Recovery, TrueRegions
from mamviz.stats.agreement import pairs_of, rank_correlation
from mamviz.stats.moments import adjusted_weights
from mamviz.validation.regions import compare_maps, relate_maps


def recover(
    maps: Floats,
    truth: TrueRegions,
    *,
    method: Method,
    kind: MapKind,
    images: Literal["masks.h5", "fresh faces"],
    table: Floats | None = None,
) -> Recovery:
    """Compare data-set maps with the mean regions, and their table with the true relation.

    maps     (K, H, W)
    table    (K, K) correlations; those of `maps` over cells where None
    """
    map_r = compare_maps(maps, truth.mean)
    known = map_r[~np.isnan(map_r)]
    return Recovery(
        method=method,
        kind=kind,
        images=images,
        maps=maps,
        map_r=map_r,
        mean_r=float(known.mean()) if len(known) else float("nan"),
        graph=compare_tables(relate_maps(maps) if table is None else table, truth.relation),
    )


def compare_tables(table: Floats, other: Floats) -> float:
    """Return Spearman's rank correlation of two symmetric matrices over the pairs defined in both.

    NaN where fewer than 3 pairs are, or all of one matrix's are equal.
    """
    return float(rank_correlation(pairs_of(table), pairs_of(other)))


def adjusted_maps(maps: Floats, labels: Array) -> Floats:
    """Return the absolute adjusted data-set map of each attribute, (K, H, W), from maps of single images.

    maps     (n, K, H, W); labels (n, K)

    As `stats.correlation.dataset_maps` makes ours: w_k(n) of the labels, least squares with all others held fixed.
    An attribute that all images have, or none, has no map: NaN.
    """
    weights = adjusted_weights(labels)
    summed = np.einsum("nk,nkhw->khw", weights.values, maps)
    summed[list(weights.constant)] = np.nan
    return np.asarray(np.abs(summed))


def explain_by_labels(table: Floats, truth: TrueRegions, phi: Floats) -> LabelExplanation:
    """Say how much of a table label correlation explains, and how much of the truth, over the same pairs.

    table, phi   (K, K); phi of the labels behind the table: see `stats.association.phi_correlations`
    """
    both = np.where(np.isfinite(table) & np.isfinite(truth.relation), 1.0, np.nan)
    return LabelExplanation(
        table_size=compare_tables(both * table, np.abs(phi)),
        truth_size=compare_tables(both * truth.relation, np.abs(phi)),
        table_signed=compare_tables(both * table, phi),
        truth_signed=compare_tables(both * truth.relation, phi),
    )
