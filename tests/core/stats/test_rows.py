from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import pytest

from mamviz.errors import StatisticsError
from mamviz.schema import Axis, BlockStatistics, Choices, Floats, Replicates
from mamviz.stats.across import correlate_across_rows
from mamviz.stats.inclusion import certify
from mamviz.stats.intervals import draw_replicates
from mamviz.stats.ranking import rank_neighbours
from mamviz.stats.rows import RowReplicates, draw_rows, require_units, rows_of
from tests.core.stats.ranked import rank_with_certainty
from tests.core.stats.raw import fill, make_raw, many_names

# Rows of a table are products of other matrices than the whole; what is subtracted on the way leaves a few digits less.
TOLERANCE = 1e-10

CHOICES: list[tuple[Axis, Choices]] = [
    ("attribute", Choices()),
    ("attribute", Choices(sign="signed", estimand="contrast", view="channel", centring="common")),
    ("attribute", Choices(sign="signed", estimand="across", view="full")),
    ("attribute", Choices(sign="signed", estimand="image", view="full")),
    ("channel", Choices(map="evidence", sign="signed", estimand="across", view="full")),
    ("channel", Choices(estimand="mean", view="channel")),
    ("channel", Choices(sign="signed", estimand="across", view="full", centring="common")),
]


@pytest.fixture(scope="module")
def stats() -> BlockStatistics:
    return fill(make_raw(0, n_images=300, n_blocks=16, n_channels=6), n_blocks=18)  # two blocks are empty


def draw(stats: BlockStatistics, choices: Choices, axis: Axis) -> tuple[Replicates, list[RowReplicates]]:
    settings = {"axis": axis, "n_replicates": 60}
    whole = draw_replicates(stats, choices, generator=np.random.default_rng(0), **settings)  # type: ignore[arg-type]
    return whole, list(draw_rows(stats, choices, generator=np.random.default_rng(0), **settings))  # type: ignore[arg-type]


def assert_rows(parts: list[RowReplicates], whole: Replicates) -> None:
    n = len(whole.correlation.names)
    assert [name for part in parts for name in range(n)[part.rows]] == list(range(n))
    off = np.where(np.eye(n, dtype=np.bool_), np.nan, 1.0)
    for name in ("drawn", "left_out"):
        found: Floats = np.tanh(np.concatenate([getattr(part, name) for part in parts], axis=1)) * off
        np.testing.assert_allclose(found, getattr(whole, name) * off, atol=TOLERANCE)
    assert {part.n_blocks for part in parts} == {whole.n_blocks}


@pytest.mark.parametrize(("axis", "choices"), CHOICES, ids=lambda each: getattr(each, "estimand", each))
def test_rows_drawn_a_few_at_a_time_are_those_of_the_whole_replicates(
    stats: BlockStatistics, axis: Axis, choices: Choices, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, at_once = draw(stats, choices, axis)
    assert_rows(at_once, whole)
    for name, most in (("rows.DRAWN_NUMBERS", 700), ("rows.CHUNK_NUMBERS", 400), ("maps.CHUNK_CELLS", 300)):
        monkeypatch.setattr(f"mamviz.stats.{name}", most)
    _, parts = draw(stats, choices, axis)
    assert len(parts) > 1
    assert_rows(parts, whole)


def test_a_label_that_some_draws_lack_is_undefined_in_them_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = make_raw(0, n_images=300, n_blocks=16)
    raw.labels[:, 2] = raw.blocks == 3
    stats = fill(raw, n_blocks=16)
    for choices in (Choices(estimand="contrast"), Choices(estimand="contrast", centring="common")):
        whole, _ = draw(stats, choices, "attribute")
        assert 0 < np.isnan(whole.drawn[:, 2, 0]).sum() < 60
        monkeypatch.setattr("mamviz.stats.rows.DRAWN_NUMBERS", 700)
        assert_rows(draw(stats, choices, "attribute")[1], whole)
        monkeypatch.undo()


@pytest.mark.parametrize("axis", ["attribute", "channel"])
def test_a_ranking_of_three_hundred_names_is_as_sure_in_rows_as_at_once(
    axis: Axis, monkeypatch: pytest.MonkeyPatch
) -> None:
    stats = many_names(300, axis=axis)
    choices = Choices() if axis == "attribute" else Choices(sign="signed", estimand="across", view="full")
    whole = draw_replicates(stats, choices, generator=np.random.default_rng(0), axis=axis, n_replicates=40)
    expected = rank_with_certainty(whole)
    monkeypatch.setattr("mamviz.stats.rows.DRAWN_NUMBERS", 2**20)
    monkeypatch.setattr("mamviz.stats.rows.CHUNK_NUMBERS", 2**18)
    parts = draw_rows(stats, choices, generator=np.random.default_rng(0), axis=axis, n_replicates=40)
    found = certify(rank_neighbours(whole.correlation), parts)
    for name in ("low", "high", "standard_error", "jackknife_error", "bias"):
        got, held = getattr(found.intervals, name), getattr(expected.intervals, name)
        np.testing.assert_allclose(got, held, atol=1e-9, err_msg=name)
    np.testing.assert_array_equal(found.inclusion, expected.inclusion)
    assert [(row.name, row.rank_low, row.rank_high) for row in found.rows] == [
        (row.name, row.rank_low, row.rank_high) for row in expected.rows
    ]
    assert (found.ties, found.cutoffs) == (expected.ties, expected.cutoffs)


def test_drawn_rows_are_let_go_before_the_next_are_made(
    stats: BlockStatistics, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[Floats]] = []
    alive: list[int] = []

    def watch(*given: Any) -> Floats:
        alive.append(sum(each() is not None for each in made))
        found = correlate_across_rows(*given)
        made.append(weakref.ref(found))
        return found

    monkeypatch.setattr("mamviz.stats.rows.correlate_across_rows", watch)
    monkeypatch.setattr("mamviz.stats.rows.DRAWN_NUMBERS", 60 * 5)
    choices = Choices(sign="signed", estimand="across", view="full")
    for part in draw_rows(stats, choices, generator=np.random.default_rng(0), n_replicates=60):
        del part
    assert alive == [0, 1] * 5  # a row at a time, of the draws and then of the blocks left out


def test_held_replicates_are_cut_into_rows(stats: BlockStatistics, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = draw_replicates(stats, Choices(), generator=np.random.default_rng(0), n_replicates=20)
    monkeypatch.setattr("mamviz.stats.rows.CHUNK_NUMBERS", 250)
    parts = list(rows_of(whole))
    assert [part.drawn.shape for part in parts] == [(20, 2, 5), (20, 2, 5), (20, 1, 5)]
    assert_rows(parts, whole)


def test_too_few_blocks_are_refused_with_what_to_do() -> None:
    with pytest.raises(StatisticsError, match="at least 10 blocks with images and 1 replicate, got 6 and 100"):
        require_units(fill(make_raw(0), n_blocks=6), 100)
