"""The errors a user can cause; each is one line that says what to do next."""

from __future__ import annotations


class MamvizError(Exception):
    """What was expected, what came and what to do next, in one line.

    The command line prints it without a traceback and ends with exit code 2.
    """


class ConfigError(MamvizError):
    """A setting has a value that mamviz can't work with."""


class DataError(MamvizError):
    """A table, a folder or an image can't be read as attribute data."""


class RunError(MamvizError):
    """A run folder is missing, incomplete, or written by another version."""


class MaskFileError(MamvizError):
    """A mask file has another schema version, a wrong shape, or is truncated."""


class StatisticsError(MamvizError):
    """A statistic is not defined for the choices or the images it was asked for."""


class TrainingError(MamvizError):
    """Training can't go on: a loss that is not finite, a worker that died."""
