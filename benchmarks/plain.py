"""The same network, training step and statistics as a script would write them, beside which ours are timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import torch

from mamviz.config import RunConfig
from mamviz.models import masking
from mamviz.models.network import MaskNetwork, Outputs
from mamviz.training.loop import make_optimizer
from mamviz.training.losses import total_loss


def plain_forward(network: MaskNetwork) -> Callable[[torch.Tensor], Outputs]:
    """Return the same network written plainly: masks kept whole, autograd's own backward."""

    def forward(x: torch.Tensor) -> Outputs:
        features = network.extractor(x)
        masks = network.masking(features)
        pooled = (masks * features.unsqueeze(1)).mean((3, 4))
        return Outputs(
            network.readout(pooled), network.multi(features.mean((2, 3))), network.reconstructor(features), masks.mean()
        )

    return forward


def train_step(
    network: MaskNetwork,
    run: Callable[[torch.Tensor], Outputs],
    config: RunConfig,
    x: torch.Tensor,
    labels: torch.Tensor,
    *,
    half: bool,
) -> Callable[[], None]:
    """Return one training step, on the device of x."""
    optimizer = make_optimizer(network, config)

    def step() -> None:
        network.train()
        with torch.autocast(x.device.type, torch.bfloat16, enabled=half):
            outputs = run(x)
        optimizer.zero_grad(set_to_none=True)
        total_loss(outputs, labels, x, config.train).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


@torch.inference_mode()
def extract_plainly(network: MaskNetwork, x: torch.Tensor, labels: torch.Tensor) -> None:
    """Compute the same sums as a script would: masks and evidence of the batch kept whole, an image at a time."""
    features = network.extractor(x)
    masks = network.masking(features).contiguous()
    scale = network.readout.scale.expand(network.n_attributes, -1)[None, :, :, None, None]
    evidence = masks * features.unsqueeze(1) * scale / (features.shape[2] * features.shape[3])
    same = 2 * torch.eye(network.n_attributes, device=x.device)
    for maps in (masks, evidence):
        maps.sum(0, dtype=torch.float64)
        for weighed in (labels, labels):
            torch.einsum("nk,nkchw->kchw", weighed.float(), maps)
        torch.einsum("nkchw,nkdhw->cd", maps, maps)
        for view in (maps.flatten(2), maps.sum((3, 4)), maps.sum(2).flatten(2)):
            for image in view:
                torch.atanh(torch.corrcoef(image) - same)
                torch.atanh(torch.corrcoef(image - image.mean(0)) - same)
                image @ image.T


@contextmanager
def pooled_by(function: type[torch.autograd.Function]) -> Iterator[None]:
    """Pool masks by this function, whatever the device and the size."""
    with mock.patch.object(masking, "choose_pool", return_value=function):
        yield
