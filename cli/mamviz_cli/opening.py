"""Finding runs, and the data that a run or a command names."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from mamviz.config import BUILT_IN_FACES, DataConfig, RunConfig
from mamviz.errors import DataError, RunError
from mamviz_cli.console import Console
from mamviz_cli.machine import cache_folder
from mamviz_cli.options import Common

if TYPE_CHECKING:
    from mamviz.data.dataset import ImageData
    from mamviz.run import Run


def list_runs(root: Path) -> tuple[Path, ...]:
    """Return the run folders under `root`, the one that was started last first."""
    files = sorted(root.glob("*/run.json"), key=lambda file: (file.stat().st_mtime_ns, file.parent.name), reverse=True)
    return tuple(file.parent for file in files)


def find_run(name: str | None, root: Path) -> Run | None:
    """Return the run that is named, by folder or by name under `root`; the newest, or None, where no name is.

    Raises RunError where there is no such run.
    """
    from mamviz.run import newest_run, open_run

    if name is None:
        return newest_run(root)
    places = (Path(name), root / name)
    found = next((place for place in places if (place / "run.json").is_file()), None)
    if found is None:
        known = ", ".join(folder.name for folder in list_runs(root)[:5]) or "none"
        raise RunError(f"{name}: expected a run folder or the name of one under {root}/, found none. Runs: {known}.")
    return open_run(found)


def find_unfinished(name: str | None, root: Path) -> Run:
    """Return the run to go on with: the one named, or the newest unfinished one.

    Raises RunError where there is none.
    """
    from mamviz.run import open_run

    if name is not None:
        run = find_run(name, root)
        assert run is not None
        if run.trained:
            raise RunError(
                f"{run.folder}: expected an unfinished run, this one has finished. Start a new one with `mamviz train`."
            )
        return run
    for folder in list_runs(root):
        run = open_run(folder)
        if not run.trained:
            return run
    raise RunError(f"{root}/: expected an unfinished run, found none. Start one with `mamviz train`.")


def open_images(config: DataConfig, common: Common, console: Console, *, threads: int) -> ImageData:
    """Open a data set with progress, and say how many images were left out."""
    from mamviz.data.dataset import open_data

    with console.working("images") as progress:
        data = open_data(config, cache=cache_folder(common), progress=progress, threads=threads)
    if data.skipped:
        console.note(f"left out {len(data.skipped)} bad rows or files, the first: {data.skipped[0]}")
    return data


def open_images_of(run: Run, common: Common, console: Console, *, threads: int, source: str | None = None) -> ImageData:
    """Open the data of a run, or `source` read by the same columns and cut the same way.

    Raises DataError where other attributes come.
    """
    data = open_images(config_for(run, source).data, common, console, threads=threads)
    require_attributes(run, data.attributes, data.description)
    if source is None and data.fingerprint != run.record["data"]["fingerprint"]:
        console.note(f"note: {data.description} changed since {run.folder} was trained")
    return data


def require_attributes(run: Run, attributes: tuple[str, ...], data: str) -> None:
    """Raise DataError where data, named in words, have not the attributes of a run in its order."""
    if attributes != run.attributes:
        raise DataError(
            f"{data}: expected the {len(run.attributes)} attributes of {run.folder} in its order, got "
            f"{len(attributes)}, the first {attributes[0]!r}. Give data with the same attributes."
        )


def config_for(run: Run, source: str | None) -> RunConfig:
    """Return a run's settings, with the data `source` in place of its own where that is given."""
    if source is None:
        return run.config
    place = source if source == BUILT_IN_FACES else str(Path(source).expanduser().absolute())
    return dataclasses.replace(run.config, data=dataclasses.replace(run.config.data, source=place, images=None))
