from __future__ import annotations

import dataclasses

import pytest

from mamviz.errors import StatisticsError
from mamviz.schema import RECOMMENDED, Choices
from mamviz.store.analysis import read_analysis
from mamviz_cli.correlate import ChoiceOptions, CorrelateOptions, file_stem, make_choices
from tests.cli.filed import read_rows


@pytest.fixture(scope="module")
def ended(small):
    """Two of the most related of each attribute; all six masks differ from cell to cell."""
    small("extract-masks", "few-1")
    return small("correlate", "few-1", "--top", "2", "--json")


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
        assert (run / "figures" / f"correlate-attributes.{kind}").stat().st_size > 1000


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
    other = small("correlate", "few-1", *literal, "--top", "2", "--json")
    (table,) = other.json["tables"]
    assert table["choices"] == dataclasses.asdict(Choices(estimand="mean", sign="signed", view="full"))
    assert "The recommended choices: `mamviz correlate`." in other.out
    assert (small.runs / "few-1" / "tables" / "correlate-attributes-mask-signed-mean-full-none.csv").is_file()
    assert table["rows"] != ended.json["tables"][0]["rows"]


def test_named_attributes_are_printed_alone_and_the_file_keeps_all(small, ended) -> None:
    some = small("correlate", "few-1", "--attribute", "Male", "--attribute", "Bangs", "--top", "2", "--json")
    assert [row["target"] for row in some.json["tables"][0]["rows"]] == ["Male", "Bangs"]
    everything = {row["target"]: row for row in ended.json["tables"][0]["rows"]}
    assert some.json["tables"][0]["rows"] == [everything["Male"], everything["Bangs"]]
    assert len(read_rows(small.runs / "few-1" / "tables" / "correlate-attributes.csv")) == 12


def test_a_misspelled_attribute_gets_a_hint(small, ended) -> None:
    assert "Did you mean Smiling?" in small.fails("correlate", "few-1", "--attribute", "Smilin")


def test_channels_are_correlated_too(small, ended) -> None:
    other = small("correlate", "few-1", "--channels", "--top", "1", "--rank-by", "abs", "--json")
    (table,) = other.json["tables"]
    assert table["axis"] == "channel"
    assert [row["target"] for row in table["rows"]] == [str(channel) for channel in range(8)]
    assert table["facts"]["ranked_by"] == "abs"
    assert (small.runs / "few-1" / "figures" / "correlate-channels.png").is_file()


def test_all_estimands_give_a_table_each(small, ended) -> None:
    other = small("correlate", "few-1", "--all-estimands", "--top", "1", "--json")
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
