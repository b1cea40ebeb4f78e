"""What the checks need to know of a function: its values, and its gradients as some system computes them.

A plain function is taken for one of this package. `pair`, `torch`, `jax` and `cupy` wrap functions of other making;
each gives an `Adapter`, which `check_gradients` and its kin take in a function's place.
"""

from tinygrad_lab.testing.adapters.base import Adapter
from tinygrad_lab.testing.adapters.of_cupy import cupy
from tinygrad_lab.testing.adapters.of_jax import jax
from tinygrad_lab.testing.adapters.of_torch import torch
from tinygrad_lab.testing.adapters.pairs import pair

__all__ = ["Adapter", "cupy", "jax", "pair", "torch"]
