from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from mamviz.analysis import Analysis, analyse, measure_certainty
from mamviz.errors import MaskFileError, StatisticsError
from mamviz.schema import (
    Axis,
    Certainty,
    Choices,
    ComparedRun,
    Provenance,
    Stability,
    TableAgreement,
)
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.stats.intervals import draw_replicates
from mamviz.stats.multiplicity import test_against_null as compare_with_null
from mamviz.stats.nulls import null_correlations
from mamviz.stats.reliability import measure_reliability
from mamviz.store.analysis import group_name, read_analysis
from mamviz.store.masks import mask_provenance, read_statistics
from mamviz.store.stability import write_stability
from tests.core.seeded import shared_images, write_masks
from tests.core.stats.ranked import rank_with_certainty
from tests.core.store.drawn import ATTRIBUTES, PROVENANCE, draw_plan, fill
from tests.reports.agreed import agreement_of

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


CONTRAST = Choices(sign="signed", estimand="contrast", view="full")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the masks of 160 images in 16 blocks."""
    folder = tmp_path_factory.mktemp("certain")
    write_masks(folder / "masks.h5", shared_images(), run="one")
    return folder


def measure(
    folder: Path,
    *,
    choices: Choices = CONTRAST,
    axis: Axis = "attribute",
    results: Path | None = None,
    n_replicates: int = 100,
    seed: int = 0,
) -> tuple[Analysis, Certainty]:
    masks, kept = folder / "masks.h5", results or folder / "analysis.h5"
    found = analyse(masks, kept, axis=axis, choices=choices, top=2)
    return found, measure_certainty(masks, kept, found.ranking, n_replicates=n_replicates, seed=seed)


def numbers_of(certainty: Certainty) -> list[float]:
    """Everything that is drawn."""
    intervals, tests = certainty.ranking.intervals, certainty.significance
    arrays = [intervals.low, intervals.high, certainty.ranking.inclusion]
    arrays += [] if tests is None else [tests.p, tests.p_max, tests.null_mean]
    arrays += [np.array([[row.value, row.low, row.high] for row in certainty.reliability.rows])]
    return [float(value) for array in arrays for value in array.ravel()]


def test_certainty_is_made_of_its_parts_each_with_draws_of_its_own(folder: Path) -> None:
    found, certainty = measure(folder, seed=4)
    statistics = read_statistics(folder / "masks.h5")
    draws = [np.random.default_rng([4, step]) for step in range(3)]
    replicates = draw_replicates(statistics, CONTRAST, generator=draws[0], n_replicates=100)
    expected = rank_with_certainty(replicates, top=2)
    np.testing.assert_array_equal(certainty.ranking.intervals.low, expected.intervals.low)
    assert certainty.ranking.rows == expected.rows
    assert certainty.ranking.cutoffs == expected.cutoffs
    assert [row.name for row in certainty.ranking.rows] == [row.name for row in found.ranking.rows]
    assert certainty.reliability == measure_reliability(statistics, CONTRAST, generator=draws[1])
    null = null_correlations(statistics, CONTRAST, n_replicates=100, generator=draws[2])
    tests = compare_with_null(found.correlation.values, null)
    assert certainty.significance is not None
    for entry in fields(tests):
        np.testing.assert_array_equal(getattr(certainty.significance, entry.name), getattr(tests, entry.name))
    assert certainty.seeds is None


def test_the_same_seed_gives_the_same_numbers_and_another_gives_others(folder: Path) -> None:
    first, again, other = (numbers_of(measure(folder, seed=seed)[1]) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other, equal_nan=True)


def test_certainty_is_kept_beside_its_table(folder: Path) -> None:
    _, certainty = measure(folder)
    with h5py.File(folder / "analysis.h5") as handle:
        group = handle[group_name("attribute", CONTRAST)]["certainty"]
        np.testing.assert_array_equal(group["low"][:], certainty.ranking.intervals.low)
        assert group.attrs["n_blocks"] == 16
        assert group.attrs["n_replicates"] == 100


@pytest.mark.parametrize(
    ("axis", "estimand", "tested"),
    [
        ("attribute", "adjusted", True),
        ("attribute", "mean", False),
        ("attribute", "image", False),
        ("channel", "across", False),
        ("channel", "contrast", True),
    ],
)
def test_only_tables_that_use_labels_are_tested_against_shuffled_ones(
    folder: Path, axis: Axis, estimand: str, tested: bool
) -> None:
    choices = Choices(sign="signed", estimand=estimand, view="full")  # type: ignore[arg-type]
    found, certainty = measure(folder, choices=choices, axis=axis)
    assert (certainty.significance is not None) == tested
    intervals = certainty.ranking.intervals
    assert intervals.correlation.names == found.correlation.names
    known = np.isfinite(intervals.low)
    assert known.any()
    assert (intervals.low <= intervals.high)[known].all()


def test_large_tables_have_fewer_replicates_but_never_under_100(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mamviz.analysis.MOST_NUMBERS", 5 * 5 * 150)
    _, certainty = measure(folder, n_replicates=1000)
    assert certainty.ranking.intervals.n_replicates == 150
    assert certainty.significance is not None
    assert certainty.significance.n_replicates == 150
    assert certainty.reliability.n_splits == 150
    monkeypatch.setattr("mamviz.analysis.MOST_NUMBERS", 1)
    _, certainty = measure(folder, n_replicates=1000)
    assert certainty.ranking.intervals.n_replicates == certainty.reliability.n_splits == 100


def test_too_few_replicates_are_refused_before_anything_is_read(tmp_path: Path, folder: Path) -> None:
    ranking = measure(folder)[0].ranking
    with pytest.raises(StatisticsError, match=r"Expected 100 replicates or more, got 99\. Take 1000, or 0"):
        measure_certainty(tmp_path / "missing.h5", tmp_path / "analysis.h5", ranking, n_replicates=99)


def test_too_few_blocks_are_refused(masks: Path, tmp_path: Path) -> None:
    found = analyse(masks, tmp_path / "analysis.h5", choices=SIGNED_MEAN)
    with pytest.raises(StatisticsError, match="at least 10 blocks with images and 1 replicate, got 2 and 100"):
        measure_certainty(masks, tmp_path / "analysis.h5", found.ranking, n_replicates=100)


def test_progress_is_told_step_by_step(folder: Path) -> None:
    told: list[tuple[int, int, str]] = []
    found = analyse(folder / "masks.h5", folder / "analysis.h5", choices=CONTRAST)
    measure_certainty(
        folder / "masks.h5",
        folder / "analysis.h5",
        found.ranking,
        n_replicates=100,
        progress=lambda done, total, note="": told.append((done, total, note)),
    )
    assert told == [(0, 3, "intervals"), (1, 3, "reliability"), (2, 3, "null of shuffled labels"), (3, 3, "")]


def stability_with(origin: Provenance, *tables: TableAgreement) -> Stability:
    run = ComparedRun(
        name="one",
        model_sha256=origin.model_sha256,
        fingerprint=origin.fingerprint,
        split=origin.split,
        data=origin.data,
        n_images=origin.n_images,
    )
    return Stability(runs=(run, replace(run, name="two")), tables=tables, paired=True, level=0.95)


def agreement_on(choices: Choices, value: float, *, axis: Axis = "attribute") -> TableAgreement:
    return TableAgreement(
        name=f"{axis} {value}",
        axis=axis,
        choices=choices,
        agreements=(agreement_of("one", "two", value=value),),
        n_replicates=9,
    )


def test_what_other_seeds_say_of_this_very_table_is_taken_up(folder: Path, tmp_path: Path) -> None:
    origin = mask_provenance(folder / "masks.h5")
    tables = (
        agreement_on(Choices(), 0.25),
        agreement_on(CONTRAST, 0.5, axis="channel"),
        agreement_on(CONTRAST, 0.75),
    )
    write_stability(tmp_path, stability_with(origin, *tables))
    _, certainty = measure(folder, results=tmp_path / "analysis.h5")
    assert certainty.seeds == tables[2]
    _, other = measure(folder, results=tmp_path / "analysis.h5", choices=SIGNED_MEAN)
    assert other.seeds is None


@pytest.mark.parametrize("change", ["model_sha256", "fingerprint", "split"])
def test_what_was_said_of_other_masks_is_not(folder: Path, tmp_path: Path, change: str) -> None:
    origin = replace(mask_provenance(folder / "masks.h5"), **{change: "other"})  # type: ignore[arg-type]
    write_stability(tmp_path, stability_with(origin, agreement_on(CONTRAST, 0.75)))
    assert measure(folder, results=tmp_path / "analysis.h5")[1].seeds is None


def test_a_table_is_trusted_where_halves_and_seeds_agree(folder: Path) -> None:
    _, certainty = measure(folder)
    spearman = replace(certainty.reliability.spearman, value=0.9)
    sure = replace(certainty, reliability=replace(certainty.reliability, spearman=spearman))
    assert sure.trusted
    assert replace(sure, seeds=agreement_on(CONTRAST, 0.9)).trusted
    assert not replace(sure, seeds=agreement_on(CONTRAST, 0.89)).trusted
    assert not replace(sure, seeds=agreement_on(CONTRAST, float("nan"))).trusted
    low = replace(certainty.reliability, spearman=replace(spearman, value=0.89))
    assert not replace(sure, reliability=low).trusted
