"""What a reader must know before believing a number, in words, by weight."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import isnan

from mamviz.schema import AGREES, AttributeScore, Overview, SanityReport

FEWEST_IMAGES = 1000  # below, 95 % intervals of an accuracy near 90 % are wider than two points on either side
RAREST = 0.02  # of labels: in 1,000 images it is seen twenty times
MOST_NAMES = 8


def list_cautions(overview: Overview, *, drawn: bool) -> tuple[str, ...]:
    """Return what must be known of an overview before it is read, the heaviest first; a line each.

    drawn   whether the images are the built-in, drawn faces
    """
    told = (
        _tell_images(overview, drawn),
        _tell_sanity(overview.sanity),
        _tell_table(overview),
        _tell_scores(overview.evaluation.scores),
        _tell_removal(overview),
    )
    return tuple(words for each in told for words in each)


def _tell_images(overview: Overview, drawn: bool) -> Iterator[str]:
    evaluated, masks, n_images = overview.evaluated, overview.provenance, overview.evaluation.n_images
    if evaluated.split == "all":
        yield (
            f"There are no test images: scores and examples are of all {n_images:,} images, most of which the network "
            "was trained on, and are better than on new ones."
        )
    if drawn:
        yield "The images are drawn by mamviz, not photographs: nothing here says how well real faces are understood."
    if masks.fingerprint != evaluated.fingerprint:
        yield "The masks were extracted from other images than those that scores and examples are of."
    if n_images < FEWEST_IMAGES:
        yield f"Only {n_images:,} images were evaluated: the intervals are wide."


def _tell_sanity(report: SanityReport | None) -> Iterator[str]:
    if report is None:
        return
    failed = [check.name for check in report.checks if check.verdict == "fail"]
    if failed:
        yield f"{len(failed)} of {len(report.checks)} sanity checks failed: {_list(failed, between='; ')}."


def _tell_table(overview: Overview) -> Iterator[str]:
    certainty, stability = overview.certainty, overview.stability
    if certainty is None:
        yield "How sure the related attributes are is not known: too few blocks of images, or no resamples."
    elif not certainty.reliability.reliable:
        value = certainty.reliability.spearman.value
        found = "is not known" if isnan(value) else f"is {value:.2f}, below 0.9"
        yield f"The reliability of the table of related attributes {found}: read groups of names, not single ranks."
    seeds = None if certainty is None else certainty.seeds
    if seeds is not None and not seeds.lowest.spearman.value >= AGREES:
        value = seeds.lowest.spearman.value
        agree = "unknown" if isnan(value) else f"{value:.2f}"
        yield f"Runs of other seeds agree on this table to {agree} only: another training would give another table."
    if stability is None:
        yield "No run of another seed was compared: another training may give other related attributes."


def _tell_scores(scores: Sequence[AttributeScore]) -> Iterator[str]:
    def name(fits: Callable[[AttributeScore], bool]) -> list[str]:
        return [score.attribute for score in scores if fits(score)]

    constant = name(lambda score: score.prevalence in (0, 1))
    guessed = name(lambda score: score.attribute not in constant and not _beats_majority(score))
    rare = name(lambda score: score.attribute not in constant and not RAREST <= score.prevalence <= 1 - RAREST)
    if constant:
        yield f"{_list(constant)}: the same label on all evaluated images, so nothing is known of how well it is told."
    if guessed:
        yield (
            f"{len(guessed)} of {len(scores)} attributes can't be said to be told better than by always giving the "
            f"more frequent answer, the majority guess: {_list(guessed)}."
        )
    if rare:
        yield f"On under 2 % or over 98 % of the evaluated images, so known from few of one kind: {_list(rare)}."


def _beats_majority(score: AttributeScore) -> bool:
    """Tell whether the whole interval lies above the majority; the value itself where there is no interval."""
    accuracy = score.accuracy
    return (accuracy.value if isnan(accuracy.low) else accuracy.low) > score.majority


def _tell_removal(overview: Overview) -> Iterator[str]:
    if overview.pruning is not None:
        chosen = overview.pruning.settings
        for safe in overview.pruning.safe:
            if (safe.criterion, safe.fill) == (chosen.criterion, chosen.fill) and safe.verdict == "broken":
                yield (
                    f"The {safe.removed} channels that seemed safe to remove cost more than the limit of "
                    f"{100 * safe.limit:g} points on the test images."
                )
    dead = overview.channels.dead
    if dead:
        are = "channel is" if len(dead) == 1 else "channels are"
        yield f"{len(dead)} {are} used by no attribute (dead): {_list([str(each) for each in dead])}."


def _list(names: Sequence[str], *, between: str = ", ") -> str:
    """Write up to eight names, and how many more there are."""
    more = len(names) - MOST_NAMES
    return between.join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
