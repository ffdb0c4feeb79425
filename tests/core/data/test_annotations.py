import csv
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from mamviz.config import DataConfig
from mamviz.data.annotations import find_missing, number_persons, read_annotations
from mamviz.data.splits import split_units
from mamviz.errors import DataError

ATTRIBUTES = ("Bald", "Male", "Young")
LABELS = np.array([[1, 0, 1], [0, 0, 1], [0, 1, 0], [1, 1, 0]], np.uint8)
NAMES = ("000001.jpg", "000002.jpg", "000003.jpg", "000004.jpg")


def write_celeba(folder: Path, images: str = "img_align_celeba", tables: Sequence[str] = ("", "", "")) -> Path:
    """Write four rows and their (empty) image files in CelebA's layout."""
    (folder / images).mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (folder / images / name).touch()
    for table in tables:
        (folder / table).mkdir(exist_ok=True)
    rows = [
        f"{name} " + " ".join(f"{2 * v - 1:2d}" for v in row.tolist()) for name, row in zip(NAMES, LABELS, strict=True)
    ]
    text = "\n".join(["4", " ".join(ATTRIBUTES) + " ", *rows]) + "\n"
    (folder / tables[0] / "list_attr_celeba.txt").write_text(text)
    (folder / tables[1] / "list_eval_partition.txt").write_text(
        "".join(f"{name} {part}\n" for name, part in zip(NAMES, (0, 0, 1, 2), strict=True))
    )
    (folder / tables[2] / "identity_CelebA.txt").write_text(
        "".join(f"{name} {person}\n" for name, person in zip(NAMES, (7, 8, 7, 9), strict=True))
    )
    return folder


def write_csv(file: Path, rows: Sequence[Sequence[object]]) -> DataConfig:
    """Write a table, and an (empty) file for each path of its first column."""
    with file.open("w", newline="") as handle:
        csv.writer(handle).writerows(rows)
    for row in rows[1:]:
        path = file.parent / str(row[0])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return DataConfig(source=str(file))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_official_text_files_are_read(tmp_path: Path) -> None:
    found = read_annotations(DataConfig(source=str(write_celeba(tmp_path))))
    assert found.names == NAMES
    assert found.attributes == ATTRIBUTES
    assert found.files == tuple(tmp_path / "img_align_celeba" / name for name in NAMES)
    np.testing.assert_array_equal(found.labels, LABELS)
    np.testing.assert_array_equal(found.split, [0, 0, 1, 2])
    assert found.identity is not None
    np.testing.assert_array_equal(found.identity, [7, 8, 7, 9])
    assert (found.labels.dtype, found.split.dtype, found.identity.dtype) == (np.uint8, np.int8, np.int64)
    assert found.skipped == ()


@pytest.mark.parametrize("images", ["img_celeba", "Img/img_align_celeba", "img_align_celeba/img_align_celeba", "."])
def test_images_are_found_where_archives_put_them(tmp_path: Path, images: str) -> None:
    found = read_annotations(DataConfig(source=str(write_celeba(tmp_path, images, ("Anno", "Eval", "Anno")))))
    assert found.files[3].parent == tmp_path / images
    np.testing.assert_array_equal(found.split, [0, 0, 1, 2])


def test_images_may_stand_elsewhere(tmp_path: Path) -> None:
    write_celeba(tmp_path / "tables")
    (tmp_path / "tables" / "img_align_celeba").rename(tmp_path / "pictures")
    found = read_annotations(DataConfig(source=str(tmp_path / "tables"), images=str(tmp_path / "pictures")))
    assert found.files[0] == tmp_path / "pictures" / NAMES[0]


def test_kaggle_csvs_say_the_same_as_text_files(tmp_path: Path) -> None:
    expected = read_annotations(DataConfig(source=str(write_celeba(tmp_path))))
    for stem, header in (("list_attr_celeba", ("image_id", *ATTRIBUTES)), ("list_eval_partition", ("id", "partition"))):
        lines = (tmp_path / f"{stem}.txt").read_text().splitlines()[2 if stem == "list_attr_celeba" else 0 :]
        (tmp_path / f"{stem}.csv").write_text("\n".join(",".join(line) for line in (header, *map(str.split, lines))))
        (tmp_path / f"{stem}.txt").unlink()
    found = read_annotations(DataConfig(source=str(tmp_path)))
    assert found.attributes == expected.attributes
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_array_equal(found.split, expected.split)


def test_without_a_partition_no_person_stands_in_two_parts(tmp_path: Path) -> None:
    write_celeba(tmp_path)
    (tmp_path / "list_eval_partition.txt").unlink()
    found = read_annotations(DataConfig(source=str(tmp_path)))
    assert found.split[0] == found.split[2]
    np.testing.assert_array_equal(found.split, split_units(NAMES, np.array([7, 8, 7, 9])))


def test_without_identities_there_are_none(tmp_path: Path) -> None:
    write_celeba(tmp_path)
    (tmp_path / "identity_CelebA.txt").unlink()
    assert read_annotations(DataConfig(source=str(tmp_path))).identity is None


@pytest.mark.parametrize(
    ("file", "old", "new", "problem", "left"),
    [
        ("list_attr_celeba.txt", "4\nBald", "5\nBald", "list_attr_celeba.txt:1: says 5 rows, but 4 follow", 4),
        ("list_attr_celeba.txt", "000002.jpg -1", "000002.jpg 2", "list_attr_celeba.txt:4: Bald is '2'", 3),
        ("list_attr_celeba.txt", "000002.jpg -1", "000002.jpg", "txt:4: 000002.jpg has 3 fields, the table 4", 3),
        ("list_attr_celeba.txt", "000002.jpg -1", "000002.jpg  0", "txt:4: Bald is 0 where other rows say -1", 3),
        ("list_attr_celeba.txt", "000002.jpg", "000001.jpg", "txt:4: 000001.jpg stands here a second time", 3),
        ("list_eval_partition.txt", "000002.jpg 0", "000002.jpg 3", "list_eval_partition.txt:2: '000002.jpg 3'", 3),
        ("list_eval_partition.txt", "000002.jpg 0\n", "", "list_attr_celeba.txt:4: 000002.jpg has no row in", 3),
        ("list_eval_partition.txt", "000002", "000009", "partition.txt:2: 000009.jpg has no row in list_attr", 3),
        ("identity_CelebA.txt", "000002.jpg 8", "000002.jpg x", "identity_CelebA.txt:2: '000002.jpg x'", 3),
        ("identity_CelebA.txt", "000002.jpg 8", "000001.jpg 8", "identity_CelebA.txt:2: 000001.jpg stands", 3),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_can_be_skipped(
    tmp_path: Path, file: str, old: str, new: str, problem: str, left: int
) -> None:
    edit(write_celeba(tmp_path) / file, old, new)
    with pytest.raises(DataError) as caught:
        read_annotations(DataConfig(source=str(tmp_path)))
    assert problem in str(caught.value)
    assert "--skip-bad" in str(caught.value)
    found = read_annotations(DataConfig(source=str(tmp_path), skip_bad=True))
    assert problem in "; ".join(found.skipped)
    assert found.names == (NAMES if left == 4 else tuple(name for name in NAMES if name != "000002.jpg"))
    rows = [NAMES.index(name) for name in found.names]
    np.testing.assert_array_equal(found.labels, LABELS[rows])
    np.testing.assert_array_equal(found.split, np.array([0, 0, 1, 2])[rows])
    np.testing.assert_array_equal(found.identity, np.array([7, 8, 7, 9])[rows])


def test_a_missing_image_is_named_with_its_row(tmp_path: Path) -> None:
    write_celeba(tmp_path)
    (tmp_path / "img_align_celeba" / "000003.jpg").unlink()
    with pytest.raises(DataError, match=r"list_attr_celeba.txt:5: 000003.jpg is not in .*img_align_celeba"):
        read_annotations(DataConfig(source=str(tmp_path)))
    assert read_annotations(DataConfig(source=str(tmp_path), skip_bad=True)).names == (*NAMES[:2], NAMES[3])


def test_all_problems_are_told_in_one_line(tmp_path: Path) -> None:
    write_celeba(tmp_path)
    for name in NAMES[:2]:
        (tmp_path / "img_align_celeba" / name).unlink()
    edit(tmp_path / "list_attr_celeba.txt", "000003.jpg -1", "000003.jpg  7")
    edit(tmp_path / "list_eval_partition.txt", "000004.jpg 2", "000004.jpg x")
    with pytest.raises(DataError) as caught:
        read_annotations(DataConfig(source=str(tmp_path)))
    message = str(caught.value)
    assert "4 problems" in message
    assert "and 1 more" in message
    assert "\n" not in message


def test_when_nothing_is_left_it_says_why(tmp_path: Path) -> None:
    write_celeba(tmp_path)
    for name in NAMES:
        (tmp_path / "img_align_celeba" / name).unlink()
    with pytest.raises(DataError, match=r"found none; the first of 4 problems: list_attr_celeba.txt:3: 000001.jpg"):
        read_annotations(DataConfig(source=str(tmp_path), skip_bad=True))


@pytest.mark.parametrize("file", ["list_attr_celeba.txt", "list_eval_partition.txt", "identity_CelebA.txt"])
def test_a_web_page_in_place_of_a_table_is_told_as_such(tmp_path: Path, file: str) -> None:
    (write_celeba(tmp_path) / file).write_text("\n <!DOCTYPE html><html><title>Google Drive - Quota exceeded</title>")
    with pytest.raises(DataError, match=rf"{file}.*web page.*download it again"):
        read_annotations(DataConfig(source=str(tmp_path), skip_bad=True))


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found no list_attr_celeba"):
        read_annotations(DataConfig(source=str(tmp_path)))


def test_a_text_table_without_its_count_is_refused(tmp_path: Path) -> None:
    edit(write_celeba(tmp_path) / "list_attr_celeba.txt", "4\n", "")
    with pytest.raises(DataError, match="expected the number of rows in line 1"):
        read_annotations(DataConfig(source=str(tmp_path)))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (write_celeba(tmp_path) / "list_attr_celeba.txt").write_bytes(b"PK\x03\x04\xff\xfe\x00")
    with pytest.raises(DataError, match="expected text in UTF-8"):
        read_annotations(DataConfig(source=str(tmp_path)))


def test_a_csv_with_split_and_persons_is_read(tmp_path: Path) -> None:
    rows = [("file", "Smiling", "who", "part", "Hat")]
    rows += [
        ("a/1.png", "1", "ann", "train", "0"),
        ("b/1.png", "0", "bob", "Val", "0"),
        ("2.png", "0", "ann", "2", "0"),
    ]
    config = write_csv(tmp_path / "table.csv", rows)
    found = read_annotations(
        DataConfig(source=config.source, path_column="file", split_column="part", identity_column="who")
    )
    assert found.attributes == ("Smiling", "Hat")
    assert found.files == (tmp_path / "a" / "1.png", tmp_path / "b" / "1.png", tmp_path / "2.png")
    np.testing.assert_array_equal(found.labels, [[1, 0], [0, 0], [0, 0]])
    np.testing.assert_array_equal(found.split, [0, 1, 2])
    assert found.identity is not None
    assert found.identity[0] == found.identity[2] != found.identity[1]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_as_spreadsheets_write_it_is_read(tmp_path: Path, separator: str) -> None:
    rows = ["path,Smiling,Hat", "1.png,1,-1", "", "2.png,-1,-1.0"]
    text = "\r\n".join(rows).replace(",", separator)
    (tmp_path / "table.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    for name in ("1.png", "2.png"):
        (tmp_path / name).touch()
    found = read_annotations(DataConfig(source=str(tmp_path / "table.csv")))
    np.testing.assert_array_equal(found.labels, [[1, 0], [0, 0]])


def test_a_single_attribute_is_enough(tmp_path: Path) -> None:
    config = write_csv(tmp_path / "table.csv", [("path", "Smiling"), ("1.png", 1), ("2.png", 0)])
    np.testing.assert_array_equal(read_annotations(config).labels, [[1], [0]])


def test_each_column_of_a_csv_may_code_no_in_its_own_way(tmp_path: Path) -> None:
    rows = [("path", "Smiling", "Hat"), ("1.png", 1, -1), ("2.png", 0, 1)]
    np.testing.assert_array_equal(read_annotations(write_csv(tmp_path / "t.csv", rows)).labels, [[1, 0], [0, 1]])


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (("image", "Smiling", "Hat"), "expected a column 'path', the header has image, Smiling, Hat"),
        (("path", "Smiling", "Smiling"), "got 'Smiling' twice"),
        (("path", "Smiling", ""), "got no name for column 3"),
        (("path",), "expected at least one column of labels"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path: Path, header: tuple[str, ...], problem: str) -> None:
    config = write_csv(tmp_path / "table.csv", [header, ("1.png", "1", "0")])
    with pytest.raises(DataError) as caught:
        read_annotations(config)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("split", "person", "problem"),
    [("later", "7", "table.csv:3: part is not train, validation or test"), ("test", "", "table.csv:3: who is blank")],
)
def test_a_bad_split_or_person_is_named(tmp_path: Path, split: str, person: str, problem: str) -> None:
    rows = [("path", "Hat", "part", "who"), ("1.png", 1, "train", "6"), ("2.png", 0, split, person)]
    source = write_csv(tmp_path / "table.csv", rows).source
    config = DataConfig(source=source, split_column="part", identity_column="who")
    with pytest.raises(DataError, match=problem):
        read_annotations(config)
    skipping = DataConfig(source=source, split_column="part", identity_column="who", skip_bad=True)
    assert read_annotations(skipping).names == ("1.png",)


def test_persons_keep_whole_numbers_and_get_stable_ones_otherwise() -> None:
    np.testing.assert_array_equal(number_persons(["12", " 3", ""]), [12, 3, -1])
    first, second = number_persons(["ann", "12", "ann"]), number_persons(["ann"])
    assert first[0] == first[2] == second[0] == int.from_bytes(sha256(b"ann").digest()[:8], "little") // 2
    assert first[1] >= 0


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    config = write_csv(tmp_path / "table.csv", [("path", "Hat")])
    with pytest.raises(DataError, match="found none"):
        read_annotations(config)


def test_missing_files_are_found_in_sub_folders_and_by_whole_paths(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("1.png", "a/2.png"):
        (tmp_path / name).touch()
    names = ["1.png", "a/1.png", "a/2.png", "b/1.png", str(tmp_path / "1.png"), "a"]
    np.testing.assert_array_equal(find_missing(tmp_path, names), [False, True, False, True, False, True])
