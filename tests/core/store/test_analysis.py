from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from mamviz.errors import MaskFileError
from mamviz.schema import (
    Axis,
    CertainRanking,
    Certainty,
    Choices,
    Clustering,
    Correlation,
    Floats,
    Interval,
    Intervals,
    Reliability,
    Significance,
)
from mamviz.stats.clustering import cluster
from mamviz.store.analysis import group_name, read_analysis, write_analysis, write_certainty
from tests.core.store.drawn import PROVENANCE

READ_LITERALLY = Choices(sign="signed", estimand="mean", view="full")


def draw_correlation(
    seed: int, *, axis: Axis = "attribute", choices: Choices | None = None, undefined: tuple[str, ...] = ()
) -> Correlation:
    names = ("Größe", "b", "c", "d", "e") if axis == "attribute" else ("0", "1", "2", "3", "4", "5")
    values: Floats = np.array(np.corrcoef(np.random.default_rng(seed).normal(size=(len(names), 9))))
    for name in undefined:
        values[names.index(name)] = np.nan
        values[:, names.index(name)] = np.nan
    return Correlation(
        axis=axis, names=names, values=values, choices=choices or Choices(), n_images=7, undefined=undefined
    )


def write(file: Path, correlation: Correlation, **changes: str) -> Clustering:
    clustering = cluster(correlation)
    write_analysis(file, correlation, clustering, provenance=replace(PROVENANCE, **changes))  # type: ignore[arg-type]
    return clustering


def read(file: Path, correlation: Correlation) -> tuple[Correlation, Clustering]:
    return read_analysis(file, axis=correlation.axis, choices=correlation.choices)


def assert_equal(got: tuple[Correlation, Clustering], correlation: Correlation, clustering: Clustering) -> None:
    np.testing.assert_array_equal(got[0].values, correlation.values)
    assert replace(got[0], values=correlation.values) == correlation
    np.testing.assert_array_equal(got[1].linkage, clustering.linkage)
    np.testing.assert_array_equal(got[1].order, clustering.order)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "analysis.h5"


@pytest.mark.parametrize("axis", ["attribute", "channel"])
def test_a_correlation_is_read_as_it_was_written(file: Path, axis: Axis) -> None:
    correlation = draw_correlation(0, axis=axis)
    clustering = write(file, correlation)
    assert_equal(read(file, correlation), correlation, clustering)


@pytest.mark.parametrize("undefined", [("b",), ("b", "e"), ("Größe", "b", "c", "d"), ("Größe", "b", "c", "d", "e")])
def test_undefined_names_are_kept_apart(file: Path, undefined: tuple[str, ...]) -> None:
    correlation = draw_correlation(1, undefined=undefined)
    clustering = write(file, correlation)
    assert_equal(read(file, correlation), correlation, clustering)


def test_correlations_with_other_choices_stand_beside_each_other(file: Path) -> None:
    correlations = [
        draw_correlation(0),
        draw_correlation(1, choices=READ_LITERALLY),
        draw_correlation(2, axis="channel"),
        draw_correlation(3, choices=Choices(centring="common")),
    ]
    orders = [write(file, correlation) for correlation in correlations]
    for correlation, clustering in zip(correlations, orders, strict=True):
        assert_equal(read(file, correlation), correlation, clustering)


def test_the_same_choices_replace_what_was_there(file: Path) -> None:
    write(file, draw_correlation(0))
    again = draw_correlation(5)
    clustering = write(file, again)
    assert_equal(read(file, again), again, clustering)


@pytest.mark.parametrize("change", ["model_sha256", "fingerprint", "split", "run", "version"])
def test_numbers_of_other_masks_are_dropped(file: Path, change: str) -> None:
    write(file, draw_correlation(0))
    other = draw_correlation(1, choices=READ_LITERALLY)
    write(file, other, **{change: "other"})
    with pytest.raises(MaskFileError, match="has no attribute/mask/absolute/adjusted/spatial/none"):
        read(file, draw_correlation(0))
    assert read(file, other)[0].choices == READ_LITERALLY


def test_numbers_of_the_same_masks_are_kept_where_a_folder_was_renamed(file: Path) -> None:
    first, other = draw_correlation(0), draw_correlation(1, choices=READ_LITERALLY)
    clustering = write(file, first)
    write(file, other, data="the same images, elsewhere")
    assert_equal(read(file, first), first, clustering)


def test_choices_that_were_not_computed_are_refused_with_those_that_were(file: Path) -> None:
    write(file, draw_correlation(0))
    with pytest.raises(MaskFileError) as caught:
        read_analysis(file, axis="channel", choices=READ_LITERALLY)
    message = str(caught.value)
    assert f"{file} has no channel/mask/signed/mean/full/none" in message
    assert "it has attribute/mask/absolute/adjusted/spatial/none. Run `mamviz correlate`" in message
    assert "\n" not in message


def test_the_path_of_a_correlation_names_every_choice() -> None:
    choices = Choices(map="evidence", sign="signed", estimand="across", view="full", centring="common")
    assert group_name("channel", choices) == "channel/evidence/signed/across/full/common"


@pytest.mark.parametrize("axis", ["attribute", "channel"])
def test_the_description_is_of_what_was_compared(file: Path, axis: Axis) -> None:
    write(file, draw_correlation(0, axis=axis))
    with h5py.File(file) as handle:
        description = handle[group_name(axis, Choices())].attrs["description"]
    assert description == Choices().describe(axis)


def test_a_broken_file_is_written_anew(file: Path) -> None:
    correlation = draw_correlation(0)
    clustering = write(file, correlation)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(MaskFileError, match="truncated"):
        read(file, correlation)
    write(file, correlation)
    assert_equal(read(file, correlation), correlation, clustering)
    assert list(file.parent.iterdir()) == [file]


def drop_order(group: h5py.Group) -> None:
    del group["order"]


def drop_count(group: h5py.Group) -> None:
    del group.attrs["n_images"]


def shorten_names(group: h5py.Group) -> None:
    names = group["names"][:-1]
    del group["names"]
    group["names"] = names


def repeat_linkage(group: h5py.Group) -> None:
    linkage = group["linkage"][:]
    del group["linkage"]
    group["linkage"] = np.concatenate([linkage, linkage])


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (drop_order, "a part is missing"),
        (drop_count, "a part is missing"),
        (shorten_names, r"none/values of shape \(4, 4\), got \(5, 5\)"),
        (repeat_linkage, r"none/linkage of shape \(4, 4\), got \(8, 4\)"),
    ],
)
def test_a_misfit_is_refused_by_name(file: Path, spoil: Callable[[h5py.Group], None], expected: str) -> None:
    correlation = draw_correlation(0)
    write(file, correlation)
    with h5py.File(file, "r+") as handle:
        spoil(handle[group_name("attribute", Choices())])
    with pytest.raises(MaskFileError, match=expected) as caught:
        read(file, correlation)
    assert "\n" not in str(caught.value)


def test_a_missing_file_says_what_writes_it(file: Path) -> None:
    with pytest.raises(MaskFileError, match="Write it with `mamviz correlate`"):
        read(file, draw_correlation(0))


def test_a_masks_file_is_no_analysis(file: Path) -> None:
    write(file, draw_correlation(0))
    with h5py.File(file, "r+") as handle:
        handle.attrs["kind"] = "masks"
    copy = Path(shutil.copy(file, file.with_name("other.h5")))
    with pytest.raises(MaskFileError, match="expected a file of analysis, got 'masks'"):
        read(copy, draw_correlation(0))


def test_another_schema_version_is_refused(file: Path) -> None:
    write(file, draw_correlation(0))
    with h5py.File(file, "r+") as handle:
        handle.attrs["schema_version"] = 9
    with pytest.raises(MaskFileError, match="schema version 9; this mamviz reads 1"):
        read(file, draw_correlation(0))


INTERVAL_ARRAYS = ("low", "high", "standard_error", "jackknife_error", "bias")
NULL_ARRAYS = ("p", "p_max", "q", "null_mean", "null_low", "null_high")


def draw_certainty(correlation: Correlation, seed: int, *, tested: bool = True) -> Certainty:
    """Numbers of which no two are equal; one pair is undefined."""
    generator = np.random.default_rng(seed)
    n = len(correlation.names)

    def draw() -> Floats:
        values = generator.random((n, n))
        values[0, 1] = np.nan
        return values

    intervals = Intervals(
        correlation=correlation,
        **{name: draw() for name in INTERVAL_ARRAYS},
        level=0.9,
        method="bca",
        n_replicates=123,
        n_blocks=45,
    )
    ranking = CertainRanking(
        rows=(), ties=(), cutoffs=(), inclusion=draw(), top=3, by="abs", level=0.9, intervals=intervals
    )
    spread = generator.random(3 * n).reshape(n, 3)
    reliability = Reliability(
        axis=correlation.axis,
        names=correlation.names,
        choices=correlation.choices,
        n_images=7,
        rows=tuple(Interval(*map(float, row)) for row in spread),
        maps=(),
        spearman=Interval(0.75, 0.5, 0.875),
        pearson=Interval(0.1, 0.2, 0.3),
        half_spearman=0.6,
        n_splits=9,
        n_blocks=45,
    )
    significance = Significance(
        t=draw(), **{name: draw() for name in NULL_ARRAYS}, n_replicates=123, null="shuffled labels", level=0.01
    )
    return Certainty(ranking=ranking, reliability=reliability, significance=significance if tested else None)


def certainty_group(handle: h5py.File, correlation: Correlation) -> h5py.Group:
    return handle[group_name(correlation.axis, correlation.choices)]["certainty"]


@pytest.mark.parametrize("axis", ["attribute", "channel"])
def test_certainty_stands_beside_the_table_it_is_of(file: Path, axis: Axis) -> None:
    correlation = draw_correlation(0, axis=axis)
    clustering = write(file, correlation)
    certainty = draw_certainty(correlation, 1)
    write_certainty(file, certainty, provenance=PROVENANCE)
    with h5py.File(file) as handle:
        group = certainty_group(handle, correlation)
        for name in INTERVAL_ARRAYS:
            np.testing.assert_array_equal(group[name][:], getattr(certainty.ranking.intervals, name))
        for name in NULL_ARRAYS:
            np.testing.assert_array_equal(group[name][:], getattr(certainty.significance, name))
        np.testing.assert_array_equal(group["inclusion"][:], certainty.ranking.inclusion)
        rows = [(row.value, row.low, row.high) for row in certainty.reliability.rows]
        np.testing.assert_array_equal(group["row_reliability"][:], rows)
        np.testing.assert_array_equal(group.attrs["reliability"], [0.75, 0.5, 0.875])
        kept = {name: group.attrs[name] for name in group.attrs if name != "reliability"}
    assert kept == {
        **{"method": "bca", "level": 0.9, "n_replicates": 123, "n_blocks": 45, "top": 3, "ranked_by": "abs"},
        **{"null": "shuffled labels", "null_level": 0.01},
    }
    assert_equal(read(file, correlation), correlation, clustering)


def test_a_table_that_was_not_tested_has_no_null(file: Path) -> None:
    correlation = draw_correlation(0)
    write(file, correlation)
    write_certainty(file, draw_certainty(correlation, 1, tested=False), provenance=PROVENANCE)
    with h5py.File(file) as handle:
        group = certainty_group(handle, correlation)
        assert set(group) == {*INTERVAL_ARRAYS, "inclusion", "row_reliability"}
        assert "null" not in group.attrs


def test_a_new_certainty_replaces_the_old_one_whole(file: Path) -> None:
    correlation = draw_correlation(0)
    write(file, correlation)
    write_certainty(file, draw_certainty(correlation, 1), provenance=PROVENANCE)
    again = draw_certainty(correlation, 2, tested=False)
    write_certainty(file, again, provenance=PROVENANCE)
    with h5py.File(file) as handle:
        group = certainty_group(handle, correlation)
        np.testing.assert_array_equal(group["low"][:], again.ranking.intervals.low)
        assert not set(NULL_ARRAYS) & set(group)


def test_a_table_that_is_computed_anew_loses_its_certainty_and_others_keep_theirs(file: Path) -> None:
    first, other = draw_correlation(0), draw_correlation(1, choices=READ_LITERALLY)
    for correlation in (first, other):
        write(file, correlation)
        write_certainty(file, draw_certainty(correlation, 3), provenance=PROVENANCE)
    write(file, draw_correlation(5))
    with h5py.File(file) as handle:
        assert "certainty" not in handle[group_name(first.axis, first.choices)]
        assert "certainty" in handle[group_name(other.axis, other.choices)]


def test_certainty_of_a_table_that_is_not_there_is_refused_and_changes_nothing(file: Path) -> None:
    write(file, draw_correlation(0))
    before = file.read_bytes()
    missing = draw_certainty(draw_correlation(1, choices=READ_LITERALLY), 1)
    with pytest.raises(MaskFileError, match=r"has no attribute/mask/signed/mean/full/none; it has .* Analyse it first"):
        write_certainty(file, missing, provenance=PROVENANCE)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("change", ["model_sha256", "fingerprint", "split"])
def test_certainty_of_other_masks_is_refused(file: Path, change: str) -> None:
    correlation = draw_correlation(0)
    write(file, correlation, **{change: "other"})
    with pytest.raises(
        MaskFileError, match=r"expected an analysis of these masks, found none\. Run `mamviz correlate`"
    ):
        write_certainty(file, draw_certainty(correlation, 1), provenance=PROVENANCE)
    file.unlink()
    with pytest.raises(MaskFileError, match="expected an analysis of these masks"):
        write_certainty(file, draw_certainty(correlation, 1), provenance=PROVENANCE)
    assert not file.exists()


def test_a_file_does_not_grow_when_a_table_is_computed_again(file: Path) -> None:
    first, other = draw_correlation(0), draw_correlation(1, choices=READ_LITERALLY)
    sizes = []
    for _ in range(3):
        for correlation in (first, other):
            write(file, correlation)
            write_certainty(file, draw_certainty(correlation, 3), provenance=PROVENANCE)
        sizes.append(file.stat().st_size)
    assert sizes[2] <= sizes[1] <= sizes[0] + 4096  # a page of HDF5's own
