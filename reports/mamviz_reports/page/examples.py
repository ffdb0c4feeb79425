"""Example images of an attribute, in four groups by what is so and what is answered."""

from __future__ import annotations

from dataclasses import dataclass

from mamviz.schema import OUTCOMES, AttributeOverview, ExampleImage, Outcome
from mamviz_reports.page.images import CellMap, cell_map, photo_uri


@dataclass(frozen=True, kw_only=True)
class Example:
    """One image with the evidence over it."""

    name: str
    photo: str
    map: CellMap
    logit: str
    alt: str


@dataclass(frozen=True, kw_only=True)
class ExampleGroup:
    """The images of one outcome; count: how many there are of it, in words where none."""

    heading: str
    count: str
    examples: tuple[Example, ...]


def group_examples(attribute: AttributeOverview, *, limit: float) -> tuple[ExampleGroup, ...]:
    """Return the four groups in the order of OUTCOMES.

    limit   end of the evidence's colours, logit units
    """
    return tuple(
        ExampleGroup(
            heading=f"{outcome.capitalize()}s",
            count=_count(n),
            examples=tuple(
                _example(each, attribute.attribute, limit) for each in attribute.examples if each.outcome == outcome
            ),
        )
        for outcome, n in zip(OUTCOMES, attribute.n_outcomes, strict=True)
    )


def describe_logit(logit: float) -> str:
    """Write a logit with its sign."""
    return f"{logit:+.2f}".replace("-", "\N{MINUS SIGN}")


def _count(n: int) -> str:
    return "none" if n == 0 else f"{n:,} image{'s' if n > 1 else ''}"


def _example(example: ExampleImage, attribute: str, limit: float) -> Example:
    said = {"t": "rightly", "f": "wrongly"}[example.outcome[0]]
    return Example(
        name=example.name,
        photo=photo_uri(example.image),
        map=cell_map(
            example.evidence,
            limits=(-limit, limit),
            palette="diverging",
            kind="example",
            label=f"Evidence for {attribute} in {example.name}",
        ),
        logit=describe_logit(example.logit),
        alt=f"{example.name}: {said} said {_answer(example.outcome)} {attribute}",
    )


def _answer(outcome: Outcome) -> str:
    return "to have" if outcome.endswith("positive") else "not to have"
