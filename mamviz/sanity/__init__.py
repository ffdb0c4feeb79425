"""Checks that a trained network's masks mean something: randomise, exchange and delete, and see what is lost."""
