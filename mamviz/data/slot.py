"""Where a cache of packed images lies, and the pieces it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CHUNK_BYTES = 2**24  # of pixels: 1,365 images of 64 px, about a second of decoding


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Where a cache lies and what it holds: `n_images` squares of `size` pixels.

    key   part of the file name; must differ wherever any pixel could
    """

    folder: Path
    key: str
    n_images: int
    size: int

    @property
    def file(self) -> Path:
        """The whole cache: a .npy of the images that could be made."""
        return self.folder / f"{self.key}.npy"

    @property
    def index(self) -> Path:
        """What was left out of it, and why."""
        return self.folder / f"{self.key}.json"

    @property
    def partial(self) -> Path:
        """The cache while it is being filled; all images, bad ones black."""
        return self.folder / f"{self.key}.partial"

    @property
    def journal(self) -> Path:
        """One line for each chunk that stands in the partial file, with its checksum."""
        return self.folder / f"{self.key}.journal"

    @property
    def image_bytes(self) -> int:
        """Bytes of an image."""
        return self.size**2 * 3

    @property
    def chunk(self) -> int:
        """Images in a chunk."""
        return max(1, CHUNK_BYTES // self.image_bytes)

    def chunks(self) -> list[tuple[int, int]]:
        """Return first and past-the-last image of each chunk."""
        return [(start, min(start + self.chunk, self.n_images)) for start in range(0, self.n_images, self.chunk)]
