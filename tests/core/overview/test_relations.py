from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mamviz.analysis import analyse, measure_certainty
from mamviz.entanglement import find_entanglement
from mamviz.extraction import write_masks
from mamviz.overview.relations import list_neighbours, relate
from mamviz.overview.settings import OverviewSettings
from mamviz.schema import EntanglementSettings, Overview
from tests.core.overview.conftest import SETTINGS


def test_tables_are_those_of_correlate_and_entangle(world, overview: Overview, tmp_path) -> None:
    masks, results = world.run.masks_file, tmp_path / "analysis.h5"
    expected = analyse(masks, results, top=2)
    np.testing.assert_array_equal(overview.correlation.values, expected.correlation.values)
    np.testing.assert_array_equal(overview.clustering.order, expected.clustering.order)
    assert overview.ranking.rows == expected.ranking.rows
    certainty = measure_certainty(masks, results, expected.ranking, n_replicates=100)
    assert overview.certainty is not None
    assert overview.certainty.ranking.rows == certainty.ranking.rows
    np.testing.assert_array_equal(overview.certainty.significance.p, certainty.significance.p)
    drawn = EntanglementSettings(n_replicates=100)
    found = find_entanglement(masks, settings=drawn).entanglement
    assert overview.entanglement is not None
    assert overview.entanglement.pairs == found.pairs


def test_neighbours_gather_what_is_known_of_each_pair(overview: Overview) -> None:
    table, certainty, pairs = overview.correlation, overview.certainty, overview.entanglement.pairs
    for each in overview.attributes:
        k = table.names.index(each.attribute)
        others = sorted((n for n in range(4) if n != k), key=lambda n: -table.values[k, n])
        assert [near.name for near in each.neighbours] == [table.names[n] for n in others[:2]]
        for rank, near in enumerate(each.neighbours, start=1):
            n = table.names.index(near.name)
            assert (near.rank, near.r.value) == (rank, table.values[k, n])
            limits = certainty.ranking.intervals
            assert (near.r.low, near.r.high) == (limits.low[k, n], limits.high[k, n])
            assert near.inclusion == certainty.ranking.inclusion[k, n]
            assert near.marked == certainty.significance.survives[k, n]
            (phi,) = [pair.phi for pair in pairs if {pair.first, pair.second} == {each.attribute, near.name}]
            assert near.phi == phi
            assert phi.value == pytest.approx(overview.entanglement.labels.phi[k, n])


def test_without_resamples_neighbours_have_no_intervals_and_the_reason_is_told(world) -> None:
    relations = relate(world.run, OverviewSettings(n_replicates=0))
    assert relations.certainty is None
    assert relations.entanglement is None
    assert [(each.part, each.reason) for each in relations.absent] == [
        ("certainty", "no resamples were asked for"),
        ("entanglement", "no resamples were asked for"),
    ]
    near = list_neighbours(relations, "Red")[0]
    assert np.isnan([near.r.low, near.r.high, near.inclusion]).all()
    assert (near.phi, near.marked) == (None, False)


def test_masks_of_too_few_blocks_have_no_certainty_and_say_why(world, tmp_path) -> None:
    few = world.copy(tmp_path)
    split = np.zeros(120, np.int8)
    split[:6] = 1
    write_masks(few.run, replace(few.data, split=split), split="validation")
    relations = relate(few.run, SETTINGS)
    assert [each.part for each in relations.absent] == ["certainty", "entanglement"]
    assert all("at least 10 blocks with images" in each.reason for each in relations.absent)
    assert "mamviz extract-masks made-1" in relations.absent[0].command
