from __future__ import annotations

import numpy as np
import pytest

from mamviz.sanity.areas import draw_curves, judge_curves
from mamviz.sanity.deletion import Traces
from mamviz.schema import ORDERS
from tests.core.sanity.sampled import make_sample

N_PAIRS, N_STEPS = 30, 4


def traces(lead: float, *, noise: float = 0.1) -> Traces:
    """Evidence is better than the others by `lead` at every share but the ends."""
    rng = np.random.default_rng(0)
    logits = 1 + noise * rng.normal(size=(2, len(ORDERS), N_PAIRS, N_STEPS + 1))
    logits[0, 0, :, 1:-1] -= lead
    logits[1, 0, :, 1:-1] += lead
    sign = np.where(rng.random(N_PAIRS) < 0.5, 1.0, -1.0)
    return Traces(
        kept=logits,
        recomputed=logits[:, ::-1] * 0.5,
        sign=sign,
        rows=np.arange(N_PAIRS),
        attributes=np.arange(N_PAIRS) % 6,
    )


def curves(found: Traces):
    drawn = draw_curves(found, make_sample(N_PAIRS), generator=np.random.default_rng(0), n_replicates=200)
    return {(curve.direction, curve.masks, curve.order): curve for curve in drawn}


def test_leads_are_differences_of_areas() -> None:
    found = traces(0.5)
    drawn = curves(found)
    assert len(drawn) == 16
    for o, order in enumerate(ORDERS):
        for d, direction in enumerate(("deletion", "insertion")):
            area = np.trapezoid(found.kept[d], dx=1 / N_STEPS, axis=-1)
            better = (area[0] - area[o]) * (1 if direction == "insertion" else -1)
            curve = drawn[direction, "kept", order]
            assert curve.lead.value == pytest.approx(better.mean())
            assert curve.logit == pytest.approx(found.kept[d, o].mean(axis=0).tolist())
            assert curve.shares == (0, 0.25, 0.5, 0.75, 1)
            if order != "evidence":
                assert curve.lead.low < curve.lead.value < curve.lead.high


def test_accuracy_counts_answers_that_are_the_label() -> None:
    found, sample = traces(0.0), make_sample(N_PAIRS)
    labels = sample.labels[found.rows, found.attributes]
    yes = found.sign[:, None] * found.kept[0, 2] > 0
    expected = (yes == labels[:, None]).mean(axis=0)
    assert curves(found)["deletion", "kept", ORDERS[2]].accuracy == pytest.approx(expected.tolist())


@pytest.mark.parametrize(("lead", "verdict"), [(0.5, "pass"), (-0.5, "fail"), (0.0, "unclear")])
def test_verdicts_follow_the_lead(lead: float, verdict: str) -> None:
    checks = judge_curves(tuple(curves(traces(lead)).values()), fill="mean")
    kept = [check for check in checks if check.name.endswith("masks kept")]
    assert [check.verdict for check in kept] == [verdict, verdict]
    assert len(checks) == 4


def test_the_smaller_lead_decides() -> None:
    found = traces(0.5)
    found.kept[0, ORDERS.index("magnitude")] = found.kept[0, 0] - 0.3  # better than evidence
    (check, *_) = judge_curves(tuple(curves(found).values()), fill="zero")
    assert check.verdict == "fail"
    assert check.figure.value == pytest.approx(-0.3)
    assert "arithmetic, not proof" in check.meaning
