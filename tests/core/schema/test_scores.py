from __future__ import annotations

from mamviz.schema import PosterRow


def test_the_best_are_all_that_read_the_same() -> None:
    assert PosterRow("Young", 86.996, 87.0, 81, 87, 80).best == ("ours", "poster", "lnets_anet")


def test_what_the_data_lack_is_not_best() -> None:
    assert PosterRow("Young", None, 87.0, 81, 86, 80).best == ("poster",)
