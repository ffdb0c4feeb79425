from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mamviz.errors import StatisticsError
from mamviz.run import open_run, write_json
from mamviz.schema import NAMED_TABLES, RECOMMENDED, Choices, FeatureProducts
from mamviz.stability import CHANNELS, compare_runs
from mamviz.stats.agreement import second_order_similarity, top_overlap
from mamviz.stats.comparison import AgreementSettings
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.stats.matching import match_channels, pick_channels
from mamviz.store.masks import read_statistics
from tests.core.made import make_config, make_data, make_run
from tests.core.seeded import provenance_of, seen_by, shared_images, write_masks

FEW = AgreementSettings(n_replicates=40, n_permutations=99)
LITERAL = Choices(sign="signed", estimand="mean", view="full")


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Three runs of the same images: the first two are near each other, the third is far off."""
    folder, raw = tmp_path_factory.mktemp("three"), shared_images()
    return tuple(
        write_masks(folder / f"{name}.h5", seen_by(raw, seed, own=own), run=name)
        for seed, (name, own) in enumerate((("near", 0.1), ("nearer", 0.1), ("far", 2.0)))
    )


def draw_products(seed: int, *, order: tuple[int, ...] = (2, 0, 3, 1)) -> FeatureProducts:
    """Features of two networks of four channels, the second a permuted noisy copy."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(300, 4))
    side = np.concatenate([first, first[:, order] + 0.2 * rng.normal(size=(300, 4))], axis=1)
    return FeatureProducts(channels=(4, 4), n_images=300, count=300, total=side.sum(axis=0), gram=side.T @ side)


def test_every_pair_of_runs_has_its_figures_for_every_table(three: tuple[Path, ...]) -> None:
    settings = replace(FEW, tables={"recommended": RECOMMENDED["attribute"], "literal": LITERAL}, top=2)
    found = compare_runs(three, settings, generator=np.random.default_rng(0))
    assert [table.name for table in found.stability.tables] == ["recommended", "literal"]
    statistics = {name: read_statistics(file) for name, file in zip(("near", "nearer", "far"), three, strict=True)}
    for table in found.stability.tables:
        pairs = [(each.first, each.second) for each in table.agreements]
        assert pairs == list(itertools.combinations(statistics, 2))
        for each in table.agreements:
            ours, theirs = (correlate_attributes(statistics[run], table.choices) for run in (each.first, each.second))
            assert each.spearman.value == second_order_similarity(ours, theirs)
            assert each.overlap == top_overlap(ours, theirs, top=2)
            assert each.n_pairs == 10
            assert 0 < each.mantel.p_greater <= 1
        assert table.mean == pytest.approx(np.mean([each.spearman.value for each in table.agreements]))
    near = found.stability.tables[1].agreements[0]
    assert near.spearman.low < near.spearman.value < near.spearman.high
    assert near.spearman.value > 0.9
    assert "far" in (found.stability.tables[1].lowest.first, found.stability.tables[1].lowest.second)
    first = correlate_attributes(statistics["near"], Choices())
    np.testing.assert_array_equal(found.correlations[0].values, first.values)
    assert found.stability.paired
    assert found.stability.same_settings is None


def test_a_run_and_its_copy_agree_wholly_because_they_share_their_draws(tmp_path: Path) -> None:
    raw = shared_images()
    first = write_masks(tmp_path / "a.h5", raw, run="a")
    for images, low, high in (("f00d", 0.99, 1.0), ("other images", -1.0, 0.98)):
        origin = replace(provenance_of("b", 160), fingerprint=images)
        second = write_masks(tmp_path / f"{images}.h5", raw, run="b", origin=origin)
        found = compare_runs([first, second], FEW, generator=np.random.default_rng(0)).stability
        assert found.paired == (images == "f00d")
        spearman = found.tables[0].agreements[0].spearman
        assert spearman.value == pytest.approx(1.0)
        assert low < spearman.low < high  # draws of their own spread


def test_the_same_generator_gives_the_same_figures(three: tuple[Path, ...]) -> None:
    first, second, third = (
        compare_runs(three[:2], FEW, generator=np.random.default_rng(seed)).stability for seed in (1, 1, 2)
    )
    assert first == second
    assert first.tables[0].agreements[0].spearman.low != third.tables[0].agreements[0].spearman.low


def test_channels_are_compared_after_they_were_matched(tmp_path: Path) -> None:
    """The second run is the first with its channels in another order: matched, it is the same table."""
    raw, order = shared_images(), (2, 0, 3, 1)
    turned = replace(
        raw,
        mask=raw.mask[:, :, list(order)],
        features=raw.features[:, list(order)],
        readout=raw.readout[:, list(order)],
    )
    files = [write_masks(tmp_path / "a.h5", raw, run="a"), write_masks(tmp_path / "b.h5", turned, run="b")]
    products = draw_products(3, order=order)
    found = compare_runs(files, FEW, products=products, generator=np.random.default_rng(0)).stability
    channels = found.tables[-1]
    assert (channels.name, channels.axis, channels.choices) == (CHANNELS, "channel", RECOMMENDED["channel"])
    assert channels.agreements[0].spearman.value == pytest.approx(1.0)
    (features,) = found.features
    assert features.matching == match_channels(products)
    assert [order[channel] for channel in features.matching.second] == [0, 1, 2, 3]
    tables = [correlate_channels(read_statistics(file), RECOMMENDED["channel"]) for file in files]
    assert second_order_similarity(*tables) < 0.9
    assert second_order_similarity(tables[0], pick_channels(tables[1], features.matching.second)) > 0.999


def test_runs_of_other_attributes_are_refused(three: tuple[Path, ...], tmp_path: Path) -> None:
    import shutil

    import h5py

    other = Path(shutil.copy(three[1], tmp_path / "other.h5"))
    with h5py.File(other, "r+") as handle:
        names = list(handle["attributes"].asstr()[:])
        handle["attributes"][names.index("Male")] = "Female"
    with pytest.raises(StatisticsError, match="nearer: expected the 5 attributes of near, got 5 with 'Female'"):
        compare_runs([three[0], other], FEW, generator=np.random.default_rng(0))


def test_one_run_or_the_same_twice_is_refused(three: tuple[Path, ...]) -> None:
    for files in ([], three[:1], [three[0], three[0].parent / ".." / three[0].parent.name / three[0].name]):
        with pytest.raises(StatisticsError, match=r"two or more different runs.*--seeds"):
            compare_runs(files, FEW, generator=np.random.default_rng(0))


def test_runs_of_one_name_are_told_apart_by_their_files(tmp_path: Path) -> None:
    raw = shared_images()
    files = [write_masks(tmp_path / name / "masks.h5", seen_by(raw, 1, own=1.0), run="faces-1") for name in "ab"]
    found = compare_runs(files, FEW, generator=np.random.default_rng(0)).stability
    assert [run.name for run in found.runs] == [str(file) for file in files]


def test_seeds_and_settings_are_read_beside_the_masks(tmp_path: Path) -> None:
    raw, data = shared_images(), make_data()
    runs = []
    for seed, extra in ((4, {}), (7, {"threads": 2}), (9, {"epochs": 3})):
        config = replace(make_config(**extra), seed=seed)
        runs.append(make_run(tmp_path / f"seed-{seed}", config, data))
        write_masks(runs[-1].masks_file, seen_by(raw, seed, own=0.1), run=runs[-1].name)
    files = [run.masks_file for run in runs]
    same = compare_runs(files[:2], FEW, generator=np.random.default_rng(0)).stability
    assert [run.seed for run in same.runs] == [4, 7]
    assert same.same_settings is True
    assert compare_runs(files, FEW, generator=np.random.default_rng(0)).stability.same_settings is False
    record = {**open_run(runs[0].folder).record, "family": "seed"}
    write_json(runs[0].folder / "run.json", record)  # what else the record holds is no setting
    assert compare_runs(files[:2], FEW, generator=np.random.default_rng(0)).stability.same_settings is True


def test_few_blocks_and_no_replicates_give_no_interval(three: tuple[Path, ...]) -> None:
    found = compare_runs(three[:2], replace(FEW, n_replicates=0), generator=np.random.default_rng(0)).stability
    assert np.isnan([found.tables[0].agreements[0].spearman.low, found.tables[0].agreements[0].spearman.high]).all()
    assert np.isfinite(found.tables[0].agreements[0].spearman.value)


def test_progress_ends_where_it_should(three: tuple[Path, ...]) -> None:
    seen: list[tuple[int, int]] = []
    compare_runs(
        three, FEW, generator=np.random.default_rng(0), progress=lambda done, total, note="": seen.append((done, total))
    )
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_every_named_table_is_defined_for_attributes(three: tuple[Path, ...]) -> None:
    found = compare_runs(three[:2], replace(FEW, tables=NAMED_TABLES), generator=np.random.default_rng(0)).stability
    assert [table.name for table in found.tables] == list(NAMED_TABLES)
    assert all(np.isfinite(table.agreements[0].spearman.value) for table in found.tables)
    assert len(set(NAMED_TABLES.values())) == len(NAMED_TABLES) == 12
    assert RECOMMENDED["attribute"] in NAMED_TABLES.values()
