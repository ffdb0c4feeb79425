"""What noise and attacks do to a network, and whether transformed masks help."""
