from __future__ import annotations

import math
from pathlib import Path

import pytest

from mamviz_cli import console as module
from mamviz_cli.console import Console, describe_seconds, plain, steps


def test_nan_is_null_and_paths_are_text() -> None:
    values = {"a": math.nan, "b": (1, 2.5, math.inf), "c": Path("x/y"), "d": {"e": None, "f": True}, 3: "g"}
    assert plain(values) == {"a": None, "b": [1, 2.5, None], "c": "x/y", "d": {"e": None, "f": True}, "3": "g"}


def test_json_comes_only_where_it_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    Console().finish({"a": 1})
    assert capsys.readouterr().out == ""
    Console(json=True).finish({"a": math.nan})
    assert capsys.readouterr().out == '{"a": null}\n'


def test_notes_go_to_stderr_and_tables_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.note("note")
    console.show("table")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("table\n", "note\n")


def test_what_to_do_next_is_said_by_what_ends_there(capsys: pytest.CaptureFixture[str]) -> None:
    Console().suggest("`mamviz show`")
    Console(aside=True).suggest("aside")
    with steps():
        Console().suggest("step")
    Console().suggest("the end")
    assert capsys.readouterr().err == "next: `mamviz show`\nnext: the end\n"


def test_work_aside_leaves_stdout_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Console(aside=True).show("table")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "table\n")


def test_a_quiet_console_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(json=True, quiet=True)
    console.note("note")
    console.show("table")
    console.finish({"a": 1})
    with console.working("images") as progress:
        progress(1, 1)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_without_a_terminal_progress_is_a_line_every_few_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 1.0, 1.0, 3.0, 3.0, 7.0, 7.0, 11.0, 11.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with Console().working("masks") as progress:
        progress(1000, 4000, "block 1")  # at 1 s: too early for a line, the start of the pace
        progress(1200, 4000, "block 2")  # at 3 s: too early
        progress(2200, 4000, "block 3")  # at 7 s: 1,200 in 6 s
        progress(4000, 4000)  # the end is always said
    assert capsys.readouterr().err.splitlines() == [
        "masks: 2,200 of 4,000, 200/s, 9 s left, block 3",
        "masks: 4,000 of 4,000, 300/s",
    ]


def test_a_bar_shows_rate_and_remaining_time_and_lets_lines_through(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(module.sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(module.sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    console = Console()
    with console.working("faces-1") as progress:
        progress(10, 40, "epoch 1")
        progress(20, 40, "epoch 2")
        console.show("epoch 1 of 2: [loss] 0.5")
    captured = capsys.readouterr()
    assert captured.out == ""  # a line on stdout would tear the bar apart
    assert "epoch 1 of 2: [loss] 0.5" in captured.err
    assert "20/40" in captured.err
    assert "/s" in captured.err


@pytest.mark.parametrize(("seconds", "words"), [(4.4, "4 s"), (89, "89 s"), (130, "2 min"), (3900, "1 h 05 min")])
def test_durations_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert describe_seconds(seconds) == words
