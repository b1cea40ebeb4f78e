"""Sweeps: one training for each combination of options, run in parallel and compared."""
