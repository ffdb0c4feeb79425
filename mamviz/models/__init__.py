"""The network: extractor, mask generator, readout, and what is trained beside them."""
