"""Everything known of one run, gathered for one page."""
