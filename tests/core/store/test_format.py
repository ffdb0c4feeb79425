"""docs/file-format.md against files that mamviz wrote."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mamviz.analysis import analyse, measure_certainty
from mamviz.sanity.kept import write_nulls
from mamviz.schema import SCHEMA_VERSION, Choices
from mamviz.stats.correlation import correlate_attributes
from mamviz.stats.moments import select_blocks
from mamviz.stats.multiplicity import test_against_null as compare_with_null
from mamviz.store.masks import Plan, create_masks, read_statistics, writing
from mamviz.store.records import write_plain
from mamviz.store.stability import write_stability
from mamviz.training.loop import metrics_text
from tests.core.made import make_config, make_data, make_run
from tests.core.stats.raw import ATTRIBUTES, Raw, fill, make_raw
from tests.core.store.documented import chapter, examples, keys_of, rows_of
from tests.core.store.drawn import PROVENANCE
from tests.reports.agreed import stability_of
from tests.reports.checked import sanity_report
from tests.reports.thinned import pruning_report

SIGNED_MEAN = Choices(sign="signed", estimand="mean", view="full")
# Labels are used: there is a null.
CONTRAST = Choices(sign="signed", estimand="contrast", view="full")
N_BLOCKS = 10


def drawn_images() -> Raw:
    return make_raw(0, n_images=60, n_channels=4, n_blocks=N_BLOCKS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A masks.h5 and an analysis.h5 of 60 images; K, C, H, B, N and R differ."""
    folder = tmp_path_factory.mktemp("files")
    raw = drawn_images()
    raw = raw.reordered(np.argsort(raw.blocks, kind="stable").tolist())
    statistics = fill(raw, n_blocks=N_BLOCKS)
    plan = Plan(
        provenance=replace(PROVENANCE, n_images=60),
        attributes=ATTRIBUTES,
        grid=statistics.grid,
        n_blocks=N_BLOCKS,
        names=tuple(f"{n:03d}.jpg" for n in range(60)),
        labels=raw.labels,
        blocks=raw.blocks,
        raw=np.arange(60) % 5 == 0,
    )
    create_masks(folder / "masks.h5", plan)
    with writing(folder / "masks.h5") as writer:
        for block in range(N_BLOCKS):
            rows = plan.rows_of(block)
            writer.write_logits(rows, raw.evidence[rows].sum((2, 3, 4)))
            writer.write_raw(rows, raw.mask[rows], plan.raw[rows])
            writer.write_block(block, select_blocks(statistics, [block]))
    masks, results = folder / "masks.h5", folder / "analysis.h5"
    for choices in (SIGNED_MEAN, CONTRAST):
        found = analyse(masks, results, choices=choices)
        measure_certainty(masks, results, found.ranking, n_replicates=100)
    return folder


def describe(dataset: h5py.Dataset) -> tuple[tuple[int, ...], str]:
    kind = "utf-8" if h5py.check_string_dtype(dataset.dtype) else str(dataset.dtype)
    return dataset.shape, kind


def datasets_of(group: h5py.Group) -> dict[str, tuple[tuple[int, ...], str]]:
    found: dict[str, tuple[tuple[int, ...], str]] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = describe(item)

    group.visititems(visit)
    return found


def documented(title: str, sizes: dict[str, int]) -> dict[str, tuple[tuple[int, ...], str]]:
    """Datasets of a chapter's table, with its letters replaced by sizes."""

    def number(name: str) -> int:
        return sizes[name] if name in sizes else int(name)

    def size(term: str) -> int:
        first, *rest = term.split(" - ")
        return number(first) - sum(map(number, rest))

    return {
        name.strip("/"): (tuple(size(term) for term in shape.split(", ")), kind)
        for name, shape, kind, _ in rows_of(chapter(title), "dataset")
    }


def test_every_dataset_of_masks_h5_stands_in_the_table_with_shape_and_type(folder: Path) -> None:
    sizes = {"K": 5, "C": 4, "H": 3, "W": 3, "B": N_BLOCKS, "N": 60, "R": 12, "V": 3}
    with h5py.File(folder / "masks.h5") as handle:
        assert datasets_of(handle) == documented("masks.h5", sizes)


def attributes_named_after(words: str) -> list[str]:
    return re.findall(r"`(\w+)`", chapter("analysis.h5").split(words)[1].split(".", 1)[0])


def test_every_dataset_of_analysis_h5_stands_in_the_table_with_shape_and_type(folder: Path) -> None:
    path = re.search(r"for example (/\S+)", chapter("analysis.h5"))
    assert path is not None
    assert path.group(1).count("/") == 6
    with h5py.File(folder / "analysis.h5") as handle:
        group = handle["attribute/mask/signed/contrast/full/none"]
        got = datasets_of(group)
        assert set(group.attrs) == set(attributes_named_after("The group's attributes are"))
    # No name is undefined here: an empty dataset.
    assert got.pop("undefined") == ((0,), "utf-8")
    expected = documented("analysis.h5", {"m": 5, "u": 0})
    assert expected.pop("undefined") == ((0,), "utf-8")
    assert got == expected


def test_a_table_without_labels_lacks_what_the_document_says_is_of_the_null(folder: Path) -> None:
    rows = [row[0].partition("/")[2] for row in rows_of(chapter("analysis.h5"), "dataset") if "/" in row[0]]
    of_null = set(rows[rows.index("p") :])
    of_labels = {"null", "null_level"}
    with h5py.File(folder / "analysis.h5") as handle:
        with_null, without = (
            handle[f"attribute/mask/signed/{estimand}/full/none/certainty"] for estimand in ("contrast", "mean")
        )
        assert set(with_null) == set(rows)
        assert set(without) == set(rows) - of_null
        named = attributes_named_after("The attributes of `certainty` are")
        assert set(with_null.attrs) == set(named)
        assert set(without.attrs) == set(named) - of_labels


def test_the_example_of_certainty_prints_the_marked_pairs(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No pair of so few images survives: the level is set to the smallest p that is there."""
    shutil.copy(folder / "analysis.h5", tmp_path)
    with h5py.File(tmp_path / "analysis.h5", "r+") as handle:
        certainty = handle["attribute/mask/signed/contrast/full/none/certainty"]
        p_max = certainty["p_max"][:][np.triu_indices(5, k=1)]
        certainty.attrs["null_level"] = level = p_max.min()
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(examples("python")[2], names)
    expected = int((p_max <= level).sum())
    assert 0 < expected < 10
    assert len(capsys.readouterr().out.splitlines()) == expected


def test_every_attribute_of_the_files_stands_in_the_table(folder: Path) -> None:
    names = {name for row in rows_of(chapter("masks.h5"), "attribute") for name in row[0].split(", ")}
    with h5py.File(folder / "masks.h5") as masks, h5py.File(folder / "analysis.h5") as analysis:
        assert set(masks.attrs) == names
        assert set(analysis.attrs) == names - set("KCHW")


def test_blocks_never_fall_and_raw_rows_rise_as_documented(folder: Path) -> None:
    with h5py.File(folder / "masks.h5") as handle:
        assert (np.diff(handle["images/block"][:]) >= 0).all()
        assert (np.diff(handle["images/mask_row"][:]) > 0).all()
        assert handle["images/mask"].chunks == (1, 5, 4, 3, 3)


def test_the_example_with_h5py_alone_gives_what_mamviz_gives(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    exec(examples("python")[0], names)
    correlation = correlate_attributes(read_statistics(folder / "masks.h5"), SIGNED_MEAN)
    assert tuple(names["attributes"]) == correlation.names
    np.testing.assert_allclose(names["r"], correlation.values, atol=1e-12)
    # Against the raw masks; the file's sums have 24 bits.
    raw = drawn_images()
    for k in range(5):
        with_it = raw.labels[:, k] == 1
        expected = raw.mask[with_it, k].mean(axis=0) - raw.mask[~with_it, k].mean(axis=0)
        np.testing.assert_allclose(names["contrast"][k], expected, atol=1e-6)


def test_the_example_of_raw_masks_reads_the_named_image(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    exec(examples("python")[1], names)
    assert list(names["names"]) == [f"{n:03d}.jpg" for n in range(0, 60, 5)]
    raw = drawn_images()
    first = raw.mask[np.argsort(raw.blocks, kind="stable")[0]]
    np.testing.assert_array_equal(names["first"], first.astype(np.float16))


def test_every_key_of_run_json_stands_in_the_table(tmp_path: Path) -> None:
    make_run(tmp_path, make_config(), make_data(20))
    record = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    rows = {row[0]: row[1] for row in rows_of(chapter("run.json"), "key")}
    assert {*record, "pruned"} == set(rows)  # the last of a pruned run alone
    assert rows["schema_version"] == str(SCHEMA_VERSION) == str(record["schema_version"])
    for group in ("data", "versions", "machine"):
        assert all(key in rows[group] for key in record[group])


def test_every_column_of_metrics_csv_stands_in_the_table_in_order() -> None:
    header = next(csv.reader(metrics_text(()).splitlines()))
    assert header == [row[0] for row in rows_of(chapter("metrics.csv"), "column")]


def keys_within(value: Any) -> set[str]:
    """Every key of a JSON value, at any depth."""
    if isinstance(value, dict):
        return set(value) | {key for each in value.values() for key in keys_within(each)}
    if isinstance(value, list):
        return {key for each in value for key in keys_within(each)}
    return set()


def test_every_key_of_stability_json_stands_in_the_table(tmp_path: Path) -> None:
    file = write_stability(tmp_path, stability_of("one", "two"))
    record = json.loads(file.read_text(encoding="utf-8"))
    rows = keys_of("stability.json")
    assert set(record) == set(rows)
    for key in ("runs", "tables", "features"):
        assert keys_within(record[key]) == rows[key], key


def test_every_key_of_sanity_json_stands_in_the_table(tmp_path: Path) -> None:
    report = sanity_report()
    parts = {entry.name: getattr(report, entry.name) for entry in fields(report)}
    write_plain(tmp_path / "sanity.json", PROVENANCE, report.settings, parts)
    record = json.loads((tmp_path / "sanity.json").read_text(encoding="utf-8"))
    rows = keys_of("sanity.json")
    assert set(record) == set(rows)
    for key in ("provenance", "settings", "checks", "randomisation", "exchanges", "curves", "nulls"):
        assert keys_within(record[key]) == rows[key], key


def test_every_array_of_the_nulls_of_sanity_is_named(tmp_path: Path) -> None:
    drawn = np.array([np.corrcoef(np.random.default_rng(seed).normal(size=(4, 9))) for seed in range(20)])
    found = compare_with_null(drawn[0], drawn[1:], null="random network")
    write_nulls(tmp_path / "sanity-nulls.npz", (found,), ("a", "b", "c", "d"))
    words = chapter("sanity.json").split("`sanity-nulls.npz`, numpy's: ")[1]
    with np.load(tmp_path / "sanity-nulls.npz") as arrays:
        for name in arrays:
            null, _, array = name.rpartition("/")
            assert f"`{array}`" in words or f"`<null>/{array}`" in words
            assert not null or f"`{null}`" in words


def test_every_key_of_pruning_json_stands_in_the_table(tmp_path: Path) -> None:
    report = pruning_report()
    parts = {entry.name: getattr(report, entry.name) for entry in fields(report)}
    write_plain(tmp_path / "pruning.json", PROVENANCE, report.settings, parts)
    record = json.loads((tmp_path / "pruning.json").read_text(encoding="utf-8"))
    rows = keys_of("pruning.json")
    assert set(record) == set(rows)
    lists = ("orders", "curves", "differences", "fills", "safe", "causal", "tuned")
    for key in ("provenance", "settings", *lists, "cost"):
        assert keys_within(record[key]) == rows[key], key
