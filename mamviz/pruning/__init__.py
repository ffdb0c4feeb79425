"""Which channels matter, which repeat each other, and which could go."""
