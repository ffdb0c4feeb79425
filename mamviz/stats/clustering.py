"""One order for all matrices of a report, from average linkage on 1 - r."""

from __future__ import annotations

import numpy as np
from scipy.cluster import hierarchy

from mamviz.schema import Clustering, Correlation

# Optimal leaf ordering takes 0.4 s for 512 leaves and 29 s for 2048.
OPTIMAL_LEAVES = 768


def cluster(correlation: Correlation) -> Clustering:
    """Order names so that related ones are neighbours.

    Average linkage on the distance 1 - r, in [0, 2]; up to 768 leaves in optimal order (Bar-Joseph et al. 2001).
    What is undefined comes last, in its own order. A single pair without a correlation counts as unrelated (r = 0).
    """
    defined = ~np.isnan(np.diag(correlation.values))
    place = np.flatnonzero(defined)
    if len(place) < 2:
        linkage, leaves = np.empty((0, 4)), list(range(len(place)))
    else:
        values = np.nan_to_num(correlation.values[np.ix_(place, place)], nan=0.0)
        first, second = np.triu_indices(len(place), k=1)
        distance = np.clip(1.0 - values[first, second], 0.0, 2.0)
        linkage = hierarchy.linkage(distance, method="average", optimal_ordering=len(place) <= OPTIMAL_LEAVES)
        leaves = hierarchy.leaves_list(linkage).tolist()
    order = np.concatenate([place[leaves], np.flatnonzero(~defined)]).astype(np.int64)
    return Clustering(linkage=linkage, order=order)
