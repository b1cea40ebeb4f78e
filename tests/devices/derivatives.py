"""Values, gradients and second derivatives of one call, wherever its arrays are."""

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain


def derivatives(function, args, kwargs, put=np.asarray, order=2):
    """Return what a call gives, the gradients of a random sum of it, and those of a random sum of these.

    `put`: makes a device's arrays of NumPy's.
    """
    rng = np.random.default_rng(0)
    leaves = [tl.Value(put(x)) for x in args]
    values = tree.flatten(function(*leaves, **kwargs))[0]
    found = [plain(value) for value in values]
    for left in reversed(range(order)):
        total = _weighted(values, rng, put)
        if total is None:
            break
        for leaf in leaves:
            leaf.grad = None
        total.backward(create_graph=left > 0)
        values = [leaf.grad for leaf in leaves if leaf.grad is not None]
        found += map(plain, values)
    return [x for x in found if hasattr(x, "dtype")]


def _weighted(values, rng, put):
    total = None
    for value in values:
        if type(value) is tl.Value and value.requires_grad:
            weights = rng.uniform(-1, 1, value.shape)
            part = np.real(np.sum(value * put(np.asarray(weights, value.dtype.type(0).real.dtype))))
            total = part if total is None else total + part
    return total


def narrow(arrays):
    """Whether a GPU knows the dtypes."""
    return all(x.dtype.kind in "biufc" and x.dtype.itemsize <= 8 * (1 + (x.dtype.kind == "c")) for x in arrays)


def assert_alike(found, expected, of=lambda x: x):
    """Compare what a device has found with what NumPy has; `of` takes it off the device."""
    assert len(found) == len(expected)
    for mine, theirs in zip(found, expected, strict=True):
        theirs = np.asarray(theirs)
        mine = of(mine)
        assert mine.shape == theirs.shape
        wide = complex if theirs.dtype.kind == "c" else float
        rounding = min(1e4 * float(np.finfo(theirs.dtype).eps), 0.05) if theirs.dtype.kind in "fc" else 0
        mine, theirs = np.asarray(mine).astype(wide), theirs.astype(wide)
        scale = float(np.max(np.abs(theirs[np.isfinite(theirs)]), initial=1))
        np.testing.assert_allclose(mine, theirs, rtol=rounding, atol=rounding * scale)
