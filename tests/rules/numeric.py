"""A small independent reference: derivatives by central differences in extended precision.

The gradient of a complex argument z = a + bi is df/da - i df/db; along d the slope is Re(sum(gradient * d)).
"""

from __future__ import annotations

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain

STEP = np.longdouble(1e-5)


def noise(rng, like):
    """Random numbers of the shape of `like`, complex if it is."""
    shape = np.shape(like)
    direction = rng.uniform(-1, 1, shape)
    return direction + 1j * rng.uniform(-1, 1, shape) if np.iscomplexobj(plain(like)) else direction


def weighted(function, rng, arrays):
    """Turn a function into one with a real result: a randomly weighted sum of the elements of all it returns."""
    weights = [noise(rng, leaf) for leaf in tree.flatten(function(*arrays))[0]]

    def total(*arrays):
        leaves = tree.flatten(function(*arrays))[0]
        return sum(np.real(np.sum(leaf * weight)) for leaf, weight in zip(leaves, weights, strict=True))

    return total


def extended(array):
    return np.asarray(array, dtype=np.clongdouble if np.iscomplexobj(array) else np.longdouble)


def slope(function, arrays, directions):
    """The derivative of a real function along `directions`, to about ten digits."""
    arrays = [extended(array) for array in arrays]
    ends = [[x + sign * STEP * d for x, d in zip(arrays, directions, strict=True)] for sign in (1, -1)]
    return (plain(function(*ends[0])) - plain(function(*ends[1]))) / (2 * STEP)


def check_gradients(function, *arrays, order=2, seed=0, rtol=1e-6):
    """Compare the gradients of `function`, and theirs, with differences of the function one order below."""
    rng = np.random.default_rng(seed)
    argnums = tuple(range(len(arrays)))
    function = weighted(function, rng, arrays)
    for _ in range(order):
        gradient = tl.grad(function, argnums)
        directions = [noise(rng, array) for array in arrays]
        terms = [np.real(g * d) for g, d in zip(map(plain, gradient(*arrays)), directions, strict=True)]
        expected = slope(function, arrays, directions)
        scale = 1 + sum(np.sum(np.abs(term)) for term in terms)
        assert abs(sum(np.sum(term) for term in terms) - expected) <= rtol * scale
        function = weighted(gradient, rng, arrays)
