"""The folder of a run: where its files are, and how they are written whole."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mamviz.config import RunConfig, from_dict
from mamviz.errors import RunError
from mamviz.schema import SCHEMA_VERSION


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to, and rename it to `path` if nothing went wrong.

    A reader sees the old file or the new one, never a half. The partial file is removed on an error.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}-{secrets.token_hex(4)}{path.suffix}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all."""
    with written_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write `values` to `path` as JSON, whole or not at all."""
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def file_sha256(file: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True)
class Run:
    """A run folder with a readable run.json.

    folder        runs/<name>
    config        its settings
    attributes    names, in the order of every attribute axis
    record        all of run.json: versions, seed, data fingerprint, command line, state
    """

    folder: Path
    config: RunConfig
    attributes: tuple[str, ...]
    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return the folder's name."""
        return self.folder.name

    @property
    def model_file(self) -> Path:
        """Weights, safetensors; there once training has finished."""
        return self.folder / "model.safetensors"

    @property
    def start_file(self) -> Path:
        """Weights that training starts from instead of random ones; there while a pruned run is being fine-tuned."""
        return self.folder / "start.safetensors"

    @property
    def resume_file(self) -> Path:
        """Optimiser state and step; there while training is unfinished."""
        return self.folder / "resume.pt"

    @property
    def metrics_file(self) -> Path:
        """One row an epoch."""
        return self.folder / "metrics.csv"

    @property
    def memory_file(self) -> Path:
        """Where memory ran out, and how many images were taken at once from there on."""
        return self.folder / "memory.csv"

    @property
    def masks_file(self) -> Path:
        """Block statistics, and raw masks on request."""
        return self.folder / "masks.h5"

    @property
    def analysis_file(self) -> Path:
        """Correlations, rankings and orders."""
        return self.folder / "analysis.h5"

    @property
    def report_file(self) -> Path:
        """All that is known of the run, on one page."""
        return self.folder / "report.html"

    @property
    def tables(self) -> Path:
        """Folder of CSV, Markdown and LaTeX tables."""
        return self.folder / "tables"

    @property
    def figures(self) -> Path:
        """Folder of PNG and SVG figures."""
        return self.folder / "figures"

    @property
    def trained(self) -> bool:
        """Whether training has finished."""
        return self.model_file.is_file()


def open_run(folder: Path) -> Run:
    """Open the run in `folder`.

    Raises RunError where there is no run.json, or one that can't be read or has another schema version.
    """
    file = folder / "run.json"
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(
            f"{folder}: expected a run folder with run.json, found none. List the runs with `ls runs`."
        ) from None
    except (OSError, ValueError) as error:
        raise RunError(f"{file}: can't be read as JSON ({error}). Restore it, or train again.") from error
    version = record.get("schema_version") if isinstance(record, dict) else None
    if version != SCHEMA_VERSION:
        raise RunError(
            f"{file} has schema version {version}; this mamviz reads {SCHEMA_VERSION}. Upgrade mamviz or train again."
        )
    missing = [name for name in ("config", "attributes") if name not in record]
    if missing:
        raise RunError(f"{file}: expected the part {missing[0]!r}, found none. Restore the file, or train again.")
    return Run(folder, from_dict(RunConfig, record["config"]), tuple(record["attributes"]), record)


def newest_run(root: Path) -> Run | None:
    """Return the run under `root` that was written to last, or None where there is none."""
    files = sorted(root.glob("*/run.json"), key=lambda file: (file.stat().st_mtime_ns, file.parent.name))
    return open_run(files[-1].parent) if files else None


def next_name(root: Path, stem: str) -> str:
    """Return the first unused name "stem-1", "stem-2", ... under `root`."""
    pattern = re.compile(re.escape(stem) + r"-(\d+)$")
    entries = root.iterdir() if root.is_dir() else ()
    taken = [int(match.group(1)) for entry in entries if (match := pattern.match(entry.name))]
    return f"{stem}-{max(taken, default=0) + 1}"
