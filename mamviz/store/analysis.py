"""analysis.h5: correlations with their choices and orders, one group for each set of choices."""

from __future__ import annotations

import shutil
from dataclasses import asdict, astuple
from pathlib import Path

import h5py
import numpy as np

from mamviz.errors import MaskFileError
from mamviz.run import written_whole
from mamviz.schema import Axis, Certainty, Choices, Clustering, Correlation, Provenance
from mamviz.store.hdf5 import STRING, opened, read_provenance, write_provenance

KIND = "analysis"
CERTAINTY = "certainty"


def write_analysis(file: Path, correlation: Correlation, clustering: Clustering, *, provenance: Provenance) -> None:
    """Add a correlation to the file, in place of the one with the same choices.

    A file of other masks (another model, split, or data by their fingerprint) is replaced: its numbers no longer hold.
    """
    keep = _is_of(file, provenance)
    name = group_name(correlation.axis, correlation.choices)
    with written_whole(file) as partial, h5py.File(partial, "x") as handle:
        if keep:
            with opened(file, kind=KIND) as old:
                _copy_others(old, handle, name)
        else:
            write_provenance(handle, provenance, kind=KIND)
        _write_group(handle.create_group(name), correlation, clustering)


def write_certainty(file: Path, certainty: Certainty, *, provenance: Provenance) -> None:
    """Add how sure a table is to the group of its correlation, which `write_analysis` made, in place of an older one.

    Raises MaskFileError where the file lacks that group, or holds numbers of other masks.
    """
    table = certainty.ranking.intervals.correlation
    name = group_name(table.axis, table.choices)
    if not _is_of(file, provenance):
        raise MaskFileError(f"{file}: expected an analysis of these masks, found none. Run `mamviz correlate`.")
    with written_whole(file) as partial:
        shutil.copyfile(file, partial)
        with h5py.File(partial, "a") as handle:
            if name not in handle:
                raise MaskFileError(f"{file} has no {name}; it has {', '.join(_groups(handle))}. Analyse it first.")
            if CERTAINTY in handle[name]:
                del handle[name][CERTAINTY]
            _write_certainty(handle[name].create_group(CERTAINTY), certainty)


def read_analysis(file: Path, *, axis: Axis, choices: Choices) -> tuple[Correlation, Clustering]:
    """Read one correlation and its order; raises MaskFileError where these choices were not computed."""
    with opened(file, kind=KIND) as handle:
        name = group_name(axis, choices)
        if name not in handle:
            raise MaskFileError(f"{file} has no {name}; it has {', '.join(_groups(handle))}. Run `mamviz correlate`.")
        return _read_group(handle[name], file, axis=axis, choices=choices)


def group_name(axis: Axis, choices: Choices) -> str:
    """Return the path of a correlation in the file: axis/map/sign/estimand/view/centring."""
    return "/".join([axis, *(str(value) for value in asdict(choices).values())])


def _write_group(group: h5py.Group, correlation: Correlation, clustering: Clustering) -> None:
    for name, value in asdict(correlation.choices).items():
        group.attrs[name] = value
    group.attrs["axis"] = correlation.axis
    group.attrs["n_images"] = correlation.n_images
    group.attrs["description"] = correlation.choices.describe(correlation.axis)
    group.create_dataset("names", data=np.array(correlation.names, dtype=object), dtype=STRING)
    group.create_dataset("undefined", data=np.array(correlation.undefined, dtype=object), dtype=STRING)
    group.create_dataset("values", data=correlation.values)
    group.create_dataset("linkage", data=clustering.linkage)
    group.create_dataset("order", data=clustering.order)


def _write_certainty(group: h5py.Group, certainty: Certainty) -> None:
    ranking, reliability, significance = certainty.ranking, certainty.reliability, certainty.significance
    intervals = ranking.intervals
    for name in ("method", "level", "n_replicates", "n_blocks"):
        group.attrs[name] = getattr(intervals, name)
    group.attrs["top"], group.attrs["ranked_by"] = ranking.top, ranking.by
    group.attrs["reliability"] = astuple(reliability.spearman)
    for name in ("low", "high", "standard_error", "jackknife_error", "bias"):
        group.create_dataset(name, data=getattr(intervals, name))
    group.create_dataset("inclusion", data=ranking.inclusion)
    group.create_dataset("row_reliability", data=np.array([astuple(row) for row in reliability.rows], dtype=np.float64))
    if significance is not None:
        group.attrs["null"], group.attrs["null_level"] = significance.null, significance.level
        for name in ("p", "p_max", "q", "null_mean", "null_low", "null_high"):
            group.create_dataset(name, data=getattr(significance, name))


def _read_group(group: h5py.Group, file: Path, *, axis: Axis, choices: Choices) -> tuple[Correlation, Clustering]:
    """Read a group; compare its shapes before its values are read."""
    try:
        names, undefined = tuple(group["names"].asstr()[:]), tuple(group["undefined"].asstr()[:])
        n_names, n_merges = len(names), max(len(names) - len(undefined) - 1, 0)
        expected = {"values": (n_names, n_names), "order": (n_names,), "linkage": (n_merges, 4)}
        for name, shape in expected.items():
            if group[name].shape != shape:
                raise MaskFileError(
                    f"{file}: expected {group.name}/{name} of shape {shape}, got {group[name].shape}. "
                    "Delete it and run `mamviz correlate`."
                )
        correlation = Correlation(
            axis=axis,
            names=names,
            values=group["values"][:],
            choices=choices,
            n_images=int(group.attrs["n_images"]),
            undefined=undefined,
        )
        return correlation, Clustering(linkage=group["linkage"][:], order=group["order"][:])
    except KeyError as error:
        raise MaskFileError(
            f"{file}: a part is missing ({error.args[0]}). Delete it and run `mamviz correlate`."
        ) from error


def _copy_others(old: h5py.File, handle: h5py.File, replaced: str) -> None:
    """Copy all but one group: HDF5 keeps the room of what is deleted, 0.1 GB each time for 1,000 names."""
    for key, value in old.attrs.items():
        handle.attrs[key] = value
    for name in _groups(old):
        if name != replaced:
            parent, own = name.rsplit("/", 1)
            old.copy(old[name], handle.require_group(parent), name=own)


def _is_of(file: Path, provenance: Provenance) -> bool:
    try:
        with opened(file, kind=KIND) as handle:
            return read_provenance(handle).same_numbers(provenance)
    except MaskFileError:
        return False


def _groups(handle: h5py.File) -> list[str]:
    names: list[str] = []
    handle.visititems(lambda name, item: names.append(name) if "estimand" in item.attrs else None)
    return names
