"""The report of a run: one HTML file that needs nothing but a browser."""

from mamviz_reports.page.page import render_page

__all__ = ["render_page"]
