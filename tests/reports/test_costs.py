from __future__ import annotations

import pytest

from mamviz_reports.costs import cost_table, tuned_table
from mamviz_reports.tables import NBSP, Table
from mamviz_reports.texts import to_values
from tests.reports.records import PROVENANCE
from tests.reports.thinned import cost, pruning_report


def texts(table: Table) -> list[list[str]]:
    return [[cell.text.replace(NBSP, " ") for cell in row] for row in table.rows]


def test_quantities_stand_before_and_after_with_their_ratio() -> None:
    rows = {row[0]: row[1:] for row in texts(cost_table(pruning_report(), cost(), PROVENANCE))}
    assert rows["channels"] == ["8", "4", "2.00 x"]
    assert rows["parameters to classify"] == ["200 k", "100 k", "2.00 x"]
    assert rows["FLOPs an image"] == ["40 M", "20 M", "2.00 x"]
    assert rows["file"] == ["1.6 MB", "800 kB", "2.00 x"]
    assert rows["ms, batch of 16"] == ["32 [28.8, 38.4]", "16 [14.4, 19.2]", "2.00 [1.50, 2.50] x"]
    assert rows["memory, batch of 1"][2] == "1.00 x"


def test_times_have_their_quartiles_and_the_paired_ratio_in_the_file() -> None:
    values = to_values(cost_table(pruning_report(), cost(), PROVENANCE))
    row = next(row for row in values["rows"] if row["quantity"] == "ms, batch of 16")
    assert (row["before"], row["before_low"], row["after_high"]) == (32, pytest.approx(28.8), pytest.approx(19.2))
    assert (row["ratio"], row["ratio_low"], row["ratio_high"]) == (2.0, 1.5, 2.5)
    assert (values["facts"]["device"], values["facts"]["threads"], values["facts"]["error"]) == ("cpu", 1, 3e-6)
    assert "by at most 3.0e-06" in " ".join(values["notes"])


def test_fine_tuned_and_from_scratch_stand_beside_the_pruned() -> None:
    table = tuned_table(pruning_report(), PROVENANCE)
    assert texts(table) == [["4 of 8", "2", "0.50 [0.40, 0.60]", "-0.10 [-0.15, -0.05]", "2.00 [1.90, 2.10]"]]
    row = to_values(table)["rows"][0]
    assert (row["kept"], row["tuned_accuracy"], row["tuned_loss"]) == (4, pytest.approx(0.901), -0.001)
    assert row["scratch_accuracy"] == 0.88
