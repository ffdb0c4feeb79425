"""How far the tables of several runs agree."""

from __future__ import annotations

from dataclasses import dataclass

from mamviz.schema.choices import Axis, Choices, RankBy
from mamviz.schema.scores import Interval

# From which Spearman correlation on a table of one seed stands for the others.
AGREES = 0.9

NAMED_TABLES: dict[str, Choices] = {
    "mask, mean, full": Choices(map="mask", estimand="mean", sign="signed", view="full"),
    "mask, contrast, full": Choices(map="mask", estimand="contrast", sign="signed", view="full"),
    "mask, adjusted, full": Choices(map="mask", estimand="adjusted", sign="signed", view="full"),
    "absolute mask, adjusted, full": Choices(map="mask", estimand="adjusted", sign="absolute", view="full"),
    "absolute mask, adjusted, spatial": Choices(),
    "absolute mask, contrast, spatial": Choices(estimand="contrast"),
    "mask, image, full": Choices(map="mask", estimand="image", sign="signed", view="full"),
    "mask, across, full": Choices(map="mask", estimand="across", sign="signed", view="full"),
    "evidence, mean, full": Choices(map="evidence", estimand="mean", sign="signed", view="full"),
    "evidence, contrast, full": Choices(map="evidence", estimand="contrast", sign="signed", view="full"),
    "evidence, adjusted, full": Choices(map="evidence", estimand="adjusted", sign="signed", view="full"),
    "absolute evidence, adjusted, spatial, common": Choices(map="evidence", centring="common"),
}


@dataclass(frozen=True, kw_only=True)
class ComparedRun:
    """One of the runs that were compared.

    name   of the run, or the path of its masks file where two of them have one name
    seed   None where only a masks file is there
    """

    name: str
    model_sha256: str
    fingerprint: str
    split: str
    data: str
    n_images: int
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class MantelTest:
    """Whether two tables agree more than tables of names put in another order (Mantel 1967).

    p_greater, p_two_sided   (1 + count) / (n_permutations + 1), in (0, 1]; NaN where a table is constant
    """

    p_greater: float
    p_two_sided: float
    n_permutations: int


@dataclass(frozen=True, kw_only=True)
class TopOverlap:
    """Share of names that two tables have in common among the top of each target.

    targets, shares   names defined in both tables, and the share of each, in [0, 1]
    chance            share expected of two random orders: top / (number of others)
    """

    top: int
    by: RankBy
    targets: tuple[str, ...]
    shares: tuple[float, ...]
    mean: float
    chance: float


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far one table of two runs agrees.

    spearman   over the pairs of names that are defined in both, with its interval over resampled images
    """

    first: str
    second: str
    spearman: Interval
    n_pairs: int
    mantel: MantelTest
    overlap: TopOverlap


@dataclass(frozen=True, kw_only=True)
class TableAgreement:
    """One table of all runs, pair by pair; a table of channels after they were matched.

    n_replicates   behind the intervals; fewer for large tables of channels
    """

    name: str
    axis: Axis
    choices: Choices
    agreements: tuple[Agreement, ...]
    n_replicates: int

    @property
    def mean(self) -> float:
        """Mean Spearman correlation over the pairs of runs; NaN where one of them is."""
        return sum(each.spearman.value for each in self.agreements) / len(self.agreements)

    @property
    def lowest(self) -> Agreement:
        """The pair of runs that agrees least; one without a correlation, where there is one."""
        return min(self.agreements, key=lambda each: (each.spearman.value == each.spearman.value, each.spearman.value))


@dataclass(frozen=True, kw_only=True)
class Matching:
    """Channels of two networks, one to one: `first[i]` of the one goes with `second[i]` of the other.

    r          of their features over observations, in the order of the first network's channels
    unmatched  channels left over, of the first and of the second network: constant ones, and of the larger network
    """

    first: tuple[int, ...]
    second: tuple[int, ...]
    r: tuple[float, ...]
    unmatched_first: tuple[int, ...] = ()
    unmatched_second: tuple[int, ...] = ()

    @property
    def mean_r(self) -> float:
        """Mean r of the matched channels; NaN where none are."""
        return sum(self.r) / len(self.r) if self.r else float("nan")


@dataclass(frozen=True, kw_only=True)
class FeatureAgreement:
    """How alike the features of two runs are: linear CKA, in [0, 1], and their channels matched."""

    first: str
    second: str
    cka: float
    matching: Matching
    n_images: int


@dataclass(frozen=True, kw_only=True)
class Stability:
    """How far the tables of several runs agree, pair by pair; written into every one of them.

    features        empty where the images or the models were not looked at
    same_settings   whether the runs differ in their seed alone; None where that can't be known
    paired          whether all runs have statistics of the same images in the same blocks
    level           of the intervals, such as 0.95
    """

    runs: tuple[ComparedRun, ...]
    tables: tuple[TableAgreement, ...]
    features: tuple[FeatureAgreement, ...] = ()
    same_settings: bool | None = None
    paired: bool
    level: float
