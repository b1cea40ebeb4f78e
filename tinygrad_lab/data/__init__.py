"""Batches for training, of arrays or of anything that is indexed; and small data sets to try things on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinygrad_lab import refusals
from tinygrad_lab.data.loader import DataLoader, Dataset
from tinygrad_lab.data.streaming import Chunks, Parquet, Partitions, StreamLoader, moments, total
from tinygrad_lab.data.toys import circles, digits, sine, spirals, two_moons

__all__ = [
    "Chunks",
    "DataLoader",
    "Dataset",
    "Parquet",
    "Partitions",
    "StreamLoader",
    "circles",
    "digits",
    "moments",
    "sine",
    "spirals",
    "total",
    "two_moons",
]

if not TYPE_CHECKING:
    __getattr__ = refusals.names.of_package(__name__, lambda: __all__)
