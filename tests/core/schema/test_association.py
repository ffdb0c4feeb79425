from __future__ import annotations

import pytest

from mamviz.errors import StatisticsError
from mamviz.schema import EntanglementSettings, PairRule


@pytest.mark.parametrize(
    "wrong", [{"independent": 0.0}, {"independent": 0.3}, {"related": 1.0}, {"high": 1.2}, {"low": 0.8}, {"low": -0.1}]
)
def test_bounds_of_a_rule_must_be_in_order(wrong: dict[str, float]) -> None:
    with pytest.raises(StatisticsError, match="Choose bounds in this order"):
        PairRule(**wrong)


@pytest.mark.parametrize("wrong", [{"n_replicates": 0}, {"level": 1.0}, {"ridge": -0.1}, {"ridge": float("nan")}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(StatisticsError, match="entanglement: expected 1 replicate or more"):
        EntanglementSettings(**wrong)
