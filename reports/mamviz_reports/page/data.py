"""Numbers of the heatmaps, once in the page, as JSON that its script reads."""

from __future__ import annotations

import json

import numpy as np
from markupsafe import Markup

from mamviz.schema import Floats, Overview, OverviewMatrix
from mamviz_reports.page.anchors import anchors_of
from mamviz_reports.page.colours import palette_colours

_DECIMALS = 4


def page_data(overview: Overview) -> Markup:
    """Return the JSON of all heatmaps; no text in it can end the script element that it stands in."""
    correlation, channels = overview.correlation, overview.channel_correlation
    values = {
        "names": list(correlation.names),
        "anchors": list(anchors_of(correlation.names).values()),
        "order": overview.clustering.order.tolist(),
        "matrices": {matrix.key: _matrix(matrix) for matrix in overview.matrices},
        "channels": {
            "title": "Correlation between channels",
            "detail": f"Correlation r of {channels.choices.describe('channel')}.",
            "names": list(channels.names),
            "order": overview.channel_clustering.order.tolist(),
            "lowest": -1,
            "highest": 1,
            "level": None,
            "values": _rows(channels.values),
        },
        "diverging": list(palette_colours("diverging")),
        "sequential": list(palette_colours("sequential")),
    }
    return Markup(json.dumps(values, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"))


def _matrix(matrix: OverviewMatrix) -> dict[str, object]:
    return {
        "title": matrix.title,
        "detail": matrix.detail,
        "lowest": matrix.lowest,
        "highest": matrix.highest,
        "level": matrix.level,
        "values": _rows(matrix.values),
        "low": None if matrix.low is None else _rows(matrix.low),
        "high": None if matrix.high is None else _rows(matrix.high),
    }


def _rows(values: Floats) -> list[list[float | None]]:
    return [[None if np.isnan(value) else round(float(value), _DECIMALS) for value in row] for row in values]
