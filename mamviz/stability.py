"""From the masks of several runs to how far their tables agree, and what that means for reading one of them."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mamviz.config import RunConfig
from mamviz.errors import StatisticsError
from mamviz.run import open_run
from mamviz.schema import (
    RECOMMENDED,
    Axis,
    Choices,
    ComparedRun,
    Correlation,
    FeatureAgreement,
    FeatureProducts,
    Floats,
    Progress,
    Stability,
    TableAgreement,
    silent,
)
from mamviz.stats.comparison import (
    AgreementSettings,
    DrawnTable,
    compare_features,
    compare_tables,
    draw_table,
    match_tables,
)
from mamviz.store.masks import mask_provenance, read_statistics

CHANNELS = "channels, matched"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How far runs agree, with the first table of each run, to be drawn."""

    stability: Stability
    correlations: tuple[Correlation, ...]


@dataclass(frozen=True)
class _Wanted:
    name: str
    axis: Axis
    choices: Choices


@dataclass(frozen=True)
class _DrawnRun:
    """The tables of one run; `key` is equal for runs with statistics of the same images in the same blocks."""

    tables: tuple[DrawnTable, ...]
    attributes: tuple[str, ...]
    key: int


def compare_runs(
    masks: Sequence[Path],
    settings: AgreementSettings | None = None,
    *,
    products: FeatureProducts | None = None,
    generator: np.random.Generator,
    progress: Progress = silent,
) -> Comparison:
    """Return how far the tables of several runs agree, pair by pair, from their masks.h5.

    products   of the runs' features, in their order: then features are compared too, and the recommended table of
               channels, matched one to one. Matching looks for channels that act alike, so this table's p is against
               channels paired at random, not against unrelated networks.

    Runs with statistics of the same images in the same blocks share the draws of blocks behind the intervals; others
    have draws of their own. The statistics of one run are in memory at a time.
    Raises StatisticsError for fewer than two runs, one that comes twice, and runs of other attributes.
    """
    settings = settings or AgreementSettings()
    runs = _describe_runs(masks)
    wanted = [_Wanted(name, "attribute", choices) for name, choices in settings.tables.items()]
    if products is not None:
        wanted.append(_Wanted(CHANNELS, "channel", RECOMMENDED["channel"]))
    seed = int(generator.integers(2**63))
    drawn: list[_DrawnRun] = []
    for run, file in zip(runs, masks, strict=True):
        progress(len(drawn), len(runs), run.name)
        drawn.append(_draw_run(run, file, wanted, settings, seed))
        _require_same_attributes(runs, drawn)
    progress(len(runs), len(runs))
    features = () if products is None else compare_features(products, [run.name for run in runs])
    tables = []
    for place, each in enumerate(wanted):
        of_runs = [run.tables[place] for run in drawn]
        tables.append(_compare_table(each, of_runs, runs, features, settings, generator))
    stability = Stability(
        runs=runs,
        tables=tuple(tables),
        features=features,
        same_settings=_same_settings(masks),
        paired=len({run.key for run in drawn}) == 1,
        level=settings.level,
    )
    return Comparison(stability=stability, correlations=tuple(run.tables[0].table for run in drawn))


def _draw_run(
    run: ComparedRun, file: Path, wanted: Sequence[_Wanted], settings: AgreementSettings, seed: int
) -> _DrawnRun:
    """Draw all tables of one run; its statistics are let go afterwards."""
    statistics = read_statistics(file)
    key = _key_of_blocks(run, statistics.count)
    tables = tuple(
        draw_table(
            statistics,
            each.choices,
            axis=each.axis,
            n_replicates=settings.n_replicates,
            generator=np.random.default_rng([seed, key]),
        )
        for each in wanted
    )
    return _DrawnRun(tables, statistics.attributes, key)


def _compare_table(
    wanted: _Wanted,
    drawn: Sequence[DrawnTable],
    runs: Sequence[ComparedRun],
    features: Sequence[FeatureAgreement],
    settings: AgreementSettings,
    generator: np.random.Generator,
) -> TableAgreement:
    agreements = []
    for pair, (a, b) in enumerate(itertools.combinations(range(len(runs)), 2)):
        tables = drawn[a], drawn[b]
        if wanted.axis == "channel":
            tables = match_tables(*tables, features[pair].matching)
        names = runs[a].name, runs[b].name
        agreements.append(compare_tables(*tables, names=names, settings=settings, generator=generator))
    return TableAgreement(
        name=wanted.name,
        axis=wanted.axis,
        choices=wanted.choices,
        agreements=tuple(agreements),
        n_replicates=min(len(table.replicates) for table in drawn),
    )


def _describe_runs(masks: Sequence[Path]) -> tuple[ComparedRun, ...]:
    if len(masks) < 2 or len({file.resolve() for file in masks}) < len(masks):
        raise StatisticsError(
            f"Expected two or more different runs to compare, got {', '.join(map(str, masks)) or 'none'}. "
            "Train more with `mamviz train --seeds 0,1,2`."
        )
    origins = [mask_provenance(file) for file in masks]
    often = Counter(origin.run for origin in origins)
    configs = [_config_of(file) for file in masks]
    return tuple(
        ComparedRun(
            name=origin.run if often[origin.run] == 1 else str(file),
            model_sha256=origin.model_sha256,
            fingerprint=origin.fingerprint,
            split=origin.split,
            data=origin.data,
            n_images=origin.n_images,
            seed=None if config is None else config.seed,
        )
        for file, origin, config in zip(masks, origins, configs, strict=True)
    )


def _config_of(masks: Path) -> RunConfig | None:
    """Return the settings of the run whose masks.h5 this is; None for a masks file by itself."""
    return open_run(masks.parent).config if (masks.parent / "run.json").is_file() else None


def _same_settings(masks: Sequence[Path]) -> bool | None:
    """Tell whether the runs differ in their seed and their threads alone."""
    configs = [_config_of(file) for file in masks]
    known = [config for config in configs if config is not None]
    if len(known) < len(configs):
        return None
    plain = [dataclasses.replace(each, seed=0, train=dataclasses.replace(each.train, threads=1)) for each in known]
    return all(each == plain[0] for each in plain)


def _key_of_blocks(run: ComparedRun, count: Floats) -> int:
    """Return a number that is equal for runs with statistics of the same images in the same blocks."""
    text = f"{run.fingerprint} {run.split} {count.tolist()}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _require_same_attributes(runs: Sequence[ComparedRun], drawn: Sequence[_DrawnRun]) -> None:
    expected, got = drawn[0].attributes, drawn[-1].attributes
    if expected != got:
        other = next((repr(name) for name in got if name not in expected), "another order")
        raise StatisticsError(
            f"{runs[len(drawn) - 1].name}: expected the {len(expected)} attributes of {runs[0].name}, got {len(got)} "
            f"with {other}. Compare runs of the same attributes."
        )
