from __future__ import annotations

import numpy as np
import pytest

from mamviz.store.pieces import PIECE, compute_pieces, keep_piece

N = 2 * PIECE + 5


def squares(rows: slice) -> np.ndarray:
    return np.arange(rows.start, rows.stop)[:, None] ** 2


def test_pieces_stand_under_each_other(tmp_path):
    told = []
    got = compute_pieces(
        squares, N, folder=tmp_path, name="squares", progress=lambda done, total, note="": told.append((done, total))
    )
    assert np.array_equal(got, squares(slice(0, N)))
    assert told == [(PIECE, N), (2 * PIECE, N), (N, N)]
    assert np.array_equal(compute_pieces(squares, N, name="squares"), got)


def test_a_stopped_job_goes_on_with_the_next_piece(tmp_path):
    made = []

    def stop_at_the_third(rows: slice) -> np.ndarray:
        if rows.start == 2 * PIECE and len(made) < 3:
            made.append(rows.start)
            raise KeyboardInterrupt
        made.append(rows.start)
        return squares(rows)

    with pytest.raises(KeyboardInterrupt):
        compute_pieces(stop_at_the_third, N, folder=tmp_path, name="squares")
    got = compute_pieces(stop_at_the_third, N, folder=tmp_path, name="squares")
    assert made == [0, PIECE, 2 * PIECE, 2 * PIECE]
    assert np.array_equal(got, squares(slice(0, N)))


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_a_piece_that_can_not_be_read_is_made_anew(tmp_path, content):
    compute_pieces(squares, N, folder=tmp_path, name="squares")
    (tmp_path / "squares-00064.npy").write_bytes(content)
    assert np.array_equal(compute_pieces(squares, N, folder=tmp_path, name="squares"), squares(slice(0, N)))


def test_a_piece_of_another_length_is_made_anew(tmp_path):
    compute_pieces(squares, PIECE + 3, folder=tmp_path, name="squares")
    assert np.array_equal(compute_pieces(squares, N, folder=tmp_path, name="squares"), squares(slice(0, N)))


def test_a_kept_array_is_not_made_again_but_another_name_is(tmp_path):
    made = []

    def make() -> np.ndarray:
        made.append(1)
        return np.full((3, 2), len(made))

    first = keep_piece(make, folder=tmp_path / "new", name="one", n_rows=3)
    again = keep_piece(make, folder=tmp_path / "new", name="one", n_rows=3)
    other = keep_piece(make, folder=tmp_path / "new", name="two", n_rows=3)
    assert (first[0, 0], again[0, 0], other[0, 0]) == (1, 1, 2)
    assert keep_piece(make, folder=None, name="one", n_rows=3)[0, 0] == 3
    assert sorted(file.name for file in (tmp_path / "new").iterdir()) == ["one.npy", "two.npy"]


@pytest.mark.parametrize("kept", [np.zeros((4, 2)), np.float64(3.0)])
def test_a_kept_array_of_other_rows_is_made_anew(tmp_path, kept):
    np.save(tmp_path / "one.npy", kept)
    assert np.array_equal(keep_piece(lambda: np.ones((3, 2)), folder=tmp_path, name="one", n_rows=3), np.ones((3, 2)))
    assert np.load(tmp_path / "one.npy").shape == (3, 2)


def test_an_array_that_was_stopped_leaves_no_file(tmp_path):
    def stop() -> np.ndarray:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep_piece(stop, folder=tmp_path, name="one", n_rows=3)
    assert list(tmp_path.iterdir()) == []
