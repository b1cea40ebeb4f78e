"""Sweeps: one training for every combination of options, beside each other, and what the comparison says."""
