"""From JPEG files to batches: packing once and reading the cache, beside Pillow in a loop and torch's DataLoader."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from timing import Timing, timed
from torch.utils.data import DataLoader, Dataset

from mamviz.data.batches import epoch_order, to_tensor
from mamviz.data.images import pack
from mamviz.data.prefetch import prefetch
from mamviz.data.resident import read
from mamviz.data.synthetic.files import write_faces

N_FILES = 512
BATCH = 128
SIDE = 64


def measure_reading(repeats: int) -> Iterator[Timing]:
    """Yield images a second of each way; batches are tensors in [-1, 1]."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_faces(folder / "faces", n_images=N_FILES, size=128, seed=0, label_correlation=1.0, regions=False)
        files = sorted((folder / "faces" / "img_align_celeba").iterdir())
        places = iter(range(10_000))

        def pack_anew(threads: int) -> np.ndarray:
            return pack(files, size=SIDE, crop="square", folder=folder / str(next(places)), threads=threads).images

        for threads in (1, 2):
            job = f"decode and pack 128 px JPEG to 64 px, {threads} threads"
            yield timed(job, lambda threads=threads: pack_anew(threads), repeats, n_images=N_FILES)
        yield timed("decode with Pillow in a loop", lambda: [decode(file) for file in files], repeats, n_images=N_FILES)
        for workers in (1, 2):
            loader = make_loader(files, workers)
            job = f"an epoch of batches by torch's DataLoader, {workers} workers"
            yield timed(job, lambda loader=loader: [None for _ in loader], repeats, n_images=N_FILES)
        images = pack_anew(1)
        epochs = 20
        yield timed(
            "an epoch of batches from the packed cache",
            lambda: [read_epoch(images, epoch) for epoch in range(epochs)],
            repeats,
            n_images=epochs * N_FILES,
        )


def read_epoch(images: np.ndarray, epoch: int) -> None:
    """Read the images in random order, as training does."""
    order = epoch_order(len(images), seed=0, epoch=epoch)
    for batch in prefetch(read(images, order[start : start + BATCH]) for start in range(0, len(order), BATCH)):
        to_tensor(batch)


def decode(file: Path) -> np.ndarray:
    """Decode and resize one file."""
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS))


class Files(Dataset):
    """Files as tensors, the way of most training scripts."""

    def __init__(self, files: list[Path]) -> None:
        self.files = files

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.from_numpy(decode(self.files[index]).copy()).permute(2, 0, 1).float().div_(127.5).sub_(1.0)


def make_loader(files: list[Path], workers: int) -> DataLoader:
    """Return a DataLoader whose workers stay from epoch to epoch."""
    warnings.filterwarnings("ignore", message="This DataLoader will create")  # more workers than cores
    return DataLoader(Files(files), batch_size=BATCH, shuffle=True, num_workers=workers, persistent_workers=True)
