"""docs/statistics.md: its worked examples are true, and what it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")

# Packages whose functions the chapters are about.
MEASURES = tuple(
    f"mamviz.{name}" for name in ("stats", "validation", "sanity", "pruning", "generation", "robustness", "models")
)


def chapters() -> dict[str, str]:
    """The numbered chapters by their headings."""
    parts = re.split(r"^## (\d+\. .+)\n", DOCUMENT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def examples() -> list[tuple[str, str]]:
    """(heading and number, code) of every example."""
    return [
        (f"{heading} ({number})", code)
        for heading, text in chapters().items()
        for number, code in enumerate(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL), start=1)
    ]


@pytest.mark.parametrize(("name", "code"), examples(), ids=[name for name, _ in examples()])
def test_an_example_is_true(name: str, code: str) -> None:
    exec(compile(code, f"docs/statistics.md, {name}", "exec"), {})


@pytest.mark.parametrize(("name", "code"), examples(), ids=[name for name, _ in examples()])
def test_an_example_asserts_what_functions_of_mamviz_give(name: str, code: str) -> None:
    tree = ast.parse(code)
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(MEASURES)
        for alias in node.names
    }
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert imported, name
    assert imported <= called, f"{name} imports {sorted(imported - called)} and doesn't use it"
    assert any(isinstance(node, ast.Assert) for node in ast.walk(tree)), name


@pytest.mark.parametrize("heading", chapters())
def test_every_chapter_has_formula_assumptions_doubts_and_an_example(heading: str) -> None:
    text: str = chapters()[heading]
    assert re.search(r"^```\n", text, re.MULTILINE) or "| check |" in text, "no formula"
    assert "*Takes for granted" in text
    assert "*Don't believe" in text
    assert "```python\n" in text


def test_quantities_that_commands_show_have_a_chapter() -> None:
    headings = " ".join(chapters()).lower()
    for word in ("estimands", "intervals", "inclusion", "ties", "shuffled labels", "max-t", "reliability"):
        assert word in headings
    for word in ("stability", "labels go together", "entanglement", "sanity", "pointing", "recovery"):
        assert word in headings


def test_constants_of_the_document_are_those_of_the_code() -> None:
    from mamviz.schema import AGREES, EntanglementSettings
    from mamviz.schema.reliability import RELIABLE
    from mamviz.stats.bounds import BIAS_ERROR
    from mamviz.stats.moments import MOST_BLOCKS, RIDGE
    from mamviz.stats.rows import FEWEST_UNITS
    from mamviz.validation.regions import LOCAL

    settings = EntanglementSettings()
    facts: dict[str, Any] = {
        f"over B = {MOST_BLOCKS} blocks": RIDGE == 1e-4,
        f"{FEWEST_UNITS} with images are the least": True,
        f"(bias/{1 / BIAS_ERROR:g})^2": True,
        f"{RELIABLE:g} or more is asked for": RELIABLE == AGREES,
        f"*local* attributes have one below {LOCAL:g}": True,
        f"within +-{settings.rule.independent:g} and that of the masks' rank above {settings.rule.high:g}": True,
        f"|phi| above {settings.rule.related:g}, rank below {settings.rule.low:g}": True,
        f"hang on their ridge ({settings.ridge:g})": True,
    }
    assert [text for text, holds in facts.items() if not holds or text not in DOCUMENT] == []


def test_links_of_the_document_lead_to_files() -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", DOCUMENT)
    assert targets
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []
