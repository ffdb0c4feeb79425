from __future__ import annotations

import pytest

from mamviz.errors import StatisticsError
from mamviz_reports.tables import Cell, Column, Table, percent, provenance_facts
from tests.reports.records import NAN, PROVENANCE


def table_of(*cells: Cell, fields: tuple[str, ...] = ("low", "high")) -> Table:
    return Table(
        title="t", columns=(Column("c", fields),), rows=tuple((cell,) for cell in cells), facts=(("run", "r"),)
    )


def test_records_are_raw_values_then_facts_and_nan_is_none():
    table = table_of(Cell("1 to 2", (1.25, 2)), Cell("n/a", (NAN, None)))
    assert table.fields == ("low", "high", "run")
    assert table.records() == ((1.25, 2, "r"), (None, None, "r"))


def test_cell_without_all_its_values_is_refused():
    with pytest.raises(StatisticsError, match=r"expected \[2\] values a cell, got \[1\]"):
        table_of(Cell("1", (1,)))


def test_percent_says_na_for_nan():
    assert [percent(0.12345), percent(0.12345, 2), percent(NAN)] == ["12.3", "12.35", "n/a"]


def test_facts_carry_the_results_own_number_of_images():
    facts = dict(provenance_facts(PROVENANCE, 12))
    assert facts["n_images"] == 12
    assert facts["run"] == "faces-3"
    assert facts["model_sha256"] == PROVENANCE.model_sha256
    assert (facts["data"], facts["data_fingerprint"]) == ("built-in faces", "fedcba9876543210" * 4)
