"""Built-in faces: drawn from labels, with the region of every attribute known."""
