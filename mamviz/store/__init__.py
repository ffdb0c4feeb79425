"""Files of arrays: masks.h5 and analysis.h5, each with a schema version and its provenance."""
