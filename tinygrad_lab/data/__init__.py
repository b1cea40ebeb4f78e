"""Batches for training, of arrays or of anything that is indexed; and small data sets to try things on."""

from __future__ import annotations

from tinygrad_lab.data.loader import DataLoader, Dataset
from tinygrad_lab.data.toys import circles, digits, sine, spirals, two_moons

__all__ = ["DataLoader", "Dataset", "circles", "digits", "sine", "spirals", "two_moons"]
