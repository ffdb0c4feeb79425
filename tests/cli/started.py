"""The command in a Python of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

# As `mamviz`, and at the end which modules were loaded.
SCRIPT = """
import json, sys
from mamviz_cli.app import main
sys.argv = ["mamviz", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    print(json.dumps({"code": end.code, "modules": sorted(sys.modules)}))
"""


@dataclass(frozen=True)
class Loaded:
    """How a command ended, and the modules that it loaded."""

    code: int
    modules: tuple[str, ...]
    out: str
    err: str


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def load_modules(*arguments: str) -> Loaded:
    """Run a command and ask which modules it loaded."""
    ended = run_python("-c", SCRIPT, *arguments)
    last = json.loads(ended.stdout.splitlines()[-1])
    return Loaded(last["code"], tuple(last["modules"]), ended.stdout, ended.stderr)
