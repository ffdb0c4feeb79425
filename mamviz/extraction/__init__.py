"""Masks of a trained network: block statistics of a data set, and whole masks of chosen images."""

from mamviz.extraction.chosen import explain_images
from mamviz.extraction.sweep import extract_masks, plan_extraction
from mamviz.extraction.written import write_masks

__all__ = ["explain_images", "extract_masks", "plan_extraction", "write_masks"]
