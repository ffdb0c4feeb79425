"""Rendering: tables, figures and pages from results; sees no models and no files."""
