from __future__ import annotations

import pytest

from mamviz.run import open_run
from mamviz.schema import BASELINES, MASK_CRITERIA
from mamviz_cli.prune import ORDERS
from tests.cli.filed import read_rows

QUICK = ("--repetitions", "1", "--images", "100")


@pytest.fixture(scope="module")
def ended(small):
    return small("prune", "few-1", "--keep", "0.5", "--tune-epochs", "1", *QUICK, "--json")


def test_the_pruned_run_lies_beside_its_source_and_says_how_it_was_made(small, ended) -> None:
    run = open_run(small.runs / "few-1-pruned-1")
    assert run.trained
    assert ended.json["run"] == run.name
    about = run.record["pruned"]
    assert (about["source"], about["criterion"], about["fill"], about["keep"]) == ("few-1", "contrast", "mean", 0.5)
    assert list(run.config.model.kept) == about["kept"] == ended.json["kept"]
    assert len(about["kept"]) == 4
    assert run.record["command"][:3] == ["mamviz", "prune", "few-1"]
    assert about["error"] < 1e-5


def test_json_file_and_table_agree(small, ended) -> None:
    rows = ended.json["rows"]
    filed = read_rows(small.runs / "few-1-pruned-1" / "tables" / "prune.csv")
    for row, line in zip(rows, filed, strict=True):
        assert {name: "" if value is None else str(value) for name, value in row.items()}.items() <= line.items()
    names = [row["quantity"] for row in rows]
    assert names[:3] == ["accuracy %, pruned", "accuracy %, fine-tuned", "channels"]
    assert "ms, batch of 16" in names
    first = rows[0]
    assert first["less"] == pytest.approx(first["before"] - first["after"])
    channels = rows[2]
    assert (channels["before"], channels["after"], channels["less"]) == (8, 4, 2)
    assert "differ from the masked one's by at most" in ended.out
    assert "4 of 8 channels of few-1" in ended.out
    assert "mamviz export" in ended.err


def test_a_largest_loss_chooses_the_number_and_cutting_alone_is_a_run(small, ended) -> None:
    found = small(
        "prune", "few-1", "--max-loss", "30", "--tune-epochs", "0", "--order", "mean-mask", "--fill", "zero", "--name",
        "loose", *QUICK, "--json",
    )  # fmt: skip
    about = open_run(small.runs / "loose").record["pruned"]
    assert (about["keep"], about["criterion"], about["fill"]) == (None, "mean mask", "zero")
    assert about["max_loss"] == pytest.approx(0.3)
    assert len(found.json["kept"]) < 8
    assert [row["quantity"] for row in found.json["rows"]][:2] == ["accuracy %, pruned", "channels"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--keep", "0.5", "--max-loss", "1"], "--max-loss: expected none beside --keep"),
        (["--keep", "1.5"], "keep: expected a share above 0 up to 1, got 1.5"),
        (["--order", "greedy"], "--order: expected one of contrast, usage, mean-mask"),
        (["--fill", "noise"], "--fill: expected one of mean, zero, got 'noise'"),
        (["--name", "a/b"], "--name: expected a plain folder name"),
        (["--name", "few-1", "--keep", "0.5"], "holds a run already"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(small, arguments: list[str], words: str) -> None:
    before = sorted(small.runs.iterdir())
    assert words in small.fails("prune", "few-1", *arguments)
    assert sorted(small.runs.iterdir()) == before


def test_a_pruning_that_removes_nothing_is_refused_and_leaves_nothing(small) -> None:
    before = sorted(small.runs.iterdir())
    assert "expected fewer than the 8 channels" in small.fails_later("prune", "few-1", "--keep", "1", *QUICK)
    assert sorted(small.runs.iterdir()) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("evaluate", "--split", "all", "--replicates", "10"),
        ("extract-masks",),
        ("correlate", "--top", "2", "--replicates", "100"),
        ("show",),
        ("prune-report",),
        ("sanity", "--split", "all", "--images", "24", "--draws", "1", "--networks", "19"),
        ("prune", "--keep", "0.5", "--tune-epochs", "0", *QUICK),
    ],
    ids=lambda arguments: arguments[0],
)
def test_every_command_takes_a_pruned_run(small, ended, arguments: tuple[str, ...]) -> None:
    command, *options = arguments
    small(command, "few-1-pruned-1", *options)


def test_a_fine_tune_that_was_stopped_goes_on_with_train(small, ended, monkeypatch: pytest.MonkeyPatch) -> None:
    from mamviz.training import loop

    step = loop.take_step
    left = iter(range(2))

    def stop(*arguments, **options) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        step(*arguments, **options)

    monkeypatch.setattr(loop, "take_step", stop)
    stopped = small("prune", "few-1", "--keep", "0.5", "--tune-epochs", "1", "--name", "half", *QUICK, code=130)
    assert "mamviz train --resume" in stopped.err.splitlines()[-1]
    run = open_run(small.runs / "half")
    assert not run.trained
    monkeypatch.undo()
    small("train", "--resume", "half")
    one, other = ((small.runs / name / "model.safetensors").read_bytes() for name in ("half", "few-1-pruned-1"))
    assert one == other


def test_every_criterion_that_ranks_without_trying_is_an_order() -> None:
    assert ORDERS == MASK_CRITERIA + BASELINES
