"""One thread for the whole session: the tests' networks are small, and threads that wait for each other are slower."""

from __future__ import annotations

import os

# Before anything imports torch or numpy; their pools are sized once. Processes that tests start inherit them.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
