"""Seconds by a clock that the test moves, and memory beside an array of known size."""

from __future__ import annotations

import mmap

import pytest

from mamviz import trial
from mamviz.trial import held_bytes, median_seconds, most_held_bytes


class Clock:
    """Stands still but while a job is made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, lengths: list[float]) -> None:
        self.now, self.lengths, self.jobs = 0.0, lengths, 0
        monkeypatch.setattr(trial.time, "perf_counter", lambda: self.now)

    def job(self) -> None:
        self.now += self.lengths[min(self.jobs, len(self.lengths) - 1)]
        self.jobs += 1


def test_the_first_try_does_not_count_and_of_the_others_the_median_does(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, [9.0, 1.0, 5.0, 2.0])
    assert median_seconds(clock.job) == 2.0
    assert clock.jobs == 4


def test_a_job_that_takes_very_long_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, [30.0])
    assert median_seconds(clock.job) == 30.0
    assert clock.jobs == 1


def test_a_device_is_waited_for_within_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, [0.0])

    def wait() -> None:
        clock.now += 0.25

    assert median_seconds(clock.job, wait=wait) == 0.25


def test_what_is_held_grows_by_what_is_filled() -> None:
    before = held_bytes()
    with mmap.mmap(-1, 50_000_000) as block:  # not of the heap, in which much may lie free already
        block.write(b"1" * 50_000_000)
        assert 40e6 < held_bytes() - before < 120e6
        assert most_held_bytes() >= before + 40e6


def test_elsewhere_than_on_linux_the_most_held_is_all_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_status", lambda _: 0.0)
    assert held_bytes() == most_held_bytes() > 10e6
