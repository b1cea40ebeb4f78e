"""PyTorch's samples of arguments for its operations, given to the functions here that compute the same.

Each sample is compared first on plain arrays: where NumPy takes it and gives PyTorch's values, the call is made again
with Values, and so are gradients and second derivatives along a direction. `python -m tests.outside torch`.
"""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np

import tinygrad_lab as tl
from tests.outside.comparing import Difference, _flat
from tests.outside.numpy_suite import row
from tests.outside.torch_twins import twin
from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain

MOST = 60  # samples of one operation and dtype


def run(names=()):
    """Compare the operations of these names, or all that have a twin; return the counts, and what differs."""
    import torch
    from torch.testing._internal.common_methods_invocations import op_db

    counts, rows = Counter(), []
    operations = [op for op in op_db if (not names or op.name in names) and twin(op) is not None]
    counts["operations with a twin"] = len({op.name for op in operations})
    for op in operations:
        for dtype in (torch.float64, torch.complex128):
            if dtype not in op.supported_backward_dtypes("cpu"):
                continue
            for sample in list(op.sample_inputs("cpu", dtype, requires_grad=True))[:MOST]:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    call = Call(op, [sample.input, *sample.args], sample.kwargs)
                    difference = call.differs(counts)
                if difference is not None:
                    rows.append(row(op.name, call.args, call.kwargs, difference, str(dtype)))
    return counts, rows


class Call:
    """One sample: PyTorch's operation and its twin, and their arguments."""

    def __init__(self, op, args, kwargs):
        import torch

        self.torch, self.op = torch, op
        leaves, self.rebuild = tree.flatten(_plain_tuples([list(args), dict(kwargs)]))
        fresh = [x.detach().clone().requires_grad_(x.requires_grad) if _is(torch, x) else x for x in leaves]
        self.places = [i for i, x in enumerate(fresh) if _is(torch, x) and x.requires_grad]
        self.tensors = fresh
        self.arrays = [_array(torch, x) for x in fresh]
        self.args, self.kwargs = self.rebuild(self.arrays)
        self.function = twin(op)

    def mine(self, leaves):
        args, kwargs = self.rebuild(leaves)
        return _flat(self.function(*args, **kwargs))

    def differs(self, counts):
        if not self.places:
            return None
        counts["samples"] += 1
        try:
            args, kwargs = self.rebuild(self.tensors)
            theirs = [x for x in _flat(self.op(*args, **kwargs)) if _is(self.torch, x)]
        except Exception:
            counts["refused by PyTorch"] += 1
            return None
        expected = [_array(self.torch, x) for x in theirs]
        try:
            plain_results = self.mine([x.copy() if isinstance(x, np.ndarray) else x for x in self.arrays])
        except Exception:
            counts["not taken by NumPy in this form"] += 1
            return None
        if len(plain_results) != len(expected) or not all(map(_same, plain_results, expected)):
            counts["of other values in NumPy"] += 1
            return None
        counts["compared"] += 1
        try:
            return self._derivatives(theirs, plain_results, counts)
        except Exception as error:
            return Difference("refused", expected, error)

    def _derivatives(self, theirs, plain_results, counts):
        values = {i: tl.Value(self.arrays[i]) for i in self.places}
        got = self.mine([values.get(i, x) for i, x in enumerate(self.arrays)])
        for a, b in zip(plain_results, got, strict=True):
            if np.shape(a) != np.shape(plain(b)) or np.asarray(a).dtype != plain(b).dtype or not _same(a, plain(b)):
                return Difference("value", a, b)
        used = [x.requires_grad and isinstance(y, tl.Value) for x, y in zip(theirs, got, strict=True)]
        counts["plain result here, a constant"] += not any(used) and any(x.requires_grad for x in theirs)
        if not any(used):
            return None
        weights = [np.random.default_rng(0).uniform(0.5, 1.5, (2, *np.shape(x))) for x in got]

        def total(*inputs):
            by_place = dict(zip(self.places, inputs, strict=True))
            results = self.mine([by_place.get(i, x) for i, x in enumerate(self.arrays)])
            return _weighted(np, results, weights, used)

        everything = tuple(range(len(self.places)))
        points, leaves = [self.arrays[i] for i in self.places], [self.tensors[i] for i in self.places]
        try:
            loss = _weighted(self.torch, theirs, weights, used)
            slopes = self.torch.autograd.grad(loss, leaves, create_graph=True, allow_unused=True)
        except RuntimeError:
            counts["without a gradient in PyTorch"] += 1
            return None
        mine = tl.grad(total, everything)(*points)
        counts["gradients"] += 1
        if (wrong := self._apart("gradient", mine, slopes, 1e-6)) is not None:
            return wrong
        ways = [np.random.default_rng(1).uniform(0.5, 1.5, x.shape) for x in points]
        try:
            pushed = sum(
                (s.real * self.torch.tensor(w)).sum() for s, w in zip(slopes, ways, strict=True) if s is not None
            )
            if not (_is(self.torch, pushed) and pushed.requires_grad):
                return None
            bends = self.torch.autograd.grad(pushed, leaves, allow_unused=True)
        except RuntimeError:
            counts["without a second derivative in PyTorch"] += 1
            return None
        counts["second derivatives"] += 1

        def along(*inputs):
            found = tl.grad(total, everything)(*inputs)
            return sum(np.sum(np.real(g) * w) for g, w in zip(found, ways, strict=True))

        return self._apart("second derivative", tl.grad(along, everything)(*points), bends, 1e-5)

    def _apart(self, kind, mine, theirs, near):
        """PyTorch's gradient of a complex number is the conjugate of ours."""
        for place, a, b in zip(self.places, mine, theirs, strict=True):
            b = np.zeros_like(self.arrays[place]) if b is None else np.conj(_array(self.torch, b))
            size = np.max(np.abs(b[np.isfinite(b)]), initial=0)
            if np.shape(a) != np.shape(b) or not np.allclose(a, b, near, 1e-8 + near * size / 100, equal_nan=True):
                return Difference(kind, b, a)
        return None


def _plain_tuples(x):
    """Return containers with a tuple in the place of each torch.Size and each named tuple."""
    if isinstance(x, dict):
        return {name: _plain_tuples(part) for name, part in x.items()}
    if isinstance(x, list | tuple):
        return (list if type(x) is list else tuple)(map(_plain_tuples, x))
    return x


def _is(torch, x):
    return isinstance(x, torch.Tensor)


def _array(torch, x):
    """Return a tensor as an array, a dtype as NumPy's, and anything else as it is."""
    if isinstance(x, torch.dtype):
        return np.dtype(str(x).removeprefix("torch."))
    if not _is(torch, x):
        return x
    return np.array(x.detach().resolve_conj().resolve_neg().numpy(force=True))


def _same(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and np.allclose(a, b, 1e-6, 1e-8, equal_nan=True)


def _weighted(library, results, weights, used):
    """Return a weighted sum of real and imaginary parts, in either library."""
    total = 0.0
    for x, (first, second), wanted in zip(results, weights, used, strict=True):
        if wanted:
            first, second = (first, second) if library is np else map(library.tensor, (first, second))
            part = (library.real(x) * first).sum()
            is_complex = plain(x).dtype.kind == "c" if library is np else x.is_complex()
            total = total + part + ((library.imag(x) * second).sum() if is_complex else 0)
    return total
