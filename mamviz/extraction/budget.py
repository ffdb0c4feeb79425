"""What a pass over the images will need, found out on a batch of noise before it starts."""

from __future__ import annotations

import torch

from mamviz.config import RunConfig
from mamviz.data.batches import to_tensor
from mamviz.data.memory import Room, fit
from mamviz.data.noise import make_noise
from mamviz.extraction.sums import Sums, start_sums, to_statistics
from mamviz.extraction.sweep import add_batch
from mamviz.models.peak import count_peak_bytes
from mamviz.models.weights import build_network
from mamviz.schema import ExtractionBudget, WorkTime
from mamviz.stats.moments import number_of_blocks
from mamviz.store.layout import size_on_disk
from mamviz.trial import held_bytes, median_seconds

# Of an image and attribute while a pass lasts: the label, in the data, in the order of blocks, and on its way to disk.
BYTES_A_LABEL = 3


def predict_extraction(
    config: RunConfig, *, n_attributes: int, n_images: int, n_raw: int = 0, batch_size: int = 64, device: str = "cpu"
) -> ExtractionBudget:
    """Return what extraction will need, measured on a batch of noise with untrained weights; takes about half a minute.

    n_raw    number of images whose raw masks are stored
    Time is that of the sums. Reading goes on beside it, but the first time that images are decoded or drawn; writing
    raw masks comes on top of it. Where memory runs out, it is that of fewer images at once. Other jobs on the machine,
    now or then, make it another time. Raises ConfigError for a network that can't be built, or where one image is
    too much.
    """
    held = held_bytes()
    network = build_network(config, n_attributes=n_attributes, pretrained=False).to(device).eval()
    n_blocks = number_of_blocks(n_attributes, *network.shape)
    n_at_once = max(1, min(batch_size, -(-n_images // n_blocks)))  # batches don't cross blocks
    data = make_noise(config.data, n_images=n_at_once, n_attributes=n_attributes)
    labels = torch.from_numpy(data.labels).to(device, torch.float64)
    x = to_tensor(data.images, device=device)

    def add(sums: Sums, x: torch.Tensor) -> None:
        add_batch(sums, network, x, labels=labels, weights=labels)

    def finish(x: torch.Tensor | None = None) -> None:
        sums = start_sums(n_attributes, network.shape, device=device)
        if x is not None:
            add(sums, x)
        to_statistics(sums, data.attributes)

    def measure(n_images: int) -> tuple[float, float, int]:
        """Return the seconds of an image and of a block, and the bytes that a batch holds at most."""
        sums, few = start_sums(n_attributes, network.shape, device=device), x[:n_images]
        image = median_seconds(lambda: add(sums, few), wait=wait) / n_images
        return image, median_seconds(finish, wait=wait), count_peak_bytes(finish, few)

    room, wait = Room(n_at_once), torch.cuda.synchronize if device.startswith("cuda") else None
    with torch.inference_mode():
        image, block, working = fit(measure, room)
    weights = sum(4 * parameter.numel() for parameter in network.parameters())
    tables = n_images * n_attributes * BYTES_A_LABEL
    on_device = device.startswith("cuda")
    masks = size_on_disk(n_blocks, n_attributes, network.shape, n_raw=n_raw, n_images=n_images)
    seconds = n_images * image + n_blocks * block
    return ExtractionBudget(
        images_at_once=room.images if room.images < n_at_once else None,
        ram_bytes=held + tables + (0 if on_device else weights + working),
        device_bytes=float(weights + working) if on_device else 0.0,
        disk_bytes=float(masks),
        time=WorkTime(seconds=seconds, images_per_second=n_images / seconds),
    )
