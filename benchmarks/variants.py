"""Networks compared: accuracy and stability over seeds by readout and receptive field, the poster's Table 2, exactness.

    make variants                                                # built-in faces
    make variants ARGS="--data ../shared/celeba-8k"              # real faces
    make variants ARGS="runs/a-seed-0 runs/a-seed-1"             # runs that are there, such as those of train --seeds

Trains every variant with every seed (a run that is there already is kept, an interrupted one goes on), extracts the
masks of all images, and prints the tables that docs/results.md quotes.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from mamviz.data.batches import iterate, to_tensor
from mamviz.data.dataset import ImageData, open_data
from mamviz.data.synthetic.labels import asked_correlations, draw_labels, free_pairs, published_rates
from mamviz.extraction import extract_masks, plan_extraction
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import load_network
from mamviz.run import Run, open_run
from mamviz.schema import NAMED_TABLES, BlockStatistics, Choices, Correlation
from mamviz.stats.agreement import pairs_of, rank_correlation, second_order_similarity
from mamviz.stats.correlation import correlate_attributes
from mamviz.stats.moments import adjusted_weights, number_of_blocks
from mamviz.stats.ranking import rank_neighbours
from mamviz.store.masks import read_images, read_statistics
from mamviz.training.evaluation import evaluate_run

VARIANTS: dict[str, tuple[str, ...]] = {
    "shared readout, 15 px": (),
    "per-attribute readout, 15 px": ("--readout", "per-attribute"),
    "shared readout, 43 px": ("--receptive-field", "43"),
    "per-attribute readout, 43 px": ("--receptive-field", "43", "--readout", "per-attribute"),
}

# Labels drawn to compare rates and correlations.
N_LABELS = 200_000

# Sums that a loop over raw masks repeats.
PLAIN = ("total", "positive", "adjusted")

# The poster's Table 2.
POSTER: dict[str, tuple[str, ...]] = {
    "Black_Hair": ("Blond_Hair", "Brown_Hair", "Bald", "Wearing_Hat", "Gray_Hair"),
    "Heavy_Makeup": ("Wearing_Lipstick", "Male", "Rosy_Cheeks", "Attractive", "Young"),
    "Bushy_Eyebrows": ("Bags_Under_Eyes", "Eyeglasses", "Arched_Eyebrows", "Heavy_Makeup", "Attractive"),
}


@dataclass(frozen=True)
class Job:
    """One training: a variant with a seed."""

    variant: str
    seed: int

    @property
    def name(self) -> str:
        """Folder name of the run."""
        number = list(VARIANTS).index(self.variant)
        return f"validate-{number}-seed-{self.seed}"


def main() -> None:
    """Train what is missing and print the tables."""
    options = parse()
    if options.trained:
        found = [open_run(folder) for folder in options.trained]
        runs = {Job("as trained", run.config.seed): run for run in found}
        options.seeds = [run.config.seed for run in found]
    else:
        jobs = [Job(variant, seed) for variant in options.variants for seed in options.seeds]
        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(lambda job: make_run(job, options), jobs))
        runs = {job: open_run(options.runs / job.name) for job in jobs}
    data = open_data(next(iter(runs.values())).config.data, cache=options.cache)
    print(f"\n{data.description}; seeds {', '.join(map(str, options.seeds))}; {options.train or 'default settings'}\n")
    print_accuracy(runs, data)
    print_stability(runs)
    if set(POSTER) <= set(data.attributes):
        print_poster(runs)
    print_exactness(next(iter(runs.values())), data, options)
    print_labels()


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trained", nargs="*", type=Path, help="runs with masks.h5; nothing is trained then")
    parser.add_argument("--data", default="faces")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--cache", type=Path, default=Path(".cache"))
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[0, 1])
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time, a thread each")
    parser.add_argument("--train", nargs=argparse.REMAINDER, default=[], help="more options of `mamviz train`")
    return parser.parse_args()


def make_run(job: Job, options: argparse.Namespace) -> None:
    """Train a job's run and extract its masks, unless that is done."""
    folder = options.runs / job.name
    common = ["--cache", str(options.cache), "--runs", str(options.runs), "--threads", "1"]
    if (folder / "resume.pt").exists():
        call("train", "--resume", job.name, *common)
    elif not (folder / "model.safetensors").exists():
        more = [*VARIANTS[job.variant], *options.train]
        call("train", "--data", options.data, "--name", job.name, "--seed", str(job.seed), *common, *more)
    call("extract-masks", job.name, *common)


def call(*words: str) -> None:
    """Run a mamviz command; its lines go to standard error."""
    subprocess.run([sys.executable, "-m", "mamviz_cli", *words], check=True, stdout=sys.stderr)


def print_accuracy(runs: dict[Job, Run], data: ImageData) -> None:
    """Print test accuracy of every run, with its interval."""
    print("| network | seed | test accuracy, % | 95 % interval | majority guess, % |\n|---|---|---|---|---|")
    for job, run in runs.items():
        scores = evaluate_run(run, data)
        mean = scores.mean_accuracy
        interval = f"{100 * mean.low:.2f} to {100 * mean.high:.2f}"
        print(
            f"| {job.variant} | {job.seed} | {100 * mean.value:.2f} | {interval} | {100 * scores.mean_majority:.2f} |"
        )


def print_stability(runs: dict[Job, Run]) -> None:
    """Print the Spearman correlation between seeds of the pairs of attributes, by table and network."""
    variants = list(dict.fromkeys(job.variant for job in runs))
    print(f"\n| table | {' | '.join(variants)} |\n|---|{'---|' * len(variants)}")
    statistics = {job: read_statistics(run.masks_file) for job, run in runs.items()}
    for name, choices in NAMED_TABLES.items():
        cells = []
        for variant in variants:
            tables = [correlate_attributes(statistics[job], choices) for job in runs if job.variant == variant]
            pairs = [second_order_similarity(a, b) for a, b in itertools.combinations(tables, 2)]
            cells.append(" ".join(f"{value:.2f}" for value in pairs))
        print(f"| {name} | {' | '.join(cells)} |")


def print_poster(runs: dict[Job, Run]) -> None:
    """Print how many of the poster's five names each table finds, by row and seed, and the rows of the default."""
    targets = list(POSTER)
    for variant in dict.fromkeys(job.variant for job in runs):
        chosen = {job: read_statistics(run.masks_file) for job, run in runs.items() if job.variant == variant}
        print(
            f"\n{variant}: names shared with the poster's five ({', '.join(targets)}), a seed each; chance 0.64 of 5\n"
        )
        seeds = [f"seed {job.seed}" for job in chosen]
        label_r = {job: label_correlation(run) for job, run in runs.items() if job in chosen}
        print(f"| table | {' | '.join(seeds)} | rank correlation with label r |\n|---|{'---|' * (len(seeds) + 1)}")
        for name, choices in NAMED_TABLES.items():
            tables = {job: correlate_attributes(part, choices) for job, part in chosen.items()}
            found = [count_shared(table, targets) for table in tables.values()]
            cells = [f"{' '.join(map(str, counts))} ({sum(counts)} of 15)" for counts in found]
            labels = " ".join(f"{against(table, label_r[job]):.2f}" for job, table in tables.items())
            print(f"| {name} | {' | '.join(cells)} | {labels} |")
        print(f"\n| {variant} | the poster's | ours, default table |\n|---|---|---|")
        for job, part in chosen.items():
            ranking = rank_neighbours(correlate_attributes(part, Choices()), top=5, by="r", targets=targets)
            for target in targets:
                ours = ", ".join(f"{row.name} {row.r:.2f}" for row in ranking.of(target))
                print(f"| {target}, seed {job.seed} | {', '.join(POSTER[target])} | {ours} |")


def count_shared(table: Correlation, targets: Sequence[str]) -> list[int]:
    """Count the poster's names among the top five of each target."""
    ranking = rank_neighbours(table, top=5, by="r", targets=list(targets))
    return [sum(row.name in POSTER[target] for row in ranking.of(target)) for target in targets]


def label_correlation(run: Run) -> np.ndarray:
    """Correlation of the labels of the extracted images."""
    with np.errstate(invalid="ignore"):
        return np.corrcoef(read_images(run.masks_file).labels.T)


def against(table: Correlation, labels: np.ndarray) -> float:
    """Spearman correlation of a table with label correlations, over pairs."""
    return float(rank_correlation(pairs_of(table.values), pairs_of(labels)))


def print_exactness(run: Run, data: ImageData, options: argparse.Namespace) -> None:
    """Print how exactly evidence adds up, and how well the statistics agree however they are computed."""
    network = load_network(run)
    gap = largest_gap(network, data)
    print(f"\nLargest |logit - (b + sum of evidence)| on {len(data.select('test'))} test images, float32: {gap:.1e}\n")
    print("| statistics of the test images | largest difference, as a share of the largest value |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder)
        expected = read_statistics(extract_copy(run, data, runs / "batch-64", batch_size=64))
        for batch_size in (1, 7, 256):
            got = read_statistics(extract_copy(run, data, runs / f"batch-{batch_size}", batch_size=batch_size))
            print(f"| batches of {batch_size} against 64 | {largest_difference(got, expected):.1e} |")
        got = read_statistics(extract_by_two(run, runs, options))
        print(f"| two processes against one | {largest_difference(got, expected):.1e} |")
        print(f"| from raw masks, summed in a loop | {largest_difference(sum_raw(run, data), expected):.1e} |")


def print_labels() -> None:
    """Print rates and correlations of the built-in faces' labels: asked for against drawn."""
    print("\n| dial | rates: max, mean error | phi of free pairs: max, mean | phi of pairs tied by logic: max, mean |")
    print("|---|---|---|---|")
    free = free_pairs()
    for dial in (1.0, 0.5, 0.0):
        labels = draw_labels(N_LABELS, seed=0, label_correlation=dial).astype(np.float64)
        rates = np.abs(labels.mean(axis=0) - published_rates())
        errors = np.abs(np.corrcoef(labels.T) - asked_correlations(dial))
        apart = ~np.eye(len(errors), dtype=bool)
        cells = [
            f"{part.max():.4f}, {part.mean():.4f}" for part in (rates, errors[free & apart], errors[~free & apart])
        ]
        print(f"| {dial:g} | {' | '.join(cells)} |")


@torch.inference_mode()
def largest_gap(network: MaskNetwork, data: ImageData) -> float:
    """Return max |logit - (b + sum of evidence)| over test images and attributes.

    The logit is the classifier's own, which pools before it weighs; evidence is weighed cell by cell.
    """
    gap = 0.0
    for _, images in iterate(data, data.select("test"), batch_size=64):
        x = to_tensor(images)
        total = network.explain(x).evidence.double().sum((2, 3, 4)) + network.readout.bias.double()
        gap = max(gap, float((network.classify(x).double() - total).abs().max()))
    return gap


def extract_copy(run: Run, data: ImageData, folder: Path, *, batch_size: int) -> Path:
    """Extract the test images of a copy of `run` and return the masks file."""
    shutil.copytree(run.folder, folder, ignore=shutil.ignore_patterns("masks*", "analysis*", "tables", "figures"))
    copy = open_run(folder)
    shape = load_network(copy).shape
    plan, indices = plan_extraction(copy, data, split="test", n_raw=0, version="validate", shape=shape)
    return extract_masks(copy, data, plan, indices, batch_size=batch_size)


def extract_by_two(run: Run, runs: Path, options: argparse.Namespace) -> Path:
    """Extract the same with two processes under torchrun, by the command line."""
    folder = runs / "two"
    shutil.copytree(run.folder, folder, ignore=shutil.ignore_patterns("masks*", "analysis*", "tables", "figures"))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "mamviz_cli"]
    words = ["extract-masks", str(folder), "--split", "test", "--cache", str(options.cache), "--threads", "1"]
    subprocess.run([*launch, *words], check=True, stdout=sys.stderr)
    return folder / "masks.h5"


def sum_raw(run: Run, data: ImageData) -> BlockStatistics:
    """Sum the raw masks of the test images one after the other, in float64, into the plainest of the statistics."""
    network = load_network(run)
    indices = data.select("test")
    weights = adjusted_weights(data.labels[indices]).values
    blocks = data.blocks(number_of_blocks(len(data.attributes), *network.shape))[indices]
    sums = {name: np.zeros((blocks.max() + 1, len(data.attributes), *network.shape)) for name in PLAIN}
    for place, index in enumerate(indices):
        with torch.inference_mode():
            masks = network.explain(to_tensor(data.images[index : index + 1])).masks[0].double().numpy()
        for name, factor in zip(PLAIN, (np.ones(len(masks)), data.labels[index], weights[place]), strict=True):
            sums[name][blocks[place]] += factor[:, None, None, None] * masks
    return SimpleNamespace(mask=SimpleNamespace(**sums))  # type: ignore[return-value]


def largest_difference(got: BlockStatistics, expected: BlockStatistics) -> float:
    """Largest difference of any sum of masks, as a share of the largest value of its kind."""
    worst = 0.0
    for name in (*PLAIN, "attribute_gram", "channel_gram"):
        if hasattr(got.mask, name):
            ours, theirs = getattr(got.mask, name), getattr(expected.mask, name)
            worst = max(worst, float(np.abs(ours - theirs[: len(ours)]).max() / np.abs(theirs).max()))
    return worst


if __name__ == "__main__":
    main()
