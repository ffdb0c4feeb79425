"""docs/file-format.md against files that mamviz wrote."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mamviz.schema import SCHEMA_VERSION, Choices
from mamviz.stats.clustering import cluster
from mamviz.stats.correlation import correlate_attributes
from mamviz.stats.moments import select_blocks
from mamviz.store.analysis import write_analysis
from mamviz.store.masks import Plan, create_masks, read_statistics, writing
from mamviz.training.loop import metrics_text
from tests.core.made import make_config, make_data, make_run
from tests.core.stats.raw import ATTRIBUTES, fill, make_raw
from tests.core.store.drawn import PROVENANCE

DOCUMENT = Path(__file__).parents[3] / "docs" / "file-format.md"
SIGNED_MEAN = Choices(sign="signed", estimand="mean", view="full")


def chapter(title: str) -> str:
    """The text below a heading, up to the next of its rank."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)
    assert found is not None, title
    return found.group(1)


def rows_of(text: str, heading: str) -> list[list[str]]:
    """The rows of the tables under a header row that starts with `heading`, cell by cell, without backticks."""
    rows: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[0] == heading:
            inside = True
        elif inside and not set(cells[0]) <= {"-"}:
            rows.append(cells)
    return rows


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A masks.h5 and an analysis.h5 of 60 images; K, C, H, B, N and R differ."""
    folder = tmp_path_factory.mktemp("files")
    raw = make_raw(0, n_images=60, n_channels=4, n_blocks=6)
    raw = raw.reordered(np.argsort(raw.blocks, kind="stable").tolist())
    statistics = fill(raw)
    plan = Plan(
        provenance=replace(PROVENANCE, n_images=60),
        attributes=ATTRIBUTES,
        grid=statistics.grid,
        n_blocks=6,
        names=tuple(f"{n:03d}.jpg" for n in range(60)),
        labels=raw.labels,
        blocks=raw.blocks,
        raw=np.arange(60) % 5 == 0,
    )
    create_masks(folder / "masks.h5", plan)
    with writing(folder / "masks.h5") as writer:
        for block in range(6):
            rows = plan.rows_of(block)
            writer.write_logits(rows, raw.evidence[rows].sum((2, 3, 4)))
            writer.write_raw(rows, raw.mask[rows], plan.raw[rows])
            writer.write_block(block, select_blocks(statistics, [block]))
    correlation = correlate_attributes(read_statistics(folder / "masks.h5"), SIGNED_MEAN)
    write_analysis(folder / "analysis.h5", correlation, cluster(correlation), provenance=plan.provenance)
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
    sizes = {"K": 5, "C": 4, "H": 3, "W": 3, "B": 6, "N": 60, "R": 12, "V": 3}
    with h5py.File(folder / "masks.h5") as handle:
        assert datasets_of(handle) == documented("masks.h5", sizes)


def test_every_dataset_of_analysis_h5_stands_in_the_table_with_shape_and_type(folder: Path) -> None:
    path = re.search(r"for example (/\S+)", chapter("analysis.h5"))
    assert path is not None
    assert path.group(1).count("/") == 6
    with h5py.File(folder / "analysis.h5") as handle:
        group = handle["attribute/mask/signed/mean/full/none"]
        got = datasets_of(group)
        attributes = set(re.findall(r"`(\w+)`", chapter("analysis.h5").split("The group's attributes are")[1])[:8])
        assert set(group.attrs) == attributes
    # No name is undefined here: an empty dataset.
    assert got.pop("undefined") == ((0,), "utf-8")
    expected = documented("analysis.h5", {"m": 5, "u": 0})
    assert expected.pop("undefined") == ((0,), "utf-8")
    assert got == expected


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
    raw = make_raw(0, n_images=60, n_channels=4, n_blocks=6)
    for k in range(5):
        with_it = raw.labels[:, k] == 1
        expected = raw.mask[with_it, k].mean(axis=0) - raw.mask[~with_it, k].mean(axis=0)
        np.testing.assert_allclose(names["contrast"][k], expected, atol=1e-6)


def test_the_example_of_raw_masks_reads_the_named_image(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    exec(examples("python")[1], names)
    assert list(names["names"]) == [f"{n:03d}.jpg" for n in range(0, 60, 5)]
    raw = make_raw(0, n_images=60, n_channels=4, n_blocks=6)
    first = raw.mask[np.argsort(raw.blocks, kind="stable")[0]]
    np.testing.assert_array_equal(names["first"], first.astype(np.float16))


def test_the_examples_in_r_and_matlab_read_datasets_that_exist(folder: Path) -> None:
    codes = examples("r") + examples("matlab")
    assert len(codes) == 2
    with h5py.File(folder / "masks.h5") as handle:
        for code in codes:
            paths = re.findall(r'h5read\("masks\.h5", "([^"]+)"\)', code)
            assert len(paths) == 3
            assert all(path in handle for path in paths)


def test_every_key_of_run_json_stands_in_the_table(tmp_path: Path) -> None:
    make_run(tmp_path, make_config(), make_data(20))
    record = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    rows = {row[0]: row[1] for row in rows_of(chapter("run.json"), "key")}
    assert set(record) == set(rows)
    assert rows["schema_version"] == str(SCHEMA_VERSION) == str(record["schema_version"])
    for group in ("data", "versions", "machine"):
        assert all(key in rows[group] for key in record[group])


def test_every_column_of_metrics_csv_stands_in_the_table_in_order() -> None:
    header = next(csv.reader(metrics_text(()).splitlines()))
    assert header == [row[0] for row in rows_of(chapter("metrics.csv"), "column")]
