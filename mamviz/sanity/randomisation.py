"""Cascading randomisation: tables and maps must fall apart when the network's weights do.

Adebayo et al. 2018, "Sanity Checks for Saliency Maps", arXiv 1810.03292: what an explanation shows must depend on what
the network learned, so it must change when weights are randomised, from the top of the network down, or part by part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mamviz.models.network import MaskNetwork
from mamviz.sanity.permuting import Part, list_parts, permute_parts
from mamviz.sanity.readings import Reading, read_network
from mamviz.sanity.sample import Sample
from mamviz.sanity.similarity import compare_maps, compare_tables
from mamviz.schema import (
    RECOMMENDED,
    Choices,
    Floats,
    Interval,
    Progress,
    Randomisation,
    RandomisationMode,
    RandomisedDraw,
    RandomisedStage,
    SanityCheck,
    SanityTable,
    Similarities,
    Verdict,
    silent,
)
from mamviz.stats.correlation import correlate_attributes, dataset_maps
from mamviz.stats.maps import view_maps

TABLES: dict[SanityTable, Choices] = {
    "recommended": RECOMMENDED["attribute"],
    "literal": Choices(sign="signed", estimand="mean", view="full"),
    "evidence": Choices(map="evidence"),
}
TITLES: dict[SanityTable, str] = {
    "recommended": "recommended table",
    "literal": "literal table",
    "evidence": "evidence table",
}


@dataclass(frozen=True)
class Shown:
    """What a network shows of a sample: its tables (n, n) by name, its recommended maps (K, cells), its accuracy."""

    tables: dict[SanityTable, Floats]
    maps: Floats
    accuracy: float


def randomise(
    network: MaskNetwork,
    sample: Sample,
    *,
    generator: np.random.Generator,
    n_draws: int = 3,
    progress: Progress = silent,
) -> Randomisation:
    """Permute readout, mask generator, then the extractor's layers from the top, and the parts alone.

    n_draws   permutations of each stage; in a cascade each draw permutes all its parts anew
    The tables of masks can't change with the readout: masks don't know of it.
    """
    trained = show(read_network(network, sample), sample)
    steps = list_stages(list_parts(network))
    stages, total = [], len(steps) * n_draws
    for number, (mode, name, parts) in enumerate(steps):
        draws = []
        for draw in range(n_draws):
            changed = permute_parts(network, parts, sample, generator=generator)
            draws.append(_compare(trained, show(read_network(changed, sample), sample), generator))
            progress(number * n_draws + draw + 1, total, f"weights permuted, {mode}: {name}")
        stages.append(RandomisedStage(mode=mode, part=name, draws=tuple(draws)))
    prevalence = sample.labels.mean(axis=0)
    return Randomisation(
        accuracy=trained.accuracy,
        majority=float(np.maximum(prevalence, 1 - prevalence).mean()),
        stages=tuple(stages),
    )


def list_stages(parts: Sequence[Part]) -> list[tuple[RandomisationMode, str, Sequence[Part]]]:
    """Return mode, name and permuted parts of each stage: the cascade, then mask generator and extractor alone.

    The readout alone is the cascade's first stage.
    """
    stages: list[tuple[RandomisationMode, str, Sequence[Part]]] = [
        ("cascade", part.name, parts[: number + 1]) for number, part in enumerate(parts)
    ]
    return [*stages, ("alone", "mask generator", parts[1:2]), ("alone", "extractor", parts[2:])]


def show(reading: Reading, sample: Sample) -> Shown:
    """Return tables, maps and accuracy of one reading."""
    choices = TABLES["recommended"]
    return Shown(
        tables={name: correlate_attributes(reading.statistics, each).values for name, each in TABLES.items()},
        maps=view_maps(dataset_maps(reading.statistics, choices), choices.view, axis="attribute"),
        accuracy=float(((reading.logits > 0) == sample.labels).mean()),
    )


def judge_randomisation(found: Randomisation) -> tuple[SanityCheck, ...]:
    """Say whether each table, the maps and accuracy fall to the level of unrelated ones.

    First with readout and mask generator permuted, then with everything. Pass: every draw lies at or below what
    unrelated tables reach; fail: every draw above; else unclear, as where a table is undefined.
    """
    cascade = [stage for stage in found.stages if stage.mode == "cascade"]
    generator = next(stage for stage in cascade if stage.part == "mask generator")
    checks = []
    for stage, part in ((generator, "mask generator"), (cascade[-1], "whole network")):
        checks += [_judge(stage, name, f"{TITLES[name]}, {part} permuted", part) for name in TITLES]
    return (*checks, _judge_accuracy(generator, found.majority))


def _judge_accuracy(stage: RandomisedStage, majority: float) -> SanityCheck:
    values = [draw.accuracy for draw in stage.draws]
    verdict = _verdict(np.array(values), np.full(len(values), majority))
    meaning = {
        "pass": "what the network knows of the labels passes through its masks: without them it is no better than the "
        "majority guess",
        "fail": "the network beats the majority guess without its trained masks: it knows labels by another way",
        "unclear": "the draws don't agree whether the network beats the majority guess without its trained masks",
    }[verdict]
    return SanityCheck(
        group="randomisation",
        name="accuracy, mask generator permuted",
        verdict=verdict,
        figure=Interval(float(np.mean(values)), min(values), max(values)),
        threshold=majority,
        passes="below",
        meaning=meaning,
    )


def _judge(stage: RandomisedStage, table: SanityTable, name: str, part: str) -> SanityCheck:
    values = np.array(stage.similarities(table))
    unrelated = np.array([getattr(draw.unrelated, table) for draw in stage.draws])
    verdict = _verdict(values, unrelated)
    what = TITLES[table]
    meaning = {
        "pass": f"the {what} is the work of the trained {part}: with random weights nothing of it is left",
        "fail": f"the {what} does not hang on the trained {part} alone: with random weights there, what labels and the "
        "rest bring still shows",
        "unclear": f"the draws don't agree whether the {what} survives a random {part}",
    }[verdict]
    return SanityCheck(
        group="randomisation",
        name=name,
        verdict=verdict,
        figure=Interval(stage.mean_similarity(table), float(values.min()), float(values.max())),
        threshold=stage.mean_unrelated(table),
        passes="below",
        meaning=meaning,
    )


def _verdict(values: Floats, most: Floats) -> Verdict:
    if np.all(values <= most):
        return "pass"
    return "fail" if np.all(values > most) else "unclear"


def _compare(trained: Shown, changed: Shown, generator: np.random.Generator) -> RandomisedDraw:
    found = {"maps": compare_maps(trained.maps, changed.maps, generator=generator)}
    for name in TABLES:
        found[name] = compare_tables(trained.tables[name], changed.tables[name], generator=generator)
    return RandomisedDraw(
        accuracy=changed.accuracy,
        similarity=Similarities(**{name: pair[0] for name, pair in found.items()}),
        unrelated=Similarities(**{name: pair[1] for name, pair in found.items()}),
    )
