import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mamviz.config import DataConfig
from mamviz.data.dataset import ImageData, open_data, read_image
from mamviz.data.splits import blocks_of
from mamviz.errors import DataError

FACES = Path(__file__).parents[3].parent / "shared" / "celeba-8k"
PARTS = ("train", "train", "val", "test", "train", "test")
PEOPLE = (5, 6, 5, 9, 6, 6)


def write_data(folder: Path) -> DataConfig:
    """Write six images whose red is 10 times their number, with parts and persons."""
    folder.mkdir(parents=True)
    for index in range(6):
        Image.new("RGB", (20, 24), (10 * index, 1, 2)).save(folder / f"{index}.png")
    with (folder / "table.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["path", "Odd", "Big", "part", "who"])
        for index, (part, who) in enumerate(zip(PARTS, PEOPLE, strict=True)):
            writer.writerow([f"{index}.png", index % 2, int(index > 2), part, who])
    return DataConfig(source=str(folder / "table.csv"), split_column="part", identity_column="who", size=16)


def moved(config: DataConfig, **changes: object) -> DataConfig:
    return DataConfig(**{**config.__dict__, **changes})


def reds(data: ImageData) -> list[int]:
    return [int(red) for red in data.images[:, 8, 8, 0]]


def test_images_stand_beside_their_labels(tmp_path: Path) -> None:
    data = open_data(write_data(tmp_path / "a"), cache=tmp_path / "cache")
    assert (data.n_images, data.size) == (6, 16)
    assert reds(data) == [0, 10, 20, 30, 40, 50]
    assert data.attributes == ("Odd", "Big")
    np.testing.assert_array_equal(data.labels, [[0, 0], [1, 0], [0, 0], [1, 1], [0, 1], [1, 1]])
    assert data.description == "6 images of table.csv, 16 px, square crop"
    np.testing.assert_array_equal(data.units, PEOPLE)
    np.testing.assert_array_equal(data.blocks(20), blocks_of(data.names, data.identity, n_blocks=20))


def test_parts_are_selected_by_name(tmp_path: Path) -> None:
    data = open_data(write_data(tmp_path / "a"), cache=tmp_path / "cache")
    assert [data.select(part).tolist() for part in ("train", "validation", "test", "all")] == [
        [0, 1, 4],
        [2],
        [3, 5],
        [0, 1, 2, 3, 4, 5],
    ]
    assert data.select("train").dtype == np.int64


def test_a_read_image_may_be_written_to(tmp_path: Path) -> None:
    data = open_data(write_data(tmp_path / "a"), cache=tmp_path / "cache")
    image = read_image(data, 3)
    image[:] = 0
    assert image.shape == (16, 16, 3)
    assert reds(data)[3] == 30


def test_the_fingerprint_goes_with_the_data_not_with_its_place(tmp_path: Path) -> None:
    config = write_data(tmp_path / "a")
    before = open_data(config, cache=tmp_path / "cache").fingerprint
    shutil.copytree(tmp_path / "a", tmp_path / "b", copy_function=shutil.copyfile)
    there = moved(config, source=str(tmp_path / "b" / "table.csv"), size=20)
    assert open_data(there, cache=tmp_path / "other").fingerprint == before


@pytest.mark.parametrize("change", ["label", "split", "image", "attribute", "fewer"])
def test_the_fingerprint_changes_with_the_data(tmp_path: Path, change: str) -> None:
    config = write_data(tmp_path / "a")
    before = open_data(config, cache=tmp_path / "cache").fingerprint
    table = tmp_path / "a" / "table.csv"
    old, new = {
        "label": ("3.png,1,1", "3.png,1,0"),
        "split": ("test", "train"),
        "image": ("", ""),
        "attribute": ("Odd", "Even"),
        "fewer": ("5.png,1,1,test,6\r\n", ""),
    }[change]
    with table.open(newline="") as handle:
        text = handle.read()
    assert old in text
    table.write_text(text.replace(old, new, 1), newline="")
    if change == "image":
        Image.new("RGB", (200, 24), (9, 8, 7)).save(tmp_path / "a" / "0.png")
    assert open_data(config, cache=tmp_path / "cache").fingerprint != before


def test_rows_and_images_left_out_leave_the_rest_aligned(tmp_path: Path) -> None:
    config = write_data(tmp_path / "a")
    (tmp_path / "a" / "1.png").unlink()
    (tmp_path / "a" / "3.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"table\.csv:3: 1\.png is not in"):
        open_data(config, cache=tmp_path / "cache")
    data = open_data(moved(config, skip_bad=True), cache=tmp_path / "cache")
    assert data.names == ("0.png", "2.png", "4.png", "5.png")
    assert reds(data) == [0, 20, 40, 50]
    np.testing.assert_array_equal(data.labels[:, 0], [0, 0, 0, 1])
    np.testing.assert_array_equal(data.split, [0, 1, 0, 2])
    np.testing.assert_array_equal(data.units, [5, 5, 6, 6])
    assert [text.split()[0] for text in data.skipped] == ["table.csv:3:", "3.png"]


def test_without_persons_each_image_is_its_own_unit(tmp_path: Path) -> None:
    config = write_data(tmp_path / "a")
    text = (tmp_path / "a" / "table.csv").read_text().replace(",who", "")
    (tmp_path / "a" / "table.csv").write_text(
        "".join(line.rsplit(",", 1)[0] + "\n" if "png" in line else line + "\n" for line in text.splitlines())
    )
    data = open_data(moved(config, identity_column=None), cache=tmp_path / "cache")
    assert data.identity is None
    np.testing.assert_array_equal(data.units, np.arange(6))


def test_a_source_that_is_not_there_names_the_three_kinds(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        open_data(DataConfig(source=str(tmp_path / "none")), cache=tmp_path)
    for part in (str(tmp_path / "none"), "'faces'", "CelebA's layout", "CSV file"):
        assert part in str(caught.value)


@pytest.mark.faces
@pytest.mark.skipif(not FACES.is_dir(), reason="the real faces are not beside the project")
def test_real_faces_missing_from_their_folder_are_left_out(tmp_path: Path) -> None:
    for table in FACES.glob("*.txt"):
        shutil.copyfile(table, tmp_path / table.name)
    (tmp_path / "img_align_celeba").mkdir()
    for name in ("000002.jpg", "000004.jpg", "000003.jpg"):
        (tmp_path / "img_align_celeba" / name).symlink_to(FACES / "img_align_celeba" / name)
    config = DataConfig(source=str(tmp_path), size=32, crop="full", skip_bad=True)
    data = open_data(config, cache=tmp_path / "cache", threads=2)
    assert data.names == ("000002.jpg", "000003.jpg", "000004.jpg")
    np.testing.assert_array_equal(data.units, [2937, 8692, 5805])
    assert len(data.skipped) == 7969
    assert data.description == f"3 images of {tmp_path.name}, 32 px, whole images"
