"""Training, its checkpoints, and the scores of the trained network."""
