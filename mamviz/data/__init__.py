"""Images and labels: tables, folders, built-in faces, and the packed cache batches are cut from."""
