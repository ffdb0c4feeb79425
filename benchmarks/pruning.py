"""Pruning beside torch-pruning: the same network, the same number of channels, the same fine-tune, timed in turns.

    pip install torch-pruning
    python benchmarks/pruning.py runs/faces-1 --epochs 2
    python benchmarks/pruning.py runs/celeba-1 --keep 0.5 --threads 1

Prints a row a method: accuracy on test images before and after the fine-tune with the paired interval of the loss,
parameters, FLOPs, and by how much a batch is faster. torch-pruning follows the extractor; the head behind it, which its
graph can't follow, is cut by us to the channels that torch-pruning keeps. With --whole, its own try at the whole
network is shown as well.
"""

from __future__ import annotations

import argparse
import copy
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from mamviz.data.batches import augment, epoch_order, to_tensor
from mamviz.data.dataset import ImageData, open_data
from mamviz.models.cutting import find_producers
from mamviz.models.network import MaskNetwork
from mamviz.models.surgery import masked_logits, prune_network
from mamviz.models.weights import load_network
from mamviz.pruning.cost import Timing, compare_costs
from mamviz.pruning.criteria import order_channels
from mamviz.pruning.observation import Observation, observe
from mamviz.pruning.part import read_part
from mamviz.run import Run, open_run
from mamviz.schema import Criterion, Interval
from mamviz.stats.bootstrap import draw_counts, to_interval, weigh_means
from mamviz.training.loop import make_optimizer
from mamviz.training.losses import total_loss
from mamviz.training.prediction import predict


@dataclass(frozen=True)
class Candidate:
    """A smaller network and who made it."""

    name: str
    network: MaskNetwork


def prune_here(network: MaskNetwork, seen: Observation, criterion: Criterion, n_kept: int, size: int) -> MaskNetwork:
    """Our own: the last channels of an order, means left behind."""
    order = order_channels(network, seen, criterion, size=size)
    assert order is not None
    return prune_network(network, sorted(order.channels[-n_kept:]), means=seen.means).eval()


def prune_there(network: MaskNetwork, seen: Observation, n_kept: int, size: int, *, deep: float = 0.0) -> MaskNetwork:
    """torch-pruning's magnitude (L1) of the features' group; `deep` is the share cut from every other layer, too."""
    import torch_pruning as tp

    extractor = copy.deepcopy(network.extractor)
    last = find_producers(extractor, size=size).convolutions[0]
    example = torch.zeros(1, 3, size, size)
    graph = tp.DependencyGraph().build_dependency(extractor, example_inputs=example)
    importance = tp.importance.GroupMagnitudeImportance(p=1)
    everything = graph.get_pruning_group(last, tp.prune_conv_out_channels, idxs=list(range(last.out_channels)))
    scores = importance(everything)
    kept = sorted(torch.argsort(scores, descending=True)[:n_kept].tolist())
    gone = sorted(set(range(last.out_channels)) - set(kept))
    graph.get_pruning_group(last, tp.prune_conv_out_channels, idxs=gone).prune()
    if deep:
        pruner = tp.pruner.MagnitudePruner(
            extractor, example, importance=importance, pruning_ratio=deep, ignored_layers=[last]
        )
        pruner.step()
    smaller = prune_network(network, kept, means=seen.means)
    smaller.extractor = extractor.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return smaller.eval()


def try_whole(network: MaskNetwork, size: int, n_kept: int) -> str:
    """What torch-pruning says of the whole network, masks and all."""
    import torch_pruning as tp

    class Classify(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = copy.deepcopy(network)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.network.explain(x).logits

    whole = Classify().eval()
    last = find_producers(whole.network.extractor, size=size).convolutions[0]
    x = torch.rand(4, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    gone = list(range(last.out_channels - n_kept))
    try:
        graph = tp.DependencyGraph().build_dependency(whole, example_inputs=x[:1])
        graph.get_pruning_group(last, tp.prune_conv_out_channels, idxs=gone).prune()
        with torch.no_grad():
            got = whole(x)
            kept = list(range(len(gone), last.out_channels))
            expected = masked_logits(network, network.extractor(x), kept)
    except Exception as error:  # whatever a foreign tool raises is the result
        return f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"
    return f"largest difference from the masked network: {float((got - expected).abs().max()):.3g} logit units"


def tune(run: Run, data: ImageData, network: MaskNetwork, *, epochs: int, rate: float) -> None:
    """A short fine-tune, the same for all: AdamW with one cycle of the learning rate, the run's own loss."""
    indices, batch_size = data.select("train"), run.config.train.batch_size
    steps = max(1, len(indices) // batch_size)
    optimizer = make_optimizer(network, run.config)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps * epochs)
    network.train()
    for step in range(steps * epochs):
        order = epoch_order(len(indices), seed=run.config.seed, epoch=step // steps)
        batch = np.sort(indices[order[step % steps * batch_size :][:batch_size]])
        x = to_tensor(data.images[batch])
        generator = torch.Generator().manual_seed(step)
        x = augment(x, generator=generator, flip=run.config.train.flip, crop_scale=run.config.train.crop_scale)
        loss = total_loss(network(x), torch.from_numpy(data.labels[batch]).float(), x, run.config.train)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), run.config.train.clip)
        optimizer.step()
        schedule.step()
        if step % 10 == 0:
            print(f"  step {step} of {steps * epochs}", file=sys.stderr)
    network.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "mamviz")
    parser.add_argument("--keep", type=float, default=0.5)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--deep", type=float, default=0.3)
    parser.add_argument("--whole", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    run = open_run(options.run)
    data = open_data(run.config.data, cache=options.cache)
    network, size, generator = load_network(run), data.size, np.random.default_rng(0)
    n_kept = max(1, round(options.keep * network.shape[0]))
    seen = observe(network, read_part(network, data, "validation", n_images=2000, generator=generator))
    deep = options.deep
    candidates = [
        Candidate("mamviz, contrast", prune_here(network, seen, "contrast", n_kept, size)),
        Candidate("mamviz, usage", prune_here(network, seen, "usage", n_kept, size)),
        Candidate("mamviz, Taylor", prune_here(network, seen, "Taylor", n_kept, size)),
        Candidate("torch-pruning, magnitude", prune_there(network, seen, n_kept, size)),
        Candidate(
            f"torch-pruning, {deep:.0%} of every layer, too", prune_there(network, seen, n_kept, size, deep=deep)
        ),
    ]
    test = data.select("test")
    counts = draw_counts(data.units[test], 1000, np.random.default_rng(0))

    def right(judged: MaskNetwork) -> np.ndarray:
        return ((predict(judged, data, test) > 0) == (data.labels[test] > 0)).mean(axis=1)[:, None]

    whole = right(network)
    print(f"{run.name}: {n_kept} of {network.shape[0]} channels kept; whole network {100 * whole.mean():.2f} %")
    if options.whole:
        print(f"torch-pruning on the whole network: {try_whole(network, size, n_kept)}")
    print("| method | loses before, points | loses after fine-tune | parameters | MFLOP | batch 1 | batch 128 |")
    print("|---|---|---|---|---|---|---|")
    for candidate in candidates:
        cost = compare_costs(
            network, candidate.network, size=size, error=0.0, timing=Timing(batch_sizes=(1, 128)), generator=generator
        )
        before = loss_of(whole - right(candidate.network), counts)
        tune(run, data, candidate.network, epochs=options.epochs, rate=run.config.peak_rate / 2)
        after = loss_of(whole - right(candidate.network), counts)
        ratios = " | ".join(f"{r.value:.2f} [{r.low:.2f}, {r.high:.2f}]" for r in cost.ratio)
        print(
            f"| {candidate.name} | {show(before)} | {show(after)} | {cost.after.parameters:,} | "
            f"{cost.after.flops / 1e6:.1f} | {ratios} |",
            flush=True,
        )


def loss_of(lost: np.ndarray, counts: np.ndarray) -> Interval:
    """Accuracy lost with its interval over resampled persons."""
    return to_interval(weigh_means(lost, counts)[:, 0])


def show(lost: Interval) -> str:
    """In points."""
    return f"{100 * lost.value:.2f} [{100 * lost.low:.2f}, {100 * lost.high:.2f}]"


if __name__ == "__main__":
    main()
