"""Proofs on data with a known answer."""
