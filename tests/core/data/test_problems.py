import pytest

from mamviz.data.problems import is_web_page, settle_problems
from mamviz.errors import DataError


def test_no_problem_raises_nothing() -> None:
    assert settle_problems([], source="faces", skip_bad=False) == ()


def test_problems_to_skip_are_returned() -> None:
    assert settle_problems(["a", "b"], source="faces", skip_bad=True) == ("a", "b")


@pytest.mark.parametrize(
    ("count", "message"),
    [(1, "x: 1 problem: p0. Rep"), (3, "x: 3 problems: p0; p1; p2. Rep"), (1003, "p2; and 1,000 more. Rep")],
)
def test_the_first_are_shown_and_the_rest_counted(count: int, message: str) -> None:
    with pytest.raises(DataError) as caught:
        settle_problems([f"p{number}" for number in range(count)], source="x", skip_bad=False)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"<!DOCTYPE html>", True),
        (b"\xef\xbb\xbf\r\n <HTML lang=en>", True),
        (b"202599\n5_o_Clock_Shadow", False),
        (b"\xff\xd8\xff\xe0", False),
        (b"", False),
    ],
)
def test_web_pages_are_recognised(head: bytes, expected: bool) -> None:
    assert is_web_page(head) is expected
