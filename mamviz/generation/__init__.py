"""Images from features: what an attribute sees, and what changes it."""
