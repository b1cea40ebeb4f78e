"""Eighteen programs written with tinygrad_lab; each runs alone, and `python -m examples` runs and checks them all."""
