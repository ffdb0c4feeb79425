from __future__ import annotations

from mamviz.schema import Choices, Coverage, FalsePositives, Interval
from mamviz_reports.simulations import coverage_table, false_positives_table
from mamviz_reports.tables import NBSP

COVERAGE = Coverage(
    choices=Choices(),
    method="corrected",
    level=0.95,
    covered=0.9478,
    error=0.004,
    below=0.02,
    above=0.03,
    width=0.1234,
    defined=1.0,
    n_datasets=300,
    n_pairs=36,
    n_images=2000,
)
FALSE = FalsePositives(
    choices=Choices(sign="signed", view="full"),
    level=0.05,
    n_datasets=400,
    n_mixed=200,
    n_replicates=999,
    any_survivor=Interval(0.045, 0.03, 0.07),
    pairs=Interval(0.05, 0.045, 0.055),
    any_discovery=Interval(0.04, 0.03, 0.05),
    among_ignorant=Interval(0.01, 0.0, 0.02),
    with_ignorant=Interval(0.06, 0.05, 0.07),
    power=Interval(0.9, 0.88, 0.92),
    false_discoveries=Interval(0.02, 0.01, 0.03),
)


def test_coverage_has_its_error_and_says_what_was_drawn():
    table = coverage_table((COVERAGE,))
    assert [cell.text.replace(NBSP, " ") for cell in table.rows[0]] == [
        "absolute mask, adjusted, spatial",
        "corrected",
        "94.8 ± 0.4",
        "2.0",
        "3.0",
        "0.123",
        "100.0",
    ]
    record = dict(zip(table.fields, table.records()[0], strict=True))
    assert (record["covered"], record["error"], record["estimand"], record["n_images"]) == (
        0.9478,
        0.004,
        "adjusted",
        2000,
    )
    assert "300 made-up data sets of 2,000 images, 36 pairs each; 95 % intervals" in table.notes[0]


def test_false_positives_have_intervals_and_the_power_stands_last():
    table = false_positives_table((FALSE,))
    cells = [cell.text.replace(NBSP, " ") for cell in table.rows[0]]
    assert cells[0] == "signed mask, adjusted, full"
    assert cells[1] == "4.5 [3.0, 7.0]"
    assert cells[-1] == "90.0 [88.0, 92.0]"
    record = dict(zip(table.fields, table.records()[0], strict=True))
    assert (record["any_survivor_high"], record["false_discoveries"]) == (0.07, 0.02)
    assert "400 made-up data sets" in table.notes[0]
