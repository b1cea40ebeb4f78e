"""Wrong gradients as people write them: `everything()` lists them, `tests.testing.adversary` counts those found."""

from __future__ import annotations

import importlib
import importlib.util

from tests.testing.planted.planting import PLANTED, Planted

LISTS = (
    "formulas",
    "formulas_of_arrays",
    "shapes",
    "indexing",
    "thresholds",
    "memory",
    "cotangents",
    "ties",
    "habits",
    "complexes",
    "primitives",
)
OTHERS = {"of_torch": "torch", "of_torch_ways": "torch", "of_torch_graphs": "torch", "of_jax": "jax"}


def everything() -> list[Planted]:
    """Return all that is planted in functions of the systems that are installed."""
    found = [name for name, needed in OTHERS.items() if importlib.util.find_spec(needed)]
    for name in (*LISTS, *found):
        importlib.import_module(f"tests.testing.planted.{name}")
    return PLANTED
