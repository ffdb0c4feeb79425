"""Tables of what masks share beyond their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from mamviz.schema import Entanglement, Interval, PairKind, PairRelation, Provenance
from mamviz_reports.captions import describe_provenance, list_names
from mamviz_reports.tables import UNDEFINED, Cell, Column, Table, Value, provenance_facts

_TITLES: dict[PairKind, str] = {
    "shared": "Pairs that share features though their labels are independent",
    "separate": "Pairs whose labels are related though they use different features",
}
# Field of PairRelation, heading; the first three with their intervals in text.
_FIGURES = (
    ("r", "r"),
    ("phi", "Label phi"),
    ("gap", "Gap"),
    ("tetrachoric", "Tetrachoric"),
    ("partial_r", "Partial r"),
    ("partial_phi", "Partial phi"),
)
_WITH_INTERVAL = ("r", "phi", "gap")
_NAMES = {"phi": "phi", "size of phi": "|phi|", "size of tetrachoric": "|tetrachoric r|"}


def pair_table(
    entanglement: Entanglement,
    provenance: Provenance,
    *,
    kind: PairKind,
    top: int | None = None,
    targets: Sequence[str] = (),
) -> Table:
    """Return the pairs of one list, the largest gap first ("separate": the lowest).

    top       how many rows at most; a note says how many pairs there are
    targets   all pairs of these attributes in place of the list, which are then marked: the ends of their gaps
    """
    listed = entanglement.shared if kind == "shared" else entanglement.separate
    pairs = _ends(entanglement, kind, targets) if targets else listed
    shown = pairs[:top]
    rows = tuple(
        (
            Cell(
                f"{pair.first},\n{pair.second}", (pair.first, pair.second), strong=bool(targets) and pair.kind == kind
            ),
            *(_figure(pair, name, interval=name in _WITH_INTERVAL) for name, _ in _FIGURES),
        )
        for pair in shown
    )
    of = f" of {list_names(targets)}" if targets else ""
    notes = [_rule(entanglement, kind, marked=bool(targets)), *_explain_columns(entanglement)]
    if len(shown) < len(pairs):
        notes.append(f"First {len(shown)} of {len(pairs)} pairs.")
    return Table(
        title=_TITLES[kind] + of if not targets else f"Gaps{of}, {'largest' if kind == 'shared' else 'lowest'} first",
        columns=(Column("Pair", ("first", "second")), *(_column(name, heading) for name, heading in _FIGURES)),
        rows=rows,
        notes=(*notes, describe_provenance(provenance, n_images=entanglement.correlation.n_images)),
        facts=_facts(entanglement, provenance),
    )


def pair_list(entanglement: Entanglement, provenance: Provenance) -> Table:
    """Return every pair, the largest gap first and undefined ones last: the form to compute with."""
    names = ("r", "rank", "phi", "gap", "raw_gap", "tetrachoric", "partial_r", "partial_phi")
    rows = tuple(
        (
            Cell(pair.first, (pair.first,)),
            Cell(pair.second, (pair.second,)),
            *(_figure(pair, name, interval=False) for name in names),
            Cell("yes" if pair.empty_cell else "", (pair.empty_cell,)),
            Cell(pair.kind or "", (pair.kind,)),
        )
        for pair in entanglement.pairs
    )
    columns = (
        Column("First", ("first",)),
        Column("Second", ("second",)),
        *(_column(name, name) for name in names),
        Column("Empty cell", ("empty_cell",)),
        Column("List", ("list",)),
    )
    return Table(
        title="Entanglement gap of every pair",
        columns=columns,
        rows=rows,
        notes=(describe_provenance(provenance, n_images=entanglement.correlation.n_images),),
        facts=_facts(entanglement, provenance),
    )


def explanation_table(entanglement: Entanglement, provenance: Provenance) -> Table:
    """Return how well each relation of labels orders the pairs of the table of masks."""
    rows = tuple(
        (
            Cell(_NAMES[each.relation], (each.relation,)),
            _cell(each.r, interval=True),
            Cell(UNDEFINED if each.p != each.p else f"{each.p:.4f}", (each.p,)),
        )
        for each in entanglement.explanations
    )
    defined = sum(pair.gap.value == pair.gap.value for pair in entanglement.pairs)
    return Table(
        title="Does label correlation explain the table of masks?",
        columns=(
            Column("Relation of labels", ("relation",)),
            Column("Rank correlation", ("spearman", "spearman_low", "spearman_high"), "right"),
            Column("Mantel p", ("mantel_p",), "right"),
        ),
        rows=rows,
        notes=(
            f"Spearman over {defined:,} pairs, of r with phi, and of {_share(entanglement)} with the others; 1: labels "
            "order the pairs as masks do, 0: they say nothing. p: two-sided, names of attributes permuted.",
            f"Correlated: {entanglement.correlation.choices.describe()}.",
            describe_intervals(entanglement),
            describe_provenance(provenance, n_images=entanglement.correlation.n_images),
        ),
        facts=_facts(entanglement, provenance),
    )


def describe_intervals(entanglement: Entanglement) -> str:
    """Say what the numbers in brackets are."""
    settings = entanglement.settings
    return (
        f"In brackets: {100 * settings.level:g} % intervals, each by itself, from {settings.n_replicates:,} draws of "
        f"{entanglement.n_blocks} blocks of images."
    )


def interval_text(figure: Interval, *, interval: bool) -> str:
    """Write a figure, with its interval in a second line where asked for; "n/a" for NaN."""
    if figure.value != figure.value:
        return UNDEFINED
    bounds = "" if not interval or figure.low != figure.low else f"\n[{figure.low:.2f}, {figure.high:.2f}]"
    return f"{figure.value:.2f}{bounds}"


def _ends(entanglement: Entanglement, kind: PairKind, targets: Sequence[str]) -> tuple[PairRelation, ...]:
    """Return the pairs of the targets, each once, in the order of the list's kind."""
    wanted = {pair for target in targets for pair in entanglement.of(target)}
    pairs = tuple(pair for pair in entanglement.pairs if pair in wanted)
    return pairs if kind == "shared" else pairs[::-1]


def _rule(entanglement: Entanglement, kind: PairKind, *, marked: bool) -> str:
    rule = entanglement.settings.rule
    if kind == "shared":
        words = (
            f"the masks share more than {100 * rule.high:g} % of all pairs do, and phi lies within "
            f"+-{rule.independent:g}"
        )
    else:
        words = (
            f"the masks share less than {100 - 100 * rule.low:g} % of all pairs do, and |phi| is above {rule.related:g}"
        )
    return f"{'Marked' if marked else 'Listed'} where the whole interval says so: {words}."


def _explain_columns(entanglement: Entanglement) -> tuple[str, ...]:
    settings = entanglement.settings
    gap = (
        "share of pairs whose masks are less related, minus the share whose labels are"
        if settings.scale == "rank"
        else f"{_share(entanglement)} minus |phi|"
    )
    return (
        f"r: {entanglement.correlation.choices.describe()}. Gap: {gap}. Partial: all other attributes held "
        f"fixed (ridge {settings.ridge:g} for masks, {entanglement.labels.ridge:g} for labels).",
        describe_intervals(entanglement),
    )


def _share(entanglement: Entanglement) -> str:
    return "|r|" if entanglement.correlation.choices.sign == "signed" else "r"


def _column(name: str, heading: str) -> Column:
    minor = name in ("tetrachoric", "partial_r", "partial_phi")
    return Column(heading, (name, f"{name}_low", f"{name}_high"), "right", minor=minor)


def _figure(pair: PairRelation, name: str, *, interval: bool) -> Cell:
    return _cell(getattr(pair, name), interval=interval)


def _cell(figure: Interval, *, interval: bool) -> Cell:
    return Cell(interval_text(figure, interval=interval), (figure.value, figure.low, figure.high))


def _facts(entanglement: Entanglement, provenance: Provenance) -> tuple[tuple[str, Value], ...]:
    settings, rule = entanglement.settings, entanglement.settings.rule
    return (
        *asdict(entanglement.correlation.choices).items(),
        *((f"rule_{name}", value) for name, value in asdict(rule).items()),
        ("ordered_by", settings.scale),
        ("mask_ridge", settings.ridge),
        ("label_ridge", entanglement.labels.ridge),
        ("level", settings.level),
        ("n_replicates", settings.n_replicates),
        ("n_blocks", entanglement.n_blocks),
        *provenance_facts(provenance, entanglement.correlation.n_images),
    )
