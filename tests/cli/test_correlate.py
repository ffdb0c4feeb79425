from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz.schema import RECOMMENDED, Choices
from mamviz.store.analysis import group_name, read_analysis
from mamviz.store.stability import write_stability
from mamviz_cli.correlate import ChoiceOptions, CorrelateOptions, file_stem, make_choices
from mamviz_reports.heatmaps import correlation_figure
from tests.cli.filed import read_rows
from tests.core.seeded import provenance_of, shared_images, write_masks
from tests.core.store.drawn import draw_plan
from tests.core.store.drawn import fill as fill_few
from tests.reports.agreed import stability_of

# As few resamples as are taken, and none.
QUICK, PLAIN = ("--replicates", "100"), ("--replicates", "0")


@pytest.fixture(scope="module")
def ended(small):
    """Two of the most related of each attribute; all six masks differ from cell to cell."""
    small("extract-masks", "few-1")
    return small("correlate", "few-1", "--top", "2", *QUICK, "--json")


def test_json_csv_and_analysis_agree(small, ended) -> None:
    (table,) = ended.json["tables"]
    run = small.runs / "few-1"
    correlation, _ = read_analysis(run / "analysis.h5", axis="attribute", choices=Choices())
    pairs = read_rows(run / "tables" / "correlate-attributes.csv")
    assert correlation.undefined == ()
    assert len(table["rows"]) == 6
    assert len(pairs) == 12
    for row in table["rows"]:
        for rank in (1, 2):
            name, r = row[f"related_{rank}"], row[f"r_{rank}"]
            line = next(each for each in pairs if (each["target"], each["rank"]) == (row["target"], str(rank)))
            assert (line["related"], float(line["r"])) == (name, r)
            place = correlation.names.index(row["target"]), correlation.names.index(name)
            assert correlation.values[place] == r
            assert f"{name} {r:.2f}" in ended.out
    assert table["choices"] == dataclasses.asdict(Choices())
    for kind in ("png", "svg"):
        for stem in ("correlate", "tree", "neighbours"):
            assert (run / "figures" / f"{stem}-attributes.{kind}").stat().st_size > 1000


def test_a_table_says_in_words_which_data_it_is_of(small, ended) -> None:
    assert "96 images of all splits of 96 images of few.csv, 32 px, square crop; run few-1" in " ".join(
        ended.out.split()
    )


def test_the_heading_says_which_table_this_is_and_how_to_get_the_other(ended) -> None:
    first, second = ended.out.splitlines()[:2]
    assert first == f"The recommended table: {Choices().describe('attribute')}."
    assert second == "The poster read literally: `mamviz correlate --estimand mean --sign signed --view full`."


def test_the_poster_read_literally_has_files_of_its_own(small, ended) -> None:
    literal = ("--estimand", "mean", "--sign", "signed", "--view", "full")
    other = small("correlate", "few-1", *literal, "--top", "2", *PLAIN, "--json")
    (table,) = other.json["tables"]
    assert table["choices"] == dataclasses.asdict(Choices(estimand="mean", sign="signed", view="full"))
    assert "The recommended choices: `mamviz correlate`." in other.out
    assert (small.runs / "few-1" / "tables" / "correlate-attributes-mask-signed-mean-full-none.csv").is_file()
    assert table["rows"] != ended.json["tables"][0]["rows"]


def test_named_attributes_are_printed_alone_and_the_file_keeps_all(small, ended) -> None:
    some = small("correlate", "few-1", "--attribute", "Male", "--attribute", "Bangs", "--top", "2", *QUICK, "--json")
    assert [row["target"] for row in some.json["tables"][0]["rows"]] == ["Male", "Bangs"]
    everything = {row["target"]: row for row in ended.json["tables"][0]["rows"]}
    assert some.json["tables"][0]["rows"] == [everything["Male"], everything["Bangs"]]
    assert len(read_rows(small.runs / "few-1" / "tables" / "correlate-attributes.csv")) == 12


def test_a_misspelled_attribute_gets_a_hint(small, ended) -> None:
    assert "Did you mean Smiling?" in small.fails("correlate", "few-1", "--attribute", "Smilin")


def test_channels_are_correlated_too(small, ended) -> None:
    other = small("correlate", "few-1", "--channels", "--top", "1", "--rank-by", "abs", *QUICK, "--json")
    (table,) = other.json["tables"]
    assert table["axis"] == "channel"
    assert [row["target"] for row in table["rows"]] == [str(channel) for channel in range(8)]
    assert table["facts"]["ranked_by"] == "abs"
    assert table["facts"]["null"] is None
    assert "this estimand uses no labels" in " ".join(other.out.split())
    assert (small.runs / "few-1" / "figures" / "correlate-channels.png").is_file()
    assert (small.runs / "few-1" / "figures" / "tree-channels.png").is_file()


def test_all_estimands_give_a_table_each(small, ended) -> None:
    other = small("correlate", "few-1", "--all-estimands", "--top", "1", *PLAIN, "--json")
    choices = [table["choices"] for table in other.json["tables"]]
    assert [each["estimand"] for each in choices] == ["mean", "contrast", "adjusted", "image", "across"]
    assert [each["sign"] for each in choices] == ["absolute", "absolute", "absolute", "signed", "signed"]


def test_the_default_sign_is_absolute_where_that_is_defined() -> None:
    def sign(**given: str) -> str:
        (choices,) = make_choices(CorrelateOptions(choices=ChoiceOptions(**given)))
        return choices.sign

    assert sign() == "absolute"
    assert sign(estimand="across") == "signed"
    assert sign(estimand="contrast", sign="signed") == "signed"
    with pytest.raises(StatisticsError, match="--sign signed"):
        sign(estimand="image", sign="absolute")


def test_channels_have_recommended_choices_of_their_own() -> None:
    assert make_choices(CorrelateOptions(channels=True)) == (RECOMMENDED["channel"],)
    (mean,) = make_choices(CorrelateOptions(channels=True, choices=ChoiceOptions(map="mask", estimand="mean")))
    assert mean == Choices(sign="signed", estimand="mean", view="full")
    every = make_choices(CorrelateOptions(channels=True, all_estimands=True))
    assert [choices.estimand for choices in every] == ["mean", "contrast", "adjusted", "across"]


def test_file_names_differ_wherever_choices_do() -> None:
    assert file_stem(RECOMMENDED["channel"], "channel") == "correlate-channels"
    assert file_stem(Choices(), "channel") == "correlate-channels-mask-absolute-adjusted-spatial-none"
    assert (
        file_stem(Choices(centring="common"), "attribute")
        == "correlate-attributes-mask-absolute-adjusted-spatial-common"
    )


def certainty_of(folder: Path) -> dict[str, np.ndarray] | None:
    """What analysis.h5 says of how sure the recommended table is."""
    with h5py.File(folder / "analysis.h5") as handle:
        group = handle[group_name("attribute", Choices())]
        return {name: values[:] for name, values in group["certainty"].items()} if "certainty" in group else None


@pytest.fixture
def lone(world) -> Path:
    """The masks of 160 images by themselves, in a folder of their own."""
    folder = world.folder / "lone"
    folder.mkdir()
    return write_masks(folder / "masks.h5", shared_images(), run="one")


def test_json_csv_and_analysis_agree_on_how_sure_each_row_is(small, ended, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time is the same work with the same seed; the figure is given what the table says."""
    drawn = []

    def draw(*arguments: Any, **named: Any) -> Figure:
        drawn.append(named["certainty"])
        return correlation_figure(*arguments, **named)

    monkeypatch.setattr("mamviz_reports.heatmaps.correlation_figure", draw)
    (table,) = small("correlate", "few-1", "--top", "2", *QUICK, "--json").json["tables"]
    assert table == ended.json["tables"][0]
    (certainty,) = drawn
    assert certainty.reliability.spearman.value == table["facts"]["reliability"]
    assert certainty.significance is not None
    run = small.runs / "few-1"
    names = read_analysis(run / "analysis.h5", axis="attribute", choices=Choices())[0].names
    kept = certainty_of(run)
    assert kept is not None
    lines = {(row["target"], row["rank"]): row for row in read_rows(run / "tables" / "correlate-attributes.csv")}
    n_known = 0
    for row in table["rows"]:
        for rank in (1, 2):
            place = names.index(row["target"]), names.index(row[f"related_{rank}"])
            line = lines[row["target"], str(rank)]
            for name in ("low", "high", "inclusion", "p", "p_max", "q", "null_mean"):
                value = row[f"{name}_{rank}"]
                assert line[name] == ("" if value is None else str(value))
                np.testing.assert_equal(np.nan if value is None else value, kept[name][place])
                n_known += value is not None
    assert n_known > 60  # of 84: an attribute may have no map in too many resamples of so few images
    facts = table["facts"]
    assert (facts["n_replicates"], facts["level"], facts["method"]) == (100, 0.95, "corrected")
    assert lines["Male", "1"]["reliability"] == str(facts["reliability"])


def test_without_replicates_there_are_no_intervals_and_no_marks(world, lone) -> None:
    plain = world("correlate", lone, "--top", "2", *PLAIN, "--json")
    (table,) = plain.json["tables"]
    assert {name for row in table["rows"] for name in row} == {"target", "related_1", "r_1", "related_2", "r_2"}
    assert "reliability" not in table["facts"]
    assert table["warnings"] == []
    assert "In brackets" not in plain.out
    assert "warning" not in plain.err
    assert certainty_of(lone.parent) is None


def test_too_few_replicates_are_refused_before_anything_is_trained(world) -> None:
    words = world.fails("correlate", "--replicates", "5")
    assert words == "mamviz: Expected 100 replicates or more, got 5. Take 1000, or 0 for no intervals."
    assert not world.runs.exists()


def test_an_unreliable_table_is_warned_of_on_stderr_and_in_json(small, ended) -> None:
    """Halves of 48 people agree on little."""
    (table,) = ended.json["tables"]
    assert table["facts"]["reliability"] < 0.9
    (warning,) = table["warnings"]
    assert f"agree on this table to {table['facts']['reliability']:.2f} only" in warning
    assert f"warning: {warning}" in ended.err.splitlines()


def test_too_few_blocks_give_the_table_and_say_why_it_has_no_intervals(world) -> None:
    fill_few(world.folder / "masks.h5", draw_plan())  # 3 blocks, one of them empty
    literal = ("--estimand", "mean", "--sign", "signed", "--view", "full")
    few = world("correlate", world.folder / "masks.h5", *literal, "--top", "1", "--json")
    (table,) = few.json["tables"]
    assert len(table["rows"]) == 3
    assert "low_1" not in table["rows"][0]
    (said,) = [line for line in few.err.splitlines() if line.startswith("warning: ")]
    assert "no intervals, and nothing is marked: Expected at least 10 blocks with images" in said


@pytest.mark.parametrize("name", ["masks.h5", "renamed.h5"])
def test_what_mamviz_stability_found_is_taken_up(world, lone, name: str) -> None:
    """It stands where the other results of these masks do."""
    masks = lone.rename(lone.with_name(name))
    folder = masks.parent if name == "masks.h5" else masks.parent / "renamed-results"
    folder.mkdir(exist_ok=True)
    alone = world("correlate", masks, *QUICK, "--json")
    assert "Other seeds were not compared" in " ".join(alone.out.split())
    assert alone.json["tables"][0]["facts"]["seeds_spearman"] is None
    origin = provenance_of("one", 160)
    found = stability_of("one", "two")
    runs = (
        replace(found.runs[0], model_sha256=origin.model_sha256, fingerprint=origin.fingerprint, split=origin.split),
        found.runs[1],
    )
    write_stability(folder, replace(found, runs=runs))
    compared = world("correlate", masks, *QUICK, "--json")
    (table,) = compared.json["tables"]
    assert table["facts"]["seeds_spearman"] == 0.875
    assert "Runs of other seeds agree on this table to 0.88 (Spearman: one and two)" in " ".join(compared.out.split())
    assert any("another training would give another table" in warning for warning in table["warnings"])
    assert table["rows"] == alone.json["tables"][0]["rows"]


def test_stopping_keeps_the_table_and_says_where(world, lone, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mamviz.analysis.certify", stop)
    ended = world("correlate", lone, *QUICK, code=130)
    assert ended.err.splitlines()[-1] == (
        f"mamviz: stopped; the table without intervals is in {lone.with_name('analysis.h5')}."
    )
    read_analysis(lone.with_name("analysis.h5"), axis="attribute", choices=Choices())
    assert certainty_of(lone.parent) is None
