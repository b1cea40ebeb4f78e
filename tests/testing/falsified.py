"""Finished gradients made wrong: what the sweep over a registry's rules cannot show, because it repairs it."""

from __future__ import annotations

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.testing import adapters


def forward(call):
    return lambda *arrays: tree_plain(call.function(*arrays, **call.kwargs))


def tree_plain(x):
    leaves, rebuild = tree.flatten(x)
    return rebuild([plain(leaf) for leaf in leaves])


def gradients(call, g, arrays):
    return [np.array(c) for c in tl.vjp(lambda *xs: call.function(*xs, **call.kwargs), *arrays)[1](g)]


def falsifying(change):
    """Return what turns a call into an adapter whose gradients went through `change(gradients, g, arrays)`."""

    def falsified(call):
        def vjp(g, *arrays):
            return tuple(change(gradients(call, g, arrays), g, arrays))

        return adapters.pair(forward(call), vjp, name="falsified")

    return falsified


def _wider(found, g, arrays):
    return [c.astype(np.clongdouble if np.iscomplexobj(c) else np.longdouble) for c in found]


def _aliased(found, g, arrays):
    return [x if isinstance(x, np.ndarray) else c for c, x in zip(found, arrays, strict=True)]


def _flat(found, g, arrays):
    return [c.reshape(1, *c.shape) for c in found]


_generator = np.random.default_rng(0)

falsehoods = {
    "wider dtype": falsifying(_wider),
    "an axis too many": falsifying(_flat),
    "None": falsifying(lambda found, g, arrays: [None] * len(found)),
    "noise": falsifying(lambda found, g, arrays: [c * (1 + 1e-6 * _generator.random(c.shape)) for c in found]),
}
