from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from mamviz.schema import Choices, Correlation, Neighbour, Ranking


def test_a_ranking_gives_the_rows_of_one_target_in_order() -> None:
    names = ("Bald", "Male", "Young")
    correlation = Correlation(axis="attribute", names=names, values=np.eye(3), choices=Choices(), n_images=1)
    rows = (Neighbour("Bald", 1, "Male", 0.5), Neighbour("Male", 1, "Bald", 0.5), Neighbour("Bald", 2, "Young", 0.1))
    ranking = Ranking(rows=rows, top=2, by="r", correlation=correlation)
    assert ranking.of("Bald") == (rows[0], rows[2])
    assert ranking.of("Young") == ()


def test_the_schema_needs_numpy_alone() -> None:
    root = Path(__file__).parents[3]
    code = (
        f"import sys; sys.path.insert(0, {str(root)!r}); import mamviz.schema; "
        "print([m for m in ('numpy', 'scipy', 'torch', 'h5py', 'pandas', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['numpy']"
