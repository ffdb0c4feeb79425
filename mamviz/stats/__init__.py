"""What is measured from block statistics: pure functions on numpy arrays."""
