from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mamviz.run import open_run
from mamviz.store.masks import read_images
from tests.cli.filed import read_rows


def test_json_table_and_file_agree(small) -> None:
    ended = small("evaluate", "few-1", "--replicates", "40", "--json")
    rows = ended.json["accuracy"]["rows"]
    filed = read_rows(small.runs / "few-1" / "tables" / "accuracy.csv")
    assert [row["attribute"] for row in rows] == [*open_run(small.runs / "few-1").attributes, "Mean"]
    for row, line in zip(rows, filed, strict=True):
        for name, value in row.items():
            assert line[name] == ("" if value is None else str(value))
        assert f"{100 * row['accuracy']:.1f}" in ended.out
    assert "test split" in ended.json["protocol"]
    assert "identity" in ended.out  # the table's persons are what is resampled
    for kind in ("md", "tex"):
        assert "Smiling" in (small.runs / "few-1" / "tables" / f"accuracy.{kind}").read_text()
    assert len(ended.json["files"]) == 5
    assert all(Path(file).is_file() for file in ended.json["files"])


def test_accuracy_is_the_share_of_right_signs_of_the_stored_logits(small) -> None:
    small("extract-masks", "few-1", "--split", "test")
    images = read_images(small.runs / "few-1" / "masks.h5")
    expected = ((images.logits > 0) == (images.labels > 0)).mean(axis=0)
    rows = small("evaluate", "few-1", "--replicates", "0", "--json").json["accuracy"]["rows"]
    np.testing.assert_allclose([row["accuracy"] for row in rows[:-1]], expected, atol=1e-12)
    assert rows[0]["accuracy_low"] is None  # without replicates there is no interval


def test_data_without_celebas_attributes_have_no_poster_table(small) -> None:
    ended = small("evaluate", "few-1", "--replicates", "0", "--json")
    assert "poster" not in ended.json
    assert not (small.runs / "few-1" / "tables" / "poster.csv").exists()


def test_another_split_and_other_data_have_files_of_their_own(small, table, faces_folder) -> None:
    tables = small.runs / "few-1" / "tables"
    small("evaluate", "few-1", "--replicates", "0")
    before = (tables / "accuracy.csv").read_bytes()
    ended = small("evaluate", "few-1", "--replicates", "0", "--split", "validation", "--json")
    assert "validation split" in ended.json["protocol"]
    assert read_rows(tables / "accuracy-validation.csv")[0]["split"] == "validation"
    other = faces_folder / "img_align_celeba" / "turned.csv"  # beside its images, as a CSV is by default
    try:
        other.write_text(
            table.read_text().replace(",test,", ",later,").replace(",train,", ",test,").replace(",later,", ",train,")
        )
        small("evaluate", "few-1", "--replicates", "0", "--data", other)
    finally:
        other.unlink()
    assert int(read_rows(tables / "accuracy-turned.csv")[0]["n_images"]) == 48
    assert (tables / "accuracy.csv").read_bytes() == before


def test_data_with_other_attributes_are_refused(small, table, faces_folder) -> None:
    other = faces_folder / "img_align_celeba" / "renamed.csv"
    try:
        other.write_text(table.read_text().replace("Smiling", "Frowning"))
        words = small.fails_later("evaluate", "few-1", "--data", other)
    finally:
        other.unlink()
    assert "expected the 6 attributes of" in words
    assert "the first 'Frowning'" in words


@pytest.mark.parametrize("split", ["train", "all"])
def test_every_split_can_be_evaluated(small, split: str) -> None:
    ended = small("evaluate", "few-1", "--split", split, "--replicates", "0", "--json")
    assert f"{split} split" in ended.json["protocol"]
