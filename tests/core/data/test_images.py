import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mamviz.config import DataConfig
from mamviz.data import slot
from mamviz.data.annotations import read_annotations
from mamviz.data.images import pack
from mamviz.errors import DataError

FACES = Path(__file__).parents[3].parent / "shared" / "celeba-8k"


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "CHUNK_BYTES", 40 * 16 * 16 * 3)


def write_images(folder: Path, n_images: int = 100) -> list[Path]:
    folder.mkdir(parents=True)
    files = []
    for index in range(n_images):
        files.append(folder / f"{index:03d}.png")
        Image.new("RGB", (24, 20), (index, 255 - index, 7)).save(files[-1])
    return files


def colours(images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> list[int]:
    assert (images == images[:, :1, :1]).all()
    np.testing.assert_array_equal(images[:, 0, 0, 1], 255 - images[:, 0, 0, 0])
    return [int(red) for red in images[:, 0, 0, 0]]


@pytest.mark.parametrize("threads", [1, 3])
def test_images_keep_the_order_of_their_files(tmp_path: Path, threads: int) -> None:
    files = write_images(tmp_path / "a")[::-1]
    packed = pack(files, size=16, crop="square", folder=tmp_path / "cache", threads=threads)
    assert colours(packed.images) == list(range(99, -1, -1))
    assert packed.images.shape == (100, 16, 16, 3)
    np.testing.assert_array_equal(packed.kept, np.arange(100))
    np.testing.assert_array_equal(packed.sizes, [file.stat().st_size for file in files])


def test_the_second_time_nothing_is_decoded(tmp_path: Path) -> None:
    files = write_images(tmp_path / "a")
    pack(files, size=16, crop="square", folder=tmp_path / "cache")
    calls = []
    packed = pack(files, size=16, crop="square", folder=tmp_path / "cache", progress=lambda *call: calls.append(call))
    assert calls == []
    assert colours(packed.images) == list(range(100))


def test_a_folder_that_moved_keeps_its_cache(tmp_path: Path) -> None:
    files = write_images(tmp_path / "a")
    pack(files, size=16, crop="square", folder=tmp_path / "cache")
    (tmp_path / "a").rename(tmp_path / "b")
    pack([tmp_path / "b" / file.name for file in files], size=16, crop="square", folder=tmp_path / "cache")
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 1


@pytest.mark.parametrize("change", ["content", "time", "order", "size", "crop", "name"])
def test_whatever_changes_a_pixel_changes_the_cache(tmp_path: Path, change: str) -> None:
    files = write_images(tmp_path / "a", 4)
    pack(files, size=16, crop="square", folder=tmp_path / "cache")
    if change == "content":
        Image.new("RGB", (24, 21), (9, 246, 7)).save(files[1])
    elif change == "time":
        os.utime(files[1], (1, 1))
    elif change == "order":
        files = files[::-1]
    elif change == "name":
        files[0] = files[0].rename(tmp_path / "a" / "new.png")
    size = 17 if change == "size" else 16
    packed = pack(files, size=size, crop="full" if change == "crop" else "square", folder=tmp_path / "cache")
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 2
    expected = {"content": [0, 9, 2, 3], "order": [3, 2, 1, 0]}
    assert colours(packed.images) == expected.get(change, [0, 1, 2, 3])


def test_a_stopped_job_goes_on_where_it_was(tmp_path: Path) -> None:
    files = write_images(tmp_path / "a")

    def stop(done: int, total: int, note: str = "") -> None:
        if done >= 80:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(files, size=16, crop="square", folder=tmp_path / "cache", progress=stop)
    state = files[0].stat()
    files[0].write_bytes(b"x" * state.st_size)  # would be found bad if it were decoded again
    os.utime(files[0], ns=(state.st_atime_ns, state.st_mtime_ns))
    packed = pack(files, size=16, crop="square", folder=tmp_path / "cache")
    assert colours(packed.images) == list(range(100))


def test_bad_images_are_all_named_in_one_error(tmp_path: Path) -> None:
    files = write_images(tmp_path / "a")
    files[3].write_bytes(files[3].read_bytes()[:50])
    files[50].write_bytes(b"")
    files[70].write_text("<html>Google Drive - Virus scan warning</html>")
    files[99].unlink()
    with pytest.raises(DataError) as caught:
        pack(files, size=16, crop="square", folder=tmp_path / "cache", threads=2)
    message = str(caught.value)
    for part in ("4 problems", "003.png is no readable image", "050.png is empty", "070.png is a web page", "1 more"):
        assert part in message
    assert "--skip-bad" in message
    assert "\n" not in message


def test_bad_images_can_be_left_out(tmp_path: Path) -> None:
    files = write_images(tmp_path / "a")
    for index in (3, 99):
        files[index].write_bytes(b"no image")
    for _ in range(2):  # packed, then opened
        packed = pack(files, size=16, crop="square", folder=tmp_path / "cache", skip_bad=True)
        good = [index for index in range(100) if index not in (3, 99)]
        assert packed.kept.tolist() == colours(packed.images) == good
        assert [text.split()[0] for text in packed.skipped] == ["003.png", "099.png"]
        assert len(packed.sizes) == 98
    with pytest.raises(DataError, match=r"2 problems: 003\.png"):
        pack(files, size=16, crop="square", folder=tmp_path / "cache")


def test_an_image_repaired_after_the_error_is_used(tmp_path: Path) -> None:
    files = write_images(tmp_path / "a")
    whole, state = files[5].read_bytes(), files[5].stat()
    files[5].write_bytes(b"x" * len(whole))
    os.utime(files[5], ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(DataError, match="1 problem"):
        pack(files, size=16, crop="square", folder=tmp_path / "cache")
    files[5].write_bytes(whole)
    os.utime(files[5], ns=(state.st_atime_ns, state.st_mtime_ns))
    assert colours(pack(files, size=16, crop="square", folder=tmp_path / "cache").images) == list(range(100))


def test_no_readable_image_at_all_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"none of 1 can be read: a\.png"):
        pack([tmp_path / "a.png"], size=16, crop="square", folder=tmp_path / "cache", skip_bad=True)


@pytest.mark.faces
@pytest.mark.skipif(not FACES.is_dir(), reason="the real faces are not beside the project")
def test_real_faces_are_packed_with_their_labels(tmp_path: Path) -> None:
    found = read_annotations(DataConfig(source=str(FACES)))
    assert found.labels.shape == (7972, 40)
    assert np.bincount(found.split).tolist() == [6411, 792, 769]
    packed = pack(found.files[:200], size=16, crop="square", folder=tmp_path)
    blond = found.labels[:200, found.attributes.index("Blond_Hair")] == 1
    top = packed.images[:, :4].astype(np.float64).mean(axis=(1, 2, 3))
    assert top[blond].mean() > top[~blond].mean() + 10
