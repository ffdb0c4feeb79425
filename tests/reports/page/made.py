"""Overviews of any size with made-up but consistent records, as core would hand them over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from mamviz.schema import (
    RECOMMENDED,
    AbsentPart,
    AttributeScore,
    Budget,
    ChannelReport,
    ChannelRow,
    Component,
    Correlation,
    Evaluation,
    Floats,
    Interval,
    Overview,
    OverviewMatrix,
    OverviewPart,
    PosterRow,
    RunFacts,
)
from mamviz.stats.clustering import cluster
from mamviz.stats.poster import describe_average, poster_average, poster_intervals, poster_table
from mamviz.stats.ranking import rank_neighbours
from tests.reports.agreed import stability_of
from tests.reports.attacked import robustness_report
from tests.reports.drawn import edit_report
from tests.reports.page.parts import make_certainty, make_entanglement, make_pruning, make_sanity, off_diagonal
from tests.reports.page.shown import make_attribute, make_strip
from tests.reports.records import NAN, PROVENANCE, around, epochs

NAMES = ("Smiling", "Male", "Young", "Wearing_Hat", "<b>\"&'")
PARTS: tuple[OverviewPart, ...] = ("certainty", "entanglement", "pruning", "sanity", "stability", "edits", "robustness")
COMMANDS = {
    "certainty": "mamviz extract-masks",
    "entanglement": "mamviz correlate --entanglement",
    "pruning": "mamviz prune-report",
    "sanity": "mamviz sanity",
    "stability": "mamviz stability",
    "edits": "mamviz generate",
    "robustness": "mamviz robustness",
}


def names_of(n: int) -> tuple[str, ...]:
    """Return `n` names: the five of NAMES, then CelebA's of the poster's table, then numbered ones."""
    more = [row.attribute or "" for row in poster_table(make_evaluation(NAMES, np.random.default_rng(0)))]
    numbered = [f"Attribute_{number}" for number in range(n)]
    return tuple(list(dict.fromkeys([*NAMES, *more, *numbered]))[:n])


def make_overview(
    n_attributes: int = 5,
    n_channels: int = 6,
    *,
    grid: tuple[int, int] = (3, 3),
    size: int = 12,
    n_examples: int = 1,
    parts: Collection[OverviewPart] = PARTS,
    names: tuple[str, ...] | None = None,
    seed: int = 0,
) -> Overview:
    """Return an overview; the same arguments give the same one.

    n_examples   images of each outcome and attribute; 0: images stay away
    parts        those that are there; the others are absent with their commands
    Of the default names the last is hostile, and that attribute's label never changes: its scores are NaN. Wearing_Hat
    has no false positive and no false negative.
    """
    rng = np.random.default_rng(seed)
    chosen = names_of(n_attributes) if names is None else names
    evaluation = make_evaluation(chosen, rng)
    correlation = make_correlation(chosen, rng)
    channel_correlation = replace(
        make_correlation(tuple(map(str, range(n_channels))), rng), axis="channel", choices=RECOMMENDED["channel"]
    )
    ranking = rank_neighbours(correlation, top=min(5, len(chosen) - 1))
    certainty = make_certainty(correlation, ranking)
    phi = np.tanh(0.3 * make_correlation(chosen, rng).values)
    np.fill_diagonal(phi, 1.0)
    attributes = tuple(
        make_attribute(score, ranking, phi, rng, n_channels=n_channels, grid=grid, size=size, n_examples=n_examples)
        for score in evaluation.scores
    )
    maps = [each.maps for each in attributes]
    average = poster_average(evaluation)
    return Overview(
        run=make_facts(),
        provenance=PROVENANCE,
        evaluated=PROVENANCE,
        evaluation=evaluation,
        poster=poster_table(evaluation) if n_attributes >= 40 and names is None else _few_poster_rows(evaluation),
        poster_average=average,
        poster_intervals=poster_intervals(evaluation) if n_attributes >= 40 and names is None else (None,) * 2,
        poster_remark=describe_average(),
        correlation=correlation,
        clustering=cluster(correlation),
        ranking=ranking,
        certainty=certainty if "certainty" in parts else None,
        entanglement=make_entanglement(correlation, phi) if "entanglement" in parts else None,
        matrices=make_matrices(correlation, phi, rng),
        attributes=attributes,
        map_limits=(
            max(float(np.nanmax(np.abs(each.contrast), initial=0)) for each in maps),
            max(float(np.nanmax(np.abs(each.evidence), initial=0)) for each in maps),
        ),
        mask_range=(min(float(each.mask.min()) for each in maps), max(float(each.mask.max()) for each in maps)),
        evidence_limit=0.75,
        channels=make_channels(chosen, channel_correlation, rng),
        channel_correlation=channel_correlation,
        channel_clustering=cluster(channel_correlation),
        strip=make_strip(chosen, rng, n_channels, grid, size) if n_examples else (),
        strip_limit=0.75,
        pruning=make_pruning(chosen, n_channels, rng) if "pruning" in parts else None,
        sanity=make_sanity(chosen) if "sanity" in parts else None,
        stability=stability_of("one", "two", "three") if "stability" in parts else None,
        edits=edit_report() if "edits" in parts else None,
        robustness=robustness_report() if "robustness" in parts else None,
        warnings=("The images are drawn, not photographs: nothing here says how it goes on photographs.",),
        absent=tuple(
            AbsentPart(part=part, reason="never made", command=COMMANDS[part]) for part in PARTS if part not in parts
        ),
    )


def make_evaluation(names: tuple[str, ...], rng: np.random.Generator) -> Evaluation:
    """Every attribute beats its majority guess; the hostile name has one label only."""
    scores = []
    for name in names:
        prevalence = 0.0 if name == NAMES[-1] else float(rng.uniform(0.05, 0.6))
        majority = max(prevalence, 1 - prevalence)
        known = around(majority + 0.6 * (1 - majority), 0.008)
        gone = Interval(NAN, NAN, NAN)
        defined = prevalence > 0
        scores.append(
            AttributeScore(
                attribute=name,
                accuracy=known,
                balanced_accuracy=around(float(rng.uniform(0.7, 0.95))) if defined else gone,
                average_precision=around(float(rng.uniform(0.5, 0.95))) if defined else gone,
                auroc=around(float(rng.uniform(0.8, 0.99))) if defined else gone,
                prevalence=prevalence,
                majority=majority,
            )
        )
    return Evaluation(
        scores=tuple(scores),
        mean_accuracy=around(float(np.mean([score.accuracy.value for score in scores])), 0.003),
        mean_balanced_accuracy=around(0.82, 0.004),
        mean_average_precision=around(0.71, 0.005),
        mean_auroc=around(0.93, 0.003),
        mean_majority=float(np.mean([score.majority for score in scores])),
        n_images=1996,
        n_units=1234,
        unit="identity",
        level=0.95,
        n_replicates=1000,
        protocol="Yes above a logit of 0; no threshold was fitted.",
    )


def make_correlation(names: tuple[str, ...], rng: np.random.Generator) -> Correlation:
    """Correlations of random maps with groups among them."""
    n = len(names)
    groups = rng.normal(size=(max(2, n // 4), 12))
    values = np.corrcoef(groups[rng.integers(0, len(groups), n)] + 0.7 * rng.normal(size=(n, 12)))
    return Correlation(
        axis="attribute", names=names, values=values, choices=RECOMMENDED["attribute"], n_images=PROVENANCE.n_images
    )


def make_matrices(correlation: Correlation, phi: Floats, rng: np.random.Generator) -> tuple[OverviewMatrix, ...]:
    """Five matrices; the one of labels has an undefined pair, and only the first and third have intervals."""
    r = correlation.values
    labels = phi.copy()
    labels[0, -1] = labels[-1, 0] = NAN
    noise = 0.1 * rng.normal(size=r.shape)
    noisy = np.clip(r + noise + noise.T, -1, 1)
    np.fill_diagonal(noisy, 1.0)
    gap = off_diagonal((r - np.abs(phi)) / 2)
    described = correlation.choices.describe()
    return (
        _matrix("recommended", "Recommended: masks", f"Pearson's r; {described}", r, 0.05),
        _matrix("mask", "Mean masks", "Pearson's r; the poster read literally", noisy, None),
        _matrix("contrast", "Contrasts of masks", "Pearson's r; with minus without the attribute", r * np.abs(r), None),
        _matrix("labels", "Labels", "phi of the labels of the same images", labels, 0.02),
        _matrix("gap", "Entanglement gap", "rank of r minus rank of |phi|", gap, None),
    )


def make_channels(names: tuple[str, ...], correlation: Correlation, rng: np.random.Generator) -> ChannelReport:
    """Usage falls; the last channel is dead, the one before it repeats the first."""
    n = len(correlation.names)
    usage = np.sort(rng.exponential(size=n))[::-1]
    usage[-1] = 0
    rows = []
    for channel, share in enumerate(usage / usage.sum()):
        top = tuple((names[int(k)], 0.3 / (place + 1)) for place, k in enumerate(rng.permutation(len(names))[:3]))
        dead, repeats = channel == n - 1, channel == n - 2
        rows.append(
            ChannelRow(
                channel=channel,
                mean_mask=0.5 + 0.01 * channel / n,
                usage=float(share),
                activation=0.0 if dead else float(rng.uniform(0.1, 1)),
                top_attributes=() if dead else top,
                duplicate_of=0 if repeats else None,
                duplicate_r=0.97 if repeats else None,
                candidate="never active" if dead else "repeats channel 0" if repeats else None,
            )
        )
    return ChannelReport(
        rows=tuple(rows), correlation=correlation, threshold=0.95, dead=(n - 1,), n_images=PROVENANCE.n_images
    )


def make_facts() -> RunFacts:
    """A run of three epochs with the poster's four parts."""
    components = (
        Component(name="extractor", reads="", output=(6, 3, 3), parameters=12_345, detail="three strided convolutions"),
        Component(name="mask generator", reads="extractor", output=(5, 6, 3, 3), parameters=2_345),
        Component(name="multi-label classifier", reads="extractor", output=(5,), parameters=35),
        Component(name="reconstructor", reads="extractor", output=(3, 12, 12), parameters=4_321),
    )
    return RunFacts(
        name=PROVENANCE.run,
        seed=3,
        created="2026-01-02T03:04:05+00:00",
        command=("mamviz", "train", "--epochs", "3"),
        device="cpu",
        settings=(("preset", "small"), ("readout", "shared"), ("epochs", "3")),
        versions=(("mamviz", "0.1.0"), ("python", "3.11.9"), ("torch", "2.13.0")),
        epochs=epochs(),
        budget=Budget(components=components, flops_per_image=2.5e7),
    )


def _few_poster_rows(evaluation: Evaluation) -> tuple[PosterRow, ...]:
    """Two rows of attributes that the data have, so that a small overview has the poster's columns."""
    return tuple(row for row in poster_table(evaluation) if row.ours is not None)[:2]


def _matrix(key: str, title: str, detail: str, values: Floats, width: float | None) -> OverviewMatrix:
    return OverviewMatrix(
        key=key,
        title=title,
        detail=detail,
        values=values,
        lowest=-1.0,
        highest=1.0,
        low=None if width is None else values - width,
        high=None if width is None else values + width,
        level=None if width is None else 0.95,
    )
