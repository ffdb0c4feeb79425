import json

import numpy as np
import pytest
from PIL import Image

from mamviz.data.synthetic import files
from mamviz.data.synthetic.files import read_regions, split_of, write_faces
from mamviz.data.synthetic.labels import ATTRIBUTES, draw_labels
from mamviz.data.synthetic.render import draw_faces, draw_regions
from mamviz.errors import DataError

SETTINGS = {"n_images": 10, "size": 32, "seed": 6, "label_correlation": 1.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("faces") / "new"
    write_faces(path, **SETTINGS)
    return path


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_labels_stand_in_celeba_layout(folder):
    lines = (folder / "list_attr_celeba.txt").read_text().splitlines()
    assert lines[0] == "10"
    assert lines[1].split() == list(ATTRIBUTES)
    rows = [line.split() for line in lines[2:]]
    assert [row[0] for row in rows][::9] == ["000001.jpg", "000010.jpg"]
    signs = np.array([[int(value) for value in row[1:]] for row in rows])
    np.testing.assert_array_equal(signs == 1, draw_labels(10, seed=6) == 1)
    assert set(signs.ravel()) == {-1, 1}


def test_split_and_identities_stand_beside(folder):
    split = [line.split() for line in (folder / "list_eval_partition.txt").read_text().splitlines()]
    assert [int(part) for _, part in split] == split_of(10, 6).tolist()
    identity = [line.split() for line in (folder / "identity_CelebA.txt").read_text().splitlines()]
    assert len({person for _, person in identity}) == 10
    assert [name for name, _ in identity] == [name for name, _ in split]


def test_an_image_is_the_drawn_face_but_for_jpeg(folder):
    drawn = draw_faces(draw_labels(10, seed=6), np.arange(10), size=32, seed=6).numpy()
    read = np.array(Image.open(folder / "img_align_celeba" / "000004.jpg")).astype(float)
    assert np.abs(read - drawn[3]).mean() < 4
    assert np.abs(read - drawn[4]).mean() > 10


def test_regions_read_back_as_drawn(folder):
    drawn = draw_regions(draw_labels(10, seed=6), np.arange(10), size=32, seed=6).numpy()
    for index in (0, 9):
        np.testing.assert_array_equal(read_regions(folder, f"{index + 1:06d}.jpg"), drawn[index])


@pytest.mark.parametrize("name", ["000011.jpg", "001001.jpg", "000000.jpg", "other.jpg"])
def test_an_image_without_regions_is_named(folder, name):
    with pytest.raises(DataError, match=name):
        read_regions(folder, name)


class StopError(Exception):
    pass


def test_an_interrupted_job_goes_on_and_ends_with_the_same_bytes(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_STEP", 4)
    seen = []

    def stop(done, total, note=""):
        seen.append((done, total, note))
        raise StopError

    with pytest.raises(StopError):
        write_faces(tmp_path / "again", **SETTINGS, progress=stop)
    assert seen == [(4, 10, "images")]
    first = tmp_path / "again" / "img_align_celeba" / "000001.jpg"
    written = first.stat().st_mtime_ns
    assert not (tmp_path / "again" / "list_attr_celeba.txt").exists()
    write_faces(tmp_path / "again", **SETTINGS)
    assert contents(tmp_path / "again") == contents(folder)
    assert first.stat().st_mtime_ns == written


def test_progress_counts_to_the_end(tmp_path):
    seen = []
    write_faces(tmp_path / "a", **SETTINGS, progress=lambda done, total, note="": seen.append((done, total, note)))
    assert seen == [(10, 10, "images"), (10, 10, "regions")]


def test_regions_can_be_left_out(tmp_path):
    write_faces(tmp_path / "a", **SETTINGS, regions=False)
    assert not (tmp_path / "a" / "regions").exists()
    with pytest.raises(DataError, match="Write the faces with regions"):
        read_regions(tmp_path / "a", "000001.jpg")


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="expected an empty or new folder"):
        write_faces(tmp_path, **SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_faces_of_other_settings_are_refused(folder):
    before = contents(folder)
    with pytest.raises(DataError, match="other settings"):
        write_faces(folder, **(SETTINGS | {"seed": 7}))
    assert contents(folder) == before
    assert json.loads((folder / "faces.json").read_text())["seed"] == 6


def test_splits_are_eighty_ten_ten_and_belong_to_the_image():
    split = split_of(20_000, 1)
    assert split.dtype == np.int8
    np.testing.assert_allclose(np.bincount(split) / 20_000, [0.8, 0.1, 0.1], atol=0.01)
    np.testing.assert_array_equal(split_of(50, 1), split[:50])
    assert (split_of(20_000, 2) != split).mean() > 0.2
