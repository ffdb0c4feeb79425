"""masks.h5 of a real network against its raw masks, by brute force."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from mamviz.config import RunConfig, from_dict
from mamviz.data.batches import to_tensor
from mamviz.data.dataset import ImageData
from mamviz.distributed import Group
from mamviz.errors import DataError, RunError
from mamviz.extraction import extract_masks, plan_extraction, sweep
from mamviz.models.weights import build_network, load_network, write_network
from mamviz.run import Run
from mamviz.schema import BlockStatistics, BlockSums, Floats
from mamviz.store.masks import read_images, read_raw, read_statistics
from tests.core.limited import run_limited
from tests.core.made import make_config, make_data, make_run
from tests.core.models.stirred import stir
from tests.core.stats.raw import Raw, fill
from tests.core.store.samebits import assert_same_bits

APART = ~np.eye(4, dtype=bool)  # the diagonal carries nothing


@pytest.fixture(scope="module")
def data() -> ImageData:
    return make_data(60)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, data: ImageData) -> Run:
    """A run whose masks differ between attributes, cells and images."""
    config = make_config()
    run = make_run(tmp_path_factory.mktemp("runs") / "made-1", config, data)
    network = build_network(config, n_attributes=4)
    stir(network.masking, seed=1)
    stir(network.readout, seed=2)
    write_network(run.model_file, network, config=config, attributes=run.attributes)
    return run


def extract(run: Run, data: ImageData, *, batch_size: int = 64, n_raw: int | None = 0) -> BlockStatistics:
    plan, indices = plan_extraction(run, data, split="all", n_raw=n_raw, version="0", shape=(4, 2, 2))
    return read_statistics(extract_masks(run, data, plan, indices, batch_size=batch_size))


def fresh(run: Run, folder: Path) -> Run:
    shutil.copytree(run.folder, folder, ignore=shutil.ignore_patterns("masks*"))
    return Run(folder, run.config, run.attributes, run.record)


def assert_close(got: BlockStatistics, expected: BlockStatistics, *, relative: float) -> None:
    """Compare by the largest value of each array: adjusted sums cancel, and single cells of them can be near 0.

    Within-image correlations are compared as r, the mean over a block's images by Fisher's z: on 2 x 2 cells r comes as
    near to 1 as float32 tells, and its z is then rounding error.
    """
    for each in ("mask", "evidence"):
        ours, theirs = got.sums(each), expected.sums(each)
        for entry in fields(BlockSums):
            one, two = getattr(ours, entry.name), getattr(theirs, entry.name)
            if entry.name == "image_r":
                one, two = mean_r(ours), mean_r(theirs)
            elif entry.name == "image_count":
                one, two = one[..., APART], two[..., APART]
            # what attributes share is taken out before r, and with it the first digits of a float32
            atol = relative * (10 if entry.name == "image_r" else 1) * np.abs(two).max()
            np.testing.assert_allclose(one, two, rtol=0, atol=atol, err_msg=f"{each} {entry.name}")


def mean_r(sums: BlockSums) -> Floats:
    """The mean r of every pair in each block; 0 where it is not defined."""
    z, count = sums.image_r[..., APART], sums.image_count[..., APART]
    return np.tanh(np.divide(z, count, out=np.zeros_like(z), where=count > 0))


def test_statistics_equal_the_brute_force_from_raw_masks(trained: Run, data: ImageData, tmp_path: Path) -> None:
    run = fresh(trained, tmp_path / "made-1")
    got = extract(run, data)
    network = load_network(run)
    with torch.inference_mode():
        masks = network.explain(to_tensor(data.images))
    scale = network.readout.scale.detach().double().expand(4, -1).numpy()
    raw = Raw(
        masks.masks.double().numpy(), masks.features.double().numpy(), scale, data.labels.astype(float), data.blocks(64)
    )
    expected = fill(raw, n_blocks=64)
    np.testing.assert_array_equal(got.count, expected.count)
    np.testing.assert_allclose(got.weight_sum, expected.weight_sum, atol=1e-12)
    assert_close(got, expected, relative=3e-6)  # float32 networks, float32 sums in the file


@pytest.mark.parametrize("batch_size", [1, 7, 256])
def test_statistics_do_not_depend_on_the_batch_size(
    trained: Run, data: ImageData, tmp_path: Path, batch_size: int
) -> None:
    expected = extract(fresh(trained, tmp_path / "a"), data, batch_size=64)
    got = extract(fresh(trained, tmp_path / "b"), data, batch_size=batch_size)
    assert_close(got, expected, relative=3e-6)


def test_raw_masks_are_those_of_the_network_in_float16(trained: Run, data: ImageData, tmp_path: Path) -> None:
    run = fresh(trained, tmp_path / "made-1")
    extract(run, data, n_raw=5)
    names, masks = read_raw(run.masks_file)
    assert sorted(names) == sorted(data.names[:5])
    rows = [data.names.index(name) for name in names]
    with torch.inference_mode():
        expected = load_network(run).explain(to_tensor(data.images[rows])).masks.numpy()
    np.testing.assert_allclose(masks, expected, atol=5e-4)  # half of float16's step below 1


def test_logits_stand_beside_the_names_of_their_images(trained: Run, data: ImageData, tmp_path: Path) -> None:
    run = fresh(trained, tmp_path / "made-1")
    extract(run, data)
    rows = read_images(run.masks_file)
    places = [data.names.index(name) for name in rows.names]
    with torch.inference_mode():
        expected = load_network(run).classify(to_tensor(data.images[places])).numpy()
    np.testing.assert_allclose(rows.logits, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(rows.labels, data.labels[places])


def test_an_interrupted_extraction_finishes_the_same_file(trained: Run, data: ImageData, tmp_path: Path) -> None:
    whole = fresh(trained, tmp_path / "whole")
    extract(whole, data)
    run = fresh(trained, tmp_path / "stopped")
    plan, indices = plan_extraction(run, data, split="all", n_raw=0, version="0", shape=(4, 2, 2))
    seen: list[int] = []

    def stop(done: int, total: int, note: str = "") -> None:
        seen.append(done)
        if done > 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract_masks(run, data, plan, indices, progress=stop)
    assert not run.masks_file.exists()
    again: list[int] = []
    extract_masks(run, data, plan, indices, progress=lambda done, total, note="": again.append(total))
    assert again[0] < 60  # only what was missing
    with h5py.File(run.masks_file) as got, h5py.File(whole.masks_file) as expected:
        names: list[str] = []
        expected.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        for name in names:
            np.testing.assert_array_equal(got[name][()], expected[name][()], err_msg=name)


def test_a_finished_file_is_not_computed_again(trained: Run, data: ImageData, tmp_path: Path) -> None:
    run = fresh(trained, tmp_path / "made-1")
    extract(run, data)
    before = run.masks_file.stat().st_mtime_ns
    extract(run, data)
    assert run.masks_file.stat().st_mtime_ns == before
    extract(run, data, n_raw=2)
    assert run.masks_file.stat().st_mtime_ns != before


@pytest.mark.slow
@pytest.mark.parametrize(("n_left", "worlds"), [(64, (2, 4)), (3, (4,))])
def test_two_and_four_processes_write_the_bits_of_one(
    trained: Run, data: ImageData, tmp_path: Path, n_left: int, worlds: tuple[int, ...]
) -> None:
    """Of 64 blocks, and of 3: one of four processes then has none."""
    one = fresh(trained, tmp_path / "one")
    extract(one, data, n_raw=6)
    script = tmp_path / "work.py"
    script.write_text(
        "import sys; from pathlib import Path\n"
        "from mamviz.distributed import joined; from mamviz.run import open_run\n"
        "from mamviz.extraction import extract_masks, plan_extraction; from tests.core.made import make_data\n"
        "with joined('cpu') as group:\n"
        "    run, data = open_run(Path(sys.argv[1])), make_data(60)\n"
        "    plan, indices = plan_extraction(run, data, split='all', n_raw=6, version='0', shape=(4, 2, 2))\n"
        "    extract_masks(run, data, plan, indices, group=group)\n"
    )
    root = Path(__file__).parents[3]
    for world in worlds:
        run = fresh(trained, tmp_path / f"of-{world}")
        if n_left < 64:
            shutil.copy(one.masks_file, run.folder / "masks.part-0.h5")
            with h5py.File(run.folder / "masks.part-0.h5", "r+") as handle:
                handle["blocks/done"][:n_left] = 0
                handle["blocks/count"][:n_left] = -1
        start = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={world}"]
        subprocess.run(
            [*start, script, run.folder],
            check=True,
            capture_output=True,
            cwd=root,
            timeout=300,
            env=_environment(root),
        )
        assert_same_bits(run.masks_file, one.masks_file)
        assert not list(run.folder.glob("*masks.part*"))


@pytest.mark.parametrize("failing", [1, 5, 12])
def test_a_block_that_memory_runs_out_in_is_summed_once(
    trained: Run, data: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """Memory runs out after images were added to the sums: of one batch of several, and of the first."""
    together = replace(data, identity=np.repeat([0, 1, 2], 20))  # all images in three blocks
    monkeypatch.setattr(sweep, "CELLS_AT_A_TIME", {"cpu": 64 * 3})  # of 64 cells an image: three at a time
    smaller, run = fresh(trained, tmp_path / "smaller"), fresh(trained, tmp_path / "larger")
    extract(smaller, together, batch_size=5, n_raw=60)
    true_add, calls, notes = sweep.add_images, [], []

    def add_images(*arguments: object, **named: object) -> None:
        true_add(*arguments, **named)  # type: ignore[arg-type]
        calls.append(None)
        if len(calls) == failing:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(sweep, "add_images", add_images)
    plan, indices = plan_extraction(run, together, split="all", n_raw=60, version="0", shape=(4, 2, 2))
    seen: list[int] = []

    def hear(done: int, total: int, note: str = "") -> None:
        notes.append(note)
        seen.append(done)

    extract_masks(run, together, plan, indices, batch_size=10, progress=hear)
    assert notes[-1].endswith(", memory ran out, now 5 images at once")
    assert seen[-1] == 60
    got, expected = read_statistics(run.masks_file), read_statistics(smaller.masks_file)
    np.testing.assert_array_equal(got.count, expected.count)
    assert_close(got, expected, relative=3e-6)
    np.testing.assert_allclose(read_raw(run.masks_file)[1], read_raw(smaller.masks_file)[1], atol=1e-3)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and a limit of memory")
def test_the_numbers_where_memory_is_short_are_those_of_smaller_batches(tmp_path: Path) -> None:
    """60 images of 256 pixels, all in one block, need 600 MB at once; the true allocator fails, smaller batches fit."""
    script = """
from dataclasses import replace
from mamviz.config import RunConfig, from_dict
from mamviz.extraction import extract_masks, plan_extraction
from mamviz.models.weights import build_network, write_network
from tests.core.made import make_data, make_run
from tests.core.models.stirred import stir
config = from_dict(RunConfig, {"data": {"size": 256}, "model": {"channels": 4}})
data = replace(make_data(60, size=256), identity=np.zeros(60, np.int64))
run = make_run(Path(sys.argv[1]), config, data)
network = build_network(config, n_attributes=4)
stir(network.masking, seed=1)
write_network(run.model_file, network, config=config, attributes=run.attributes)
plan, indices = plan_extraction(run, data, split="all", n_raw=0, version="0", shape=network.shape)
notes = []
limit(350)
short = extract_masks(run, data, plan, indices, progress=lambda done, total, note="": notes.append(note))
print(notes[-1].split()[-4])
short.rename(run.folder / "short.h5")
extract_masks(run, data, plan, indices, batch_size=int(notes[-1].split()[-4]))
"""
    at_once = int(run_limited(script, tmp_path / "made-1"))
    assert 1 <= at_once < 60
    assert_same_bits(tmp_path / "made-1" / "short.h5", tmp_path / "made-1" / "masks.h5")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_numbers_on_a_full_gpu_are_those_of_smaller_batches(tmp_path: Path) -> None:
    config = from_dict(RunConfig, {"data": {"size": 256}, "model": {"channels": 16}})
    data = replace(make_data(200, size=256), identity=np.zeros(200, np.int64))
    run = make_run(tmp_path / "made-1", config, data)
    network = build_network(config, n_attributes=4)
    stir(network.masking, seed=1)
    write_network(run.model_file, network, config=config, attributes=run.attributes)
    plan, indices = plan_extraction(run, data, split="all", n_raw=0, version="0", shape=network.shape)
    group, notes = Group(device="cuda"), []
    torch.cuda.set_per_process_memory_fraction(2**30 / torch.cuda.get_device_properties(0).total_memory)
    try:
        extract_masks(
            run,
            data,
            plan,
            indices,
            group=group,
            batch_size=200,
            progress=lambda done, total, note="": notes.append(note),
        )
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert "memory ran out" in notes[-1]
    got = read_statistics(run.masks_file)
    run.masks_file.unlink()
    extract_masks(run, data, plan, indices, group=group, batch_size=int(notes[-1].split()[-4]))
    assert_close(got, read_statistics(run.masks_file), relative=1e-5)


def test_an_empty_split_is_named(trained: Run, data: ImageData) -> None:
    empty = make_data(60)
    empty.split[:] = 0
    with pytest.raises(DataError, match=r"split 'test', found none"):
        plan_extraction(trained, empty, split="test", n_raw=0, version="0", shape=(4, 2, 2))


def test_a_full_disk_is_noticed_before_anything_is_written(
    trained: Run, data: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fresh(trained, tmp_path / "made-1")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10_000))
    with pytest.raises(RunError, match=r"needs .* GB and 0.0 GB are free"):
        extract(run, data)
    assert not list(run.folder.glob("masks*"))


def _environment(root: Path) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
