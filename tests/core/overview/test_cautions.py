from __future__ import annotations

from dataclasses import replace
from math import nan

import numpy as np
import pytest

from mamviz.overview.cautions import list_cautions
from mamviz.schema import AttributeScore, Interval, Overview
from tests.reports.checked import sanity_report
from tests.reports.sure import seen_by_seeds
from tests.reports.thinned import pruning_report


def score(attribute: str, *, prevalence: float = 0.5, low: float = 0.9, value: float = 0.95) -> AttributeScore:
    known = Interval(value, low, 0.99)
    return AttributeScore(
        attribute=attribute,
        accuracy=known,
        balanced_accuracy=known,
        average_precision=known,
        auroc=known,
        prevalence=prevalence,
        majority=max(prevalence, 1 - prevalence),
    )


def calm(overview: Overview) -> Overview:
    """An overview with nothing to say."""
    evaluation = replace(overview.evaluation, n_images=2000, scores=(score("Red"), score("Green")))
    certainty = overview.certainty
    assert certainty is not None
    sure = replace(certainty.reliability, spearman=Interval(0.95, 0.9, 0.97))
    return replace(
        overview,
        evaluation=evaluation,
        certainty=replace(certainty, reliability=sure, seeds=seen_by_seeds(0.95)),
        stability=object(),  # type: ignore[arg-type]
        channels=replace(overview.channels, dead=()),
    )


def test_where_nothing_is_wrong_nothing_is_said(overview: Overview) -> None:
    assert list_cautions(calm(overview), drawn=False) == ()


def test_every_warning_is_one_line_of_whole_sentences(overview: Overview) -> None:
    assert overview.warnings
    for words in overview.warnings:
        assert "\n" not in words
        assert words.endswith(".")


def said(overview: Overview, *, drawn: bool = False) -> str:
    (words,) = list_cautions(overview, drawn=drawn)
    return words


def test_images_are_said_to_be_drawn_few_trained_on_or_others(overview: Overview) -> None:
    quiet = calm(overview)
    assert said(quiet, drawn=True).startswith("The images are drawn by mamviz, not photographs")
    few = replace(quiet, evaluation=replace(quiet.evaluation, n_images=999))
    assert said(few) == "Only 999 images were evaluated: the intervals are wide."
    whole = replace(quiet, evaluated=replace(quiet.evaluated, split="all"))
    assert said(whole).startswith("There are no test images: scores and examples are of all 2,000 images")
    other = replace(quiet, provenance=replace(quiet.provenance, fingerprint="another"))
    assert "other images" in said(other)


def test_attributes_that_may_be_guesses_are_named(overview: Overview) -> None:
    quiet = calm(overview)
    scores = (
        score("Sure", prevalence=0.2, low=0.81),
        score("Even", prevalence=0.2, low=0.8),  # the interval reaches the majority
        score("Plain", prevalence=0.2, low=nan, value=0.85),  # without an interval the value itself counts
        score("Worse", prevalence=0.9, low=nan, value=0.85),
    )
    words = said(replace(quiet, evaluation=replace(quiet.evaluation, scores=scores)))
    assert words.startswith("2 of 4 attributes")
    assert words.endswith("majority guess: Even, Worse.")


def test_rare_and_constant_labels_are_named(overview: Overview) -> None:
    quiet = calm(overview)
    scores = (
        score("Rare", prevalence=0.019, low=0.985),
        score("Common", prevalence=0.981, low=0.985),
        score("Enough", prevalence=0.02, low=0.985),
        score("All", prevalence=1.0),
        score("None", prevalence=0.0),
    )
    words = list_cautions(replace(quiet, evaluation=replace(quiet.evaluation, scores=scores)), drawn=False)
    assert [each.rpartition(": ")[2] for each in words[1:]] == ["Rare, Common."]
    assert words[0].startswith("All, None: the same label on all evaluated images")


def test_many_names_are_counted(overview: Overview) -> None:
    quiet = calm(overview)
    scores = tuple(score(f"N{number}", low=0.4) for number in range(10))
    words = said(replace(quiet, evaluation=replace(quiet.evaluation, scores=scores)))
    assert words.endswith("N0, N1, N2, N3, N4, N5, N6, N7 and 2 more.")


@pytest.mark.parametrize(("value", "words"), [(0.42, "is 0.42, below 0.9"), (nan, "is not known")])
def test_a_table_that_halves_dont_agree_on_is_told(overview: Overview, value: float, words: str) -> None:
    quiet = calm(overview)
    unsure = replace(quiet.certainty.reliability, spearman=Interval(value, nan, nan))
    assert words in said(replace(quiet, certainty=replace(quiet.certainty, reliability=unsure)))


@pytest.mark.parametrize(("value", "words"), [(0.5, "to 0.50 only"), (nan, "to unknown only")])
def test_a_table_that_seeds_dont_agree_on_is_told(overview: Overview, value: float, words: str) -> None:
    quiet = calm(overview)
    apart = replace(quiet, certainty=replace(quiet.certainty, seeds=seen_by_seeds(0.95, value, 0.96)))
    assert words in said(apart)


def test_what_was_never_compared_or_measured_is_told(overview: Overview) -> None:
    quiet = calm(overview)
    assert said(replace(quiet, stability=None)).startswith("No run of another seed was compared")
    assert "is not known" in said(replace(quiet, certainty=None))


def test_failed_checks_are_named(overview: Overview) -> None:
    report = sanity_report()
    checks = tuple(replace(check, verdict="pass") for check in report.checks)
    quiet = replace(calm(overview), sanity=replace(report, checks=checks))
    assert list_cautions(quiet, drawn=False) == ()
    failed = (replace(checks[0], verdict="fail"), replace(checks[1], verdict="unclear"), *checks[2:])
    words = said(replace(quiet, sanity=replace(report, checks=failed)))
    assert words == f"1 of {len(checks)} sanity checks failed: {checks[0].name}."


def test_a_broken_limit_and_dead_channels_are_told(overview: Overview) -> None:
    quiet, report = calm(overview), pruning_report()
    (chosen,) = [
        each for each in report.safe if (each.criterion, each.fill) == (report.settings.criterion, report.settings.fill)
    ]
    for low, high, broken in ((0.01, 0.02, True), (0.0, 0.001, False), (0.0, 0.01, False)):
        safe = replace(chosen, limit=0.002, test_loss=Interval((low + high) / 2, low, high))
        words = list_cautions(replace(quiet, pruning=replace(report, safe=(safe,))), drawn=False)
        assert bool(words) == broken
    dead = replace(quiet, channels=replace(quiet.channels, dead=(3, 7)))
    assert said(dead).endswith("2 channels are used by no attribute (dead): 3, 7.")
    assert np.isfinite(chosen.limit)


def test_the_images_come_first(overview: Overview) -> None:
    loud = replace(calm(overview), stability=None, channels=replace(overview.channels, dead=(1,)))
    words = list_cautions(loud, drawn=True)
    assert [each.split()[0] for each in words] == ["The", "No", "1"]
