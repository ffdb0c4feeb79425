from __future__ import annotations

import numpy as np
import pytest

from mamviz.overview.matrices import make_matrices
from mamviz.overview.relations import relate
from mamviz.overview.settings import OverviewSettings
from mamviz.schema import Choices, Overview, OverviewMatrix
from mamviz.stats.correlation import correlate_attributes
from mamviz.stats.intervals import draw_replicates, estimate_intervals
from mamviz.store.masks import read_images, read_statistics


def matrix(overview: Overview, key: str) -> OverviewMatrix:
    (found,) = [each for each in overview.matrices if each.key == key]
    return found


def test_all_five_are_there_on_one_scale_with_intervals_around_their_values(overview: Overview) -> None:
    assert [each.key for each in overview.matrices] == ["recommended", "mask", "contrast", "labels", "gap"]
    for each in overview.matrices:
        assert (each.lowest, each.highest, each.level) == (-1.0, 1.0, 0.95)
        upper = np.triu_indices(4, k=1)
        for values in (each.values, each.low, each.high):
            np.testing.assert_array_equal(values, values.T)
        assert (each.low[upper] <= each.high[upper]).all()
        assert (np.abs(each.values[upper]) <= 1).all()


@pytest.mark.parametrize(("key", "estimand"), [("mask", "mean"), ("contrast", "contrast")])
def test_mask_tables_are_signed_over_every_cell(world, overview: Overview, key: str, estimand: str) -> None:
    statistics = read_statistics(world.run.masks_file)
    choices = Choices(map="mask", estimand=estimand, sign="signed", view="full")  # type: ignore[arg-type]
    found = matrix(overview, key)
    np.testing.assert_allclose(found.values, correlate_attributes(statistics, choices).values, atol=1e-12)
    drawn = draw_replicates(statistics, choices, generator=np.random.default_rng(0), n_replicates=100)
    np.testing.assert_array_equal(found.low, estimate_intervals(drawn).low)
    assert choices.describe() in found.detail


def test_the_table_of_labels_is_pearsons_r_of_the_labels(world, overview: Overview) -> None:
    labels = read_images(world.run.masks_file).labels.astype(float)
    np.testing.assert_allclose(matrix(overview, "labels").values, np.corrcoef(labels.T), atol=1e-12)


def test_the_gap_is_the_rank_of_masks_minus_that_of_labels_by_a_slow_loop(overview: Overview) -> None:
    table, phi, gap = (matrix(overview, key).values for key in ("recommended", "labels", "gap"))
    pairs = [(a, b) for a in range(4) for b in range(a + 1, 4)]

    def rank(values: dict[tuple[int, int], float], pair: tuple[int, int]) -> float:
        return (sum(v < values[pair] for v in values.values()) + 0.5) / len(values)  # no ties here

    share, related = {p: table[p] for p in pairs}, {p: abs(phi[p]) for p in pairs}
    for pair in pairs:
        assert gap[pair] == pytest.approx(rank(share, pair) - rank(related, pair))
    assert np.isnan(np.diag(gap)).all()


def test_without_resamples_four_are_left_and_none_has_an_interval(world) -> None:
    settings = OverviewSettings(n_replicates=0)
    statistics = read_statistics(world.run.masks_file)
    found = make_matrices(statistics, relate(world.run, settings), settings)
    assert [each.key for each in found] == ["recommended", "mask", "contrast", "labels"]
    for each in found:
        assert (each.low, each.high, each.level) == (None, None, None)
        assert np.isfinite(each.values).all()
