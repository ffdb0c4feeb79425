"""The `mamviz` command: parse, call core, call reports."""
