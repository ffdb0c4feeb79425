from __future__ import annotations

import dataclasses
import shutil

import pytest

from mamviz.errors import ConfigError, StatisticsError
from mamviz.schema import Choices, PairRule
from mamviz.stats.correlation import correlate_attributes
from mamviz.store.masks import read_statistics
from mamviz_cli.entangle import EntangleOptions, RuleOptions, file_stem, make_settings
from tests.cli.filed import read_rows

FEW = ("--replicates", "20")
# 96 images: no phi is certain to better than 0.2, and no rank at all.
WIDE = ("--independent", "0.6", "--related", "0.6", "--high", "0", "--low", "0")


@pytest.fixture(scope="module")
def ended(small):
    small("extract-masks", "few-1")
    return small("entangle", "few-1", *FEW, *WIDE, "--top", "2", "--json")


def test_csv_json_and_the_masks_file_agree(small, ended) -> None:
    run = small.runs / "few-1"
    pairs = read_rows(run / "tables" / "entanglement.csv")
    stats = read_statistics(run / "masks.h5")
    values = correlate_attributes(stats, Choices()).values
    assert len(pairs) == 15
    for pair in pairs:
        place = stats.attributes.index(pair["first"]), stats.attributes.index(pair["second"])
        assert float(pair["r"]) == pytest.approx(values[place], abs=1e-9)
    assert {row["list"] for row in pairs} <= {"shared", "separate", ""}
    for kind in ("shared", "separate"):
        listed = [(row["first"], row["second"]) for row in pairs if row["list"] == kind]
        listed = listed if kind == "shared" else listed[::-1]
        rows = [(row["first"], row["second"]) for row in ended.json[kind]["rows"]]
        assert rows == listed[:2]
    assert any(row["list"] for row in pairs)
    assert ended.json["choices"] == dataclasses.asdict(Choices())
    assert [row["relation"] for row in ended.json["explained"]["rows"]] == [
        "phi",
        "size of phi",
        "size of tetrachoric",
    ]


def test_tables_and_figures_are_files_of_the_run(small, ended) -> None:
    run = small.runs / "few-1"
    for name in ("entanglement-shared", "entanglement-separate", "entanglement-explained"):
        for kind in ("csv", "md", "tex"):
            assert (run / "tables" / f"{name}.{kind}").stat().st_size > 100
    for kind in ("png", "svg"):
        assert (run / "figures" / f"entanglement.{kind}").stat().st_size > 1000
    assert "wrote " in ended.err
    assert "next: all pairs of one attribute: `mamviz entangle --attribute NAME`" in ended.err


def test_one_attribute_shows_all_its_pairs_and_the_files_keep_the_lists(small, ended) -> None:
    before = (small.runs / "few-1" / "tables" / "entanglement-shared.csv").read_text()
    some = small("entangle", "few-1", *FEW, *WIDE, "--top", "2", "--attribute", "Male", "--json")
    pairs = [row for row in read_rows(small.runs / "few-1" / "tables" / "entanglement.csv") if "Male" in row.values()]
    assert len(pairs) == 5
    for kind, expected in (("shared", pairs[:2]), ("separate", pairs[:-3:-1])):
        rows = [(row["first"], row["second"]) for row in some.json[kind]["rows"]]
        assert rows == [(row["first"], row["second"]) for row in expected]
    assert (small.runs / "few-1" / "tables" / "entanglement-shared.csv").read_text() == before


def test_other_choices_have_files_of_their_own(small, ended) -> None:
    other = small("entangle", "few-1", *FEW, "--estimand", "mean", "--view", "full", "--scale", "raw", "--json")
    assert other.json["choices"] == dataclasses.asdict(Choices(estimand="mean", view="full"))
    (first, *_) = read_rows(small.runs / "few-1" / "tables" / "entanglement-mask-absolute-mean-full-none.csv")
    assert (first["ordered_by"], first["estimand"]) == ("raw", "mean")


def test_a_masks_file_by_itself_is_enough(small, ended, tmp_path) -> None:
    alone = shutil.copy(small.runs / "few-1" / "masks.h5", tmp_path / "alone.h5")
    other = small("entangle", alone, *FEW, *WIDE, "--top", "2", "--json")
    assert other.json["shared"] == ended.json["shared"]
    assert (tmp_path / "alone-results" / "figures" / "entanglement.png").is_file()


def test_a_misspelled_attribute_gets_a_hint(small, ended) -> None:
    assert "Did you mean Smiling?" in small.fails("entangle", "few-1", "--attribute", "Smilin")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scale", "log"], "--scale: expected one of rank, raw, got 'log'"),
        (["--independent", "0.5"], "Choose bounds in this order"),
        (["--map", "face"], "--map: expected one of mask, evidence"),
    ],
)
def test_bad_input_is_one_line_before_any_run_is_looked_for(world, arguments: list[str], words: str) -> None:
    assert words in world.fails("entangle", *arguments)
    assert list(world.folder.iterdir()) == []


def test_settings_are_those_of_the_options() -> None:
    settings = make_settings(EntangleOptions(scale="raw", replicates=7, rule=RuleOptions(high=0.9)))
    assert (settings.scale, settings.n_replicates, settings.rule) == ("raw", 7, PairRule(high=0.9))
    assert make_settings(EntangleOptions()).rule == PairRule()
    with pytest.raises(ConfigError):
        make_settings(EntangleOptions(scale="x"))
    with pytest.raises(StatisticsError):
        make_settings(EntangleOptions(rule=RuleOptions(low=2)))


def test_the_recommended_choices_have_the_short_name() -> None:
    assert file_stem(Choices()) == "entanglement"
    assert file_stem(Choices(view="full")) == "entanglement-mask-absolute-adjusted-full-none"
