from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mamviz.errors import StatisticsError
from mamviz.pruning.redundancy import Duplicate, DuplicateGroup, near_duplicates, report
from mamviz.schema import ChannelReport, ChannelRow, Choices, Correlation
from tests.core.stats.raw import ATTRIBUTES, Raw, fill, make_raw


def correlation_of(values: npt.ArrayLike) -> Correlation:
    table = np.asarray(values, dtype=np.float64)
    names = tuple(str(channel) for channel in range(len(table)))
    return Correlation(axis="channel", names=names, values=table, choices=Choices(), n_images=10)


def test_the_most_used_of_a_group_represents_it() -> None:
    values = [[1, 0.97, 0.1], [0.97, 1, 0.2], [0.1, 0.2, 1]]
    assert near_duplicates(correlation_of(values), [1, 2, 3]) == (DuplicateGroup(1, (Duplicate(0, 0.97),)),)
    assert near_duplicates(correlation_of(values), [2, 1, 3]) == (DuplicateGroup(0, (Duplicate(1, 0.97),)),)


def test_a_mirrored_channel_is_a_duplicate_and_keeps_its_sign() -> None:
    groups = near_duplicates(correlation_of([[1, -0.99], [-0.99, 1]]), [2, 1])
    assert groups == (DuplicateGroup(0, (Duplicate(1, -0.99),)),)


def test_likeness_does_not_spread_along_a_chain() -> None:
    """0 is like 1 and 1 is like 2, but 2 is not like 0, which stands for 1."""
    values = [[1, 0.96, 0.9], [0.96, 1, 0.96], [0.9, 0.96, 1]]
    assert near_duplicates(correlation_of(values), [3, 2, 1]) == (DuplicateGroup(0, (Duplicate(1, 0.96),)),)
    middle = near_duplicates(correlation_of(values), [2, 3, 1])
    assert middle == (DuplicateGroup(1, (Duplicate(0, 0.96), Duplicate(2, 0.96))),)


def test_a_channel_repeats_the_kept_one_it_is_closest_to() -> None:
    values = [[1, 0.9, 0.95], [0.9, 1, 0.99], [0.95, 0.99, 1]]
    groups = near_duplicates(correlation_of(values), [3, 2, 1], threshold=0.93)
    assert groups == (DuplicateGroup(1, (Duplicate(2, 0.99),)),)


def test_the_threshold_itself_counts() -> None:
    values = [[1, 0.5], [0.5, 1]]
    assert len(near_duplicates(correlation_of(values), [1, 1], threshold=0.5)) == 1
    assert near_duplicates(correlation_of(values), [1, 1], threshold=0.500001) == ()


def test_equal_usage_keeps_the_channels_order() -> None:
    assert near_duplicates(correlation_of(np.ones((3, 3))), [1, 1, 1])[0].representative == 0


def test_undefined_channels_repeat_nothing() -> None:
    values = np.ones((3, 3))
    values[1], values[:, 1] = np.nan, np.nan
    groups = near_duplicates(correlation_of(values), [1, 3, 2])
    assert groups == (DuplicateGroup(2, (Duplicate(0, 1.0),)),)


@given(seed=st.integers(0, 2**32 - 1), threshold=st.floats(0.05, 1))
@settings(max_examples=50, deadline=None)
def test_kept_channels_are_unlike_and_duplicates_are_like_one_used_more(seed: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    values = np.atleast_2d(np.corrcoef(rng.normal(size=(9, 4))))
    usage = rng.permutation(9)
    groups = near_duplicates(correlation_of(values), usage, threshold=threshold)
    gone = [found.channel for group in groups for found in group.duplicates]
    kept = [channel for channel in range(9) if channel not in gone]
    likeness = np.abs(values[np.ix_(kept, kept)]) - np.eye(len(kept))
    assert likeness.max() < threshold + 1e-9  # the diagonal of corrcoef is 1 up to rounding
    for group in groups:
        for found in group.duplicates:
            assert abs(values[found.channel, group.representative]) >= threshold
            assert usage[group.representative] > usage[found.channel]
            assert found.r == values[found.channel, group.representative]


@pytest.mark.parametrize("threshold", [0.0, 1.1, float("nan")])
def test_a_threshold_that_makes_no_sense_is_refused(threshold: float) -> None:
    with pytest.raises(StatisticsError, match=f"^threshold: expected above 0 up to 1, got {threshold}"):
        near_duplicates(correlation_of(np.eye(2)), [1.0, 1.0], threshold=threshold)


def test_usage_of_other_channels_is_refused() -> None:
    with pytest.raises(StatisticsError, match=r"^usage: expected one for each of 2 channels, got the shape \(1,\)"):
        near_duplicates(correlation_of(np.eye(2)), [1.0], threshold=0.9)


def planted(seed: int = 0) -> Raw:
    """Channel 0 is channel 2 mirrored and weaker, 1 is never active, 3 is hardly read, 4 and 5 are like nothing."""
    raw = make_raw(seed, n_images=80, n_channels=6)
    raw.mask[:, :, 0] = raw.mask[:, :, 2]
    raw.features[:, 0] = raw.features[:, 2]
    raw.readout[:, 0] = -0.5 * raw.readout[:, 2]
    raw.features[:, 1] = 0
    raw.readout[:, 3] = 1e-3
    raw.readout[:, 4:] = [1.0, -1.0]
    return raw


def by_channel(result: ChannelReport) -> dict[int, ChannelRow]:
    return {row.channel: row for row in result.rows}


def test_the_report_finds_what_was_planted() -> None:
    result = report(fill(planted()))
    rows = by_channel(result)
    assert result.dead == (1,)
    assert {row.channel for row in result.candidates} == {0, 1, 3}
    assert rows[0].candidate == "repeats channel 2 (r = -1.00)"
    assert rows[0].duplicate_of == 2
    assert rows[0].duplicate_r == pytest.approx(-1.0)
    assert rows[1].candidate == "dead: never active"
    assert rows[1].top_attributes == ()
    assert rows[3].candidate == f"least used: {100 * rows[3].usage:.2g} % of all evidence"
    assert (rows[4].candidate, rows[4].duplicate_of, rows[4].duplicate_r) == (None, None, None)
    assert result.n_images == 80


def test_rows_are_in_the_order_of_usage() -> None:
    rows = report(fill(planted())).rows
    shares = [row.usage for row in rows]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1)
    assert rows[-1].channel == 1
    assert sorted(row.channel for row in rows) == [0, 1, 2, 3, 4, 5]


def test_top_attributes_are_those_with_the_most_evidence() -> None:
    raw = planted()
    row = by_channel(report(fill(raw)))[4]
    usage = np.abs(raw.evidence[:, :, 4]).sum(axis=(0, 2, 3))
    order = np.argsort(-usage)[:3]
    assert [name for name, _ in row.top_attributes] == [ATTRIBUTES[k] for k in order]
    assert [share for _, share in row.top_attributes] == pytest.approx((usage / usage.sum())[order].tolist())


def test_default_choices_compare_evidence_across_images() -> None:
    """The pooled correlation of two channels' raw evidence, cell by cell."""
    raw = planted()
    result = report(fill(raw))
    assert result.correlation.choices == Choices(map="evidence", sign="signed", estimand="across", view="full")
    cells = raw.evidence.swapaxes(1, 2).reshape(80, 6, -1)
    cells = cells - cells.mean(axis=0)
    expected = (cells[:, 4] * cells[:, 5]).sum() / np.sqrt((cells[:, 4] ** 2).sum() * (cells[:, 5] ** 2).sum())
    assert result.correlation.values[4, 5] == pytest.approx(expected, abs=1e-10)


def test_a_dead_channel_repeats_nothing_even_where_its_masks_do() -> None:
    raw = planted()
    raw.mask[:, :, 1] = raw.mask[:, :, 4]
    masks = Choices(map="mask", sign="signed", estimand="mean", view="full")
    result = report(fill(raw), choices=masks)
    assert result.correlation.values[1, 4] == pytest.approx(1.0)
    assert by_channel(result)[1].duplicate_of is None
    assert by_channel(result)[1].candidate == "dead: never active"


def test_a_channel_without_readers_is_dead_in_other_words() -> None:
    raw = planted()
    raw.readout[:, 3] = 0
    result = report(fill(raw))
    assert result.dead == (1, 3)
    assert by_channel(result)[3].candidate == "dead: active, but no attribute uses it"


def test_two_reasons_are_both_given() -> None:
    raw = planted()
    raw.readout[:, 0] = 1e-3 * raw.readout[:, 2]
    candidate = by_channel(report(fill(raw)))[0].candidate
    assert candidate is not None
    assert candidate.startswith("repeats channel 2 (r = 1.00); least used: 0.0")


def test_low_usage_is_a_part_of_an_even_share() -> None:
    stats = fill(planted())
    assert by_channel(report(stats, low_usage=0.0))[3].candidate is None
    rows = report(stats, low_usage=1.0).rows
    for row in rows:
        if row.channel not in (0, 1):
            assert (row.candidate is not None) == (row.usage < 1 / 6)


def test_one_image_is_refused() -> None:
    with pytest.raises(StatisticsError, match=r"at least 2 image\(s\), got 1"):
        report(fill(planted(), rows=[3]))


@pytest.mark.parametrize("low_usage", [-0.1, 1.5])
def test_a_low_usage_beyond_an_even_share_is_refused(low_usage: float) -> None:
    with pytest.raises(StatisticsError, match="low_usage: expected 0 to 1"):
        report(fill(planted()), low_usage=low_usage)
