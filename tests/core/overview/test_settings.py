from __future__ import annotations

import pytest

from mamviz.errors import StatisticsError
from mamviz.overview.settings import OverviewSettings


@pytest.mark.parametrize("wrong", [{"n_examples": -1}, {"top": 0}])
def test_fewer_than_none_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(StatisticsError, match=f"got .*{next(iter(wrong.values()))}"):
        OverviewSettings(**wrong)  # type: ignore[arg-type]


def test_no_examples_and_no_replicates_may_be_asked_for() -> None:
    assert OverviewSettings(n_examples=0, n_replicates=0).n_examples == 0
