import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mamviz.data import slot as slot_module
from mamviz.data.cache import Chunk, Make, Packed, fill, finish, open_packed
from mamviz.data.slot import Slot
from mamviz.errors import DataError
from mamviz.schema import silent

SIZE = 16
PER_CHUNK = 5
CHUNK_BYTES = PER_CHUNK * SIZE * SIZE * 3
N = 2 * PER_CHUNK + 3


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot_module, "CHUNK_BYTES", CHUNK_BYTES)


def picture(index: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((SIZE, SIZE, 3), index % 251 + 1, np.uint8)


class Maker:
    """Make plain pictures, and keep a list of the chunks asked for."""

    def __init__(self, bad: tuple[int, ...] = ()) -> None:
        self.bad = bad
        self.asked: list[tuple[int, int]] = []

    def __call__(self, start: int, stop: int) -> Chunk:
        self.asked.append((start, stop))
        images = np.stack([picture(index) for index in range(start, stop)])
        bad = tuple((index, "is broken") for index in self.bad if start <= index < stop)
        for index, _ in bad:
            images[index - start] = 0
        return Chunk(images, bad)


def slot_in(folder: Path, n_images: int = N) -> Slot:
    return Slot(folder=folder, key="images-1", n_images=n_images, size=SIZE)


def run(slot: Slot, make: Make) -> Packed:
    return finish(slot, fill(slot, make, progress=silent, note=""))


def assert_pictures(packed: Packed) -> None:
    np.testing.assert_array_equal(packed.images[:, 0, 0, 0], [index % 251 + 1 for index in packed.kept])
    np.testing.assert_array_equal(packed.images.min(axis=(1, 2, 3)), packed.images.max(axis=(1, 2, 3)))


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_what_was_packed_is_opened_again(tmp_path: Path) -> None:
    slot, maker = slot_in(tmp_path / "cache"), Maker()
    assert open_packed(slot) is None
    assert_pictures(run(slot, maker))
    assert maker.asked == [(0, PER_CHUNK), (PER_CHUNK, 2 * PER_CHUNK), (2 * PER_CHUNK, N)]
    again = open_packed(slot)
    assert again is not None
    assert_pictures(again)
    assert isinstance(again.images, np.memmap)
    assert not again.images.flags.writeable
    assert names_in(slot.folder) == {"images-1.npy", "images-1.json"}


def test_the_file_is_plain_npy(tmp_path: Path) -> None:
    run(slot_in(tmp_path, 3), Maker())
    np.testing.assert_array_equal(np.load(tmp_path / "images-1.npy")[2], picture(2))


def test_a_stopped_job_goes_on_with_the_chunks_that_remain(tmp_path: Path) -> None:
    slot = slot_in(tmp_path)

    def stop(done: int, total: int, note: str = "") -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(slot, Maker(), progress=stop, note="")
    assert open_packed(slot) is None
    maker = Maker()
    assert_pictures(run(slot, maker))
    assert maker.asked == [(PER_CHUNK, 2 * PER_CHUNK), (2 * PER_CHUNK, N)]


def test_a_chunk_that_was_cut_off_while_writing_is_made_again(tmp_path: Path) -> None:
    slot = slot_in(tmp_path)
    fill(slot, Maker(), progress=silent, note="")
    with slot.partial.open("r+b") as handle:  # pixels that never reached the disk
        handle.seek(-100, 2)
        handle.write(b"\0" * 100)
    lines = slot.journal.read_text().splitlines(keepends=True)
    slot.journal.write_text("".join(lines).replace(f"[{PER_CHUNK},", "[", 1) + '\n[0, 17, [[3, "is')
    maker = Maker()
    assert_pictures(run(slot, maker))
    assert maker.asked == [(PER_CHUNK, 2 * PER_CHUNK), (2 * PER_CHUNK, N)]


def test_a_partial_file_cut_short_is_not_trusted(tmp_path: Path) -> None:
    slot = slot_in(tmp_path)
    fill(slot, Maker(), progress=silent, note="")
    with slot.partial.open("r+b") as handle:
        handle.truncate(CHUNK_BYTES // 2)
    assert_pictures(run(slot, Maker()))


def test_a_journal_without_its_pixels_is_not_trusted(tmp_path: Path) -> None:
    slot = slot_in(tmp_path)
    fill(slot, Maker(), progress=silent, note="")
    slot.partial.unlink()
    assert_pictures(run(slot, Maker()))


def test_bad_images_are_left_out_and_remembered(tmp_path: Path) -> None:
    bad = (0, PER_CHUNK, N - 1)
    packed = run(slot_in(tmp_path), Maker(bad))
    assert packed.bad == tuple((index, "is broken") for index in bad)
    np.testing.assert_array_equal(packed.kept, np.delete(np.arange(N), bad))
    assert len(packed.images) == N - 3
    assert_pictures(packed)
    again = open_packed(slot_in(tmp_path))
    assert again is not None
    assert again.bad == packed.bad
    assert_pictures(again)
    assert names_in(tmp_path) == {"images-1.npy", "images-1.json"}


def test_only_bad_images_are_tried_again(tmp_path: Path) -> None:
    slot = slot_in(tmp_path)
    assert fill(slot, Maker((1, N - 1)), progress=silent, note="") == ((1, "is broken"), (N - 1, "is broken"))
    maker = Maker((N - 1,))
    packed = run(slot, maker)
    assert maker.asked == [(1, 2), (N - 1, N)]
    assert packed.bad == ((N - 1, "is broken"),)
    assert_pictures(packed)


def test_a_cache_without_any_good_image_is_whole(tmp_path: Path) -> None:
    packed = run(slot_in(tmp_path, 2), Maker((0, 1)))
    assert packed.images.shape == (0, SIZE, SIZE, 3)
    assert open_packed(slot_in(tmp_path, 2)) is not None


@pytest.mark.parametrize("damage", ["truncated", "longer", "header", "version", "index", "no index"])
def test_a_damaged_cache_is_packed_anew(tmp_path: Path, damage: str) -> None:
    slot = slot_in(tmp_path, 3)
    run(slot, Maker())
    with slot.file.open("r+b") as handle:
        if damage == "truncated":
            handle.truncate(slot.file.stat().st_size - 1)
        elif damage == "longer":
            handle.seek(0, 2)
            handle.write(b"x")
        elif damage == "header":
            handle.write(b"\x93NUMPY\x09")
    if damage == "version":
        slot.index.write_text(json.dumps({"layout_version": 0, "bad": []}))
    elif damage == "index":
        slot.index.write_text("{")
    elif damage == "no index":
        slot.index.unlink()
    assert open_packed(slot) is None
    maker = Maker()
    assert_pictures(run(slot, maker))
    assert maker.asked == [(0, 3)]


def test_a_full_disk_is_told_before_anything_is_made(tmp_path: Path) -> None:
    slot, maker = slot_in(tmp_path, 10**15), Maker()
    with pytest.raises(DataError, match=r"expected 768,000,000\.00 GB of free space .* got .* GB"):
        fill(slot, maker, progress=silent, note="")
    assert maker.asked == []
    assert names_in(tmp_path) == set()


def test_progress_counts_images(tmp_path: Path) -> None:
    calls: list[tuple[int, int, str]] = []

    def note(done: int, total: int, note: str = "") -> None:
        calls.append((done, total, note))

    fill(slot_in(tmp_path), Maker(), progress=note, note="packing")
    assert calls == [(done, N, "packing") for done in (PER_CHUNK, 2 * PER_CHUNK, N)]


PACK_MANY = """
import sys, time
from pathlib import Path
import numpy as np
from mamviz.data import slot
from mamviz.data.cache import Chunk, fill, finish
from mamviz.schema import silent

folder, worker, broken = Path(sys.argv[1]), sys.argv[2], [int(index) for index in sys.argv[3].split()]
slot.CHUNK_BYTES = 768 * 5

def make(start, stop):
    images = np.stack([np.full((16, 16, 3), index % 251 + 1, np.uint8) for index in range(start, stop)])
    time.sleep(0.0005 * int(worker))
    return Chunk(images, tuple((index, "is broken") for index in broken if start <= index < stop))

for key in range(8):
    (folder / f"{key}-{worker}.ready").touch()
    while len(list(folder.glob(f"{key}-*.ready"))) < 3:
        pass
    place = slot.Slot(folder=folder, key=f"key-{key}", n_images=203, size=16)
    packed = finish(place, fill(place, make, progress=silent, note=""))
    assert [int(image) for image in packed.images[:, 7, 7, 1]] == [i % 251 + 1 for i in range(203) if i not in broken]
"""


@pytest.mark.parametrize("broken", ["", "2 50 202"])
def test_processes_that_pack_the_same_do_not_disturb_each_other(tmp_path: Path, broken: str) -> None:
    root = Path(__file__).parents[3]
    commands = [[sys.executable, "-c", PACK_MANY, str(tmp_path), str(worker), broken] for worker in range(3)]
    workers = [subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True) for command in commands]
    outcomes = [(worker.communicate(timeout=300)[1], worker.returncode) for worker in workers]
    assert outcomes == [("", 0)] * 3
    left = {file.suffix for file in tmp_path.iterdir()} - {".ready", ".journal"}
    assert left == {".npy", ".json"}
