"""Masks that say which features each attribute looks at."""

__version__ = "0.1.0"
