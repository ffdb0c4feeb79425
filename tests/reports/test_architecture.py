from __future__ import annotations

import pytest

from mamviz.errors import ConfigError
from mamviz.schema import Budget, Component, WorkTime
from mamviz_reports.architecture import describe_architecture, describe_budget, describe_bytes, describe_seconds

COMPONENTS = (
    Component(name="extractor", reads="", output=(48, 8, 8), parameters=20304, detail="receptive field 15 px"),
    Component(name="mask generator", reads="extractor", output=(32, 48, 8, 8), parameters=1234567),
    Component(name="binary classifiers", reads="mask generator", output=(32,), parameters=80, detail="shared by all"),
    Component(name="reconstructor", reads="extractor", output=(3, 64, 64), parameters=5000),
)


def test_each_part_hangs_under_the_one_it_reads():
    text = describe_architecture(
        Budget(components=COMPONENTS, flops_per_image=1.5e8, architecture=("Readout: shared.",))
    )
    assert text.splitlines() == [
        "part                         gives            parameters",
        "image",
        "`- extractor                 48 x 8 x 8           20,304",
        "   |  receptive field 15 px",
        "   |- mask generator         32 x 48 x 8 x 8   1,234,567",
        "   |  `- binary classifiers  32                       80",
        "   |        shared by all",
        "   `- reconstructor          3 x 64 x 64           5,000",
        "Readout: shared.",
        "1,259,951 parameters in all, 0.15 GFLOP an image",
    ]


def test_text_is_ascii_and_fits_80_columns():
    text = describe_architecture(Budget(components=COMPONENTS))
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80


def test_without_components_parameter_counts_are_listed():
    text = describe_architecture(Budget(parameters={"extractor": 1000, "masks": 20}, architecture=("conv 3x3",)))
    assert text.splitlines() == [
        "extractor         1,000 parameters",
        "masks                20 parameters",
        "conv 3x3",
        "1,020 parameters in all",
    ]


def test_part_that_reads_an_unknown_one_is_refused():
    lost = Component(name="head", reads="trunk", output=(1,), parameters=0)
    with pytest.raises(ConfigError, match="'head' reads 'trunk', expected one of extractor, head"):
        describe_architecture(Budget(components=(COMPONENTS[0], lost)))


def test_budget_says_what_is_needed_and_leaves_out_what_is_not_known():
    assert describe_budget(Budget(ram_bytes=1.21e9, disk_bytes=3e7)) == "memory 1.21 GB, disk 30 MB\n"
    assert describe_budget(Budget()) == "not predicted\n"
    timed = Budget(disk_bytes=3e7, time=WorkTime(seconds=1020, images_per_second=125.4))
    assert describe_budget(timed) == "disk 30 MB, time 17 min (125 images/s)\n"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (119, "119 s"), (120, "2.0 min"), (9000, "2.5 h"), (1.2e6, "14 days")]
)
def test_a_time_is_told_in_the_unit_that_reads_best(seconds: float, words: str):
    assert describe_seconds(seconds) == words


@pytest.mark.parametrize(("size", "words"), [(999, "999 bytes"), (1000, "1 kB"), (2.5e6, "2.5 MB"), (8e11, "800 GB")])
def test_bytes_have_decimal_units(size: float, words: str):
    assert describe_bytes(size) == words
