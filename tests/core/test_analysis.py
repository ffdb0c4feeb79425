from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mamviz.analysis import analyse
from mamviz.errors import MaskFileError
from mamviz.schema import Choices
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.store.analysis import read_analysis
from mamviz.store.masks import read_statistics
from tests.core.store.drawn import ATTRIBUTES, PROVENANCE, draw_plan, fill

SIGNED_MEAN = Choices(sign="signed", estimand="mean", view="full")


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    return fill(tmp_path / "any name.h5", draw_plan())


def test_what_is_returned_is_what_is_kept(masks: Path, tmp_path: Path) -> None:
    results = tmp_path / "results" / "analysis.h5"
    found = analyse(masks, results, choices=SIGNED_MEAN, top=1, by="abs", targets=["Male"])
    expected = correlate_attributes(read_statistics(masks), SIGNED_MEAN)
    np.testing.assert_array_equal(found.correlation.values, expected.values)
    kept, order = read_analysis(results, axis="attribute", choices=SIGNED_MEAN)
    np.testing.assert_array_equal(kept.values, expected.values)
    np.testing.assert_array_equal(order.order, found.clustering.order)
    assert found.provenance == PROVENANCE
    (row,) = found.ranking.rows
    others = [k for k in range(3) if ATTRIBUTES[k] != "Male"]
    assert row.target == "Male"
    assert row.name == ATTRIBUTES[max(others, key=lambda k: abs(expected.values[2, k]))]


def test_channels_are_compared_in_the_same_file(masks: Path, tmp_path: Path) -> None:
    results = tmp_path / "analysis.h5"
    analyse(masks, results, choices=SIGNED_MEAN)
    found = analyse(masks, results, axis="channel", choices=SIGNED_MEAN)
    expected = correlate_channels(read_statistics(masks), SIGNED_MEAN)
    np.testing.assert_array_equal(found.correlation.values, expected.values)
    assert read_analysis(results, axis="attribute", choices=SIGNED_MEAN)[0].names == ATTRIBUTES


def test_the_recommended_choices_are_taken_where_none_are_given(masks: Path, tmp_path: Path) -> None:
    assert analyse(masks, tmp_path / "analysis.h5").correlation.choices == Choices()


def test_masks_that_are_not_there_leave_no_results(tmp_path: Path) -> None:
    with pytest.raises(MaskFileError, match=r"masks\.h5: expected a file of masks, found none"):
        analyse(tmp_path / "masks.h5", tmp_path / "analysis.h5")
    assert list(tmp_path.iterdir()) == []
