from pathlib import Path

import numpy as np
import pytest

from mamviz.config import DataConfig
from mamviz.data import slot
from mamviz.data.dataset import open_data
from mamviz.data.synthetic.files import split_of
from mamviz.data.synthetic.labels import ATTRIBUTES, draw_labels
from mamviz.data.synthetic.render import draw_faces

CONFIG = DataConfig(n_faces=20, size=32, faces_seed=4)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "CHUNK_BYTES", 8 * 32 * 32 * 3)


def test_built_in_faces_are_the_drawn_ones(tmp_path: Path) -> None:
    data = open_data(CONFIG, cache=tmp_path)
    labels = draw_labels(20, seed=4, label_correlation=1.0)
    np.testing.assert_array_equal(data.labels, labels)
    np.testing.assert_array_equal(data.images, draw_faces(labels, np.arange(20), size=32, seed=4).numpy())
    assert data.attributes == tuple(ATTRIBUTES)
    assert data.identity is None
    assert data.names[:2] == ("000001.jpg", "000002.jpg")
    assert data.description == "20 built-in faces, 32 px, label correlation 1"
    np.testing.assert_array_equal(data.split, split_of(20, 4))


def test_they_are_drawn_once_and_a_stopped_job_goes_on(tmp_path: Path) -> None:
    calls: list[int] = []

    def stop(done: int, total: int, note: str = "") -> None:
        calls.append(done)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_data(CONFIG, cache=tmp_path, progress=stop)
    journal = next(tmp_path.glob("*.journal")).read_text()
    first = open_data(CONFIG, cache=tmp_path, progress=stop)
    assert calls == [8, 16, 8, 16, 20]
    assert journal.count("[") == 4  # two chunks stood when it was stopped, each with an empty list
    again = open_data(CONFIG, cache=tmp_path, progress=stop)
    assert len(calls) == 5
    assert again.fingerprint == first.fingerprint
    np.testing.assert_array_equal(again.images, first.images)


@pytest.mark.parametrize("setting", [{"n_faces": 21}, {"size": 33}, {"faces_seed": 5}])
def test_other_settings_are_other_faces(tmp_path: Path, setting: dict[str, float]) -> None:
    data = open_data(CONFIG, cache=tmp_path)
    other = open_data(DataConfig(**{**CONFIG.__dict__, **setting}), cache=tmp_path)
    assert other.fingerprint != data.fingerprint
    assert len(list(tmp_path.glob("*.npy"))) == 2
