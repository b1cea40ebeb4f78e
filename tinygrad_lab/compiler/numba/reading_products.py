"""Reading products of matrices and tensors, all as sums over labelled axes."""

from __future__ import annotations

import string
from typing import Any

import numpy as np

from tinygrad_lab.compiler.numba.access import Access, whole
from tinygrad_lab.compiler.numba.operation import Operation
from tinygrad_lab.compiler.numba.reading import Reader, handles
from tinygrad_lab.compiler.program import Call, Variable


def product(reader: Reader, call: Call, operands: list[Access], labels: list[str], result: str) -> bool:
    """Add `result = Σ operands[0] · operands[1]`, in the notation of einsum; a single operand is summed."""
    out = call.output
    if any(x.base.dtype != out.dtype for x in operands) or out.dtype.kind != "f":
        return False
    sizes: dict[str, int] = {}
    for x, names in zip(operands, labels, strict=True):
        for label, n in zip(names, x.shape, strict=True):
            sizes[label] = max(n, sizes.get(label, 1))
    summed = [label for label in sizes if label not in result]
    order = [*result, *summed]
    shape = tuple(sizes[label] for label in order)

    def along(x: Access, names: str) -> Access:
        strides = dict.fromkeys(order, 0)
        for label, n, s in zip(names, x.shape, x.strides, strict=True):
            strides[label] += s if n > 1 or sizes[label] == 1 else 0
        return Access(x.base, x.offset, tuple(strides[label] for label in order), shape)

    target = Access(out, 0, (*whole(out).strides, *(0 for _ in summed)), shape)
    pair = len(operands) == 2
    reader.items.append(
        Operation(
            target,
            "{0} * {1}" if pair else "{0}",
            tuple(along(x, names) for x, names in zip(operands, labels, strict=True)),
            (out.dtype,) * len(operands),
            out.dtype,
            shape,
            "sum" if summed else "",
            tuple(range(len(result), len(order))),
            product=pair and bool(summed),
        )
    )
    return True


def _pair(reader: Reader, call: Call) -> list[Access] | None:
    if call.kwargs or len(call.args) != 2 or not all(isinstance(x, Variable) for x in call.args):
        return None
    return [reader.look(x) for x in call.args]


def _matmul_labels(a: int, b: int, left: str, right: str) -> tuple[str, str, str]:
    """Return the labels of a product whose operands have so many axes, of which `left` and `right` are the last."""
    batch = string.ascii_uppercase
    before_a, before_b = a - len(left), b - len(right)
    most = max(before_a, before_b)
    kept = [label for label in left + right if (left + right).count(label) == 1]
    return batch[most - before_a : most] + left, batch[most - before_b : most] + right, batch[:most] + "".join(kept)


def _matrices(left: str, right: str) -> Any:
    def handle(reader: Reader, call: Call) -> bool:
        operands = _pair(reader, call)
        if operands is None or any(not x.shape for x in operands):
            return False
        a, b = (len(x.shape) for x in operands)
        l1, l2, result = _matmul_labels(a, b, left[-1:] if a == 1 else left, right[:1] if b == 1 else right)
        return product(reader, call, operands, [l1, l2], result)

    return handle


handles(np.matmul, np.linalg.matmul)(_matrices("ik", "kj"))
for _name, _left, _right in (("matvec", "ik", "k"), ("vecmat", "k", "kj"), ("vecdot", "k", "k")):
    if hasattr(np, _name):
        handles(getattr(np, _name))(_matrices(_left, _right))


@handles(np.dot)
def _dot(reader: Reader, call: Call) -> bool:
    operands = _pair(reader, call)
    if operands is None:
        return False
    a, b = (len(x.shape) for x in operands)
    if a == 0 or b == 0:
        return False
    letters = iter(string.ascii_lowercase)
    left = "".join(next(letters) for _ in range(a))
    right = "".join(next(letters) for _ in range(b))
    shared = right[max(b - 2, 0)]
    right = right.replace(shared, left[-1])
    return product(reader, call, operands, [left, right], left[:-1] + right.replace(left[-1], ""))


@handles(np.inner)
def _inner(reader: Reader, call: Call) -> bool:
    operands = _pair(reader, call)
    if operands is None or any(not x.shape for x in operands):
        return False
    left = string.ascii_lowercase[: len(operands[0].shape)]
    right = string.ascii_uppercase[: len(operands[1].shape) - 1] + left[-1]
    return product(reader, call, operands, [left, right], left[:-1] + right[:-1])


@handles(np.vdot)
def _vdot(reader: Reader, call: Call) -> bool:
    operands = _pair(reader, call)
    if operands is None:
        return False
    flat = [x.reshaped((x.size,)) for x in operands]
    return all(x is not None for x in flat) and product(reader, call, flat, ["i", "i"], "")  # type: ignore[arg-type]


@handles(np.outer, np.linalg.outer)
def _outer(reader: Reader, call: Call) -> bool:
    operands = _pair(reader, call)
    if operands is None:
        return False
    flat = [x.reshaped((x.size,)) for x in operands]
    return all(x is not None for x in flat) and product(reader, call, flat, ["i", "j"], "ij")  # type: ignore[arg-type]


@handles(np.tensordot, np.linalg.tensordot)
def _tensordot(reader: Reader, call: Call) -> bool:
    axes = call.args[2] if len(call.args) > 2 else call.kwargs.get("axes", 2)
    if set(call.kwargs) - {"axes"} or not all(isinstance(x, Variable) for x in call.args[:2]):
        return False
    a, b = (reader.look(x) for x in call.args[:2])
    n, m = len(a.shape), len(b.shape)
    if isinstance(axes, int | np.integer):
        pairs = [(n - axes + i, i) for i in range(axes)]
    else:
        first, second = ([x] if isinstance(x, int | np.integer) else list(x) for x in axes)
        pairs = [(int(i) % n, int(j) % m) for i, j in zip(first, second, strict=True)]
    left, right = list(string.ascii_lowercase[:n]), list(string.ascii_uppercase[:m])
    for i, j in pairs:
        right[j] = left[i]
    result = [c for i, c in enumerate(left) if i not in {p for p, _ in pairs}]
    result += [c for j, c in enumerate(right) if j not in {q for _, q in pairs}]
    return product(reader, call, [a, b], ["".join(left), "".join(right)], "".join(result))


@handles(np.einsum)
def _einsum(reader: Reader, call: Call) -> bool:
    text, *arrays = call.args
    if set(call.kwargs) - {"optimize"} or not isinstance(text, str) or "." in text or not 1 <= len(arrays) <= 2:
        return False
    if not all(isinstance(x, Variable) for x in arrays):
        return False
    given, arrow, result = text.replace(" ", "").partition("->")
    labels = given.split(",")
    if not arrow:
        result = "".join(sorted(c for c in set(given) - {","} if given.count(c) == 1))
    return product(reader, call, [reader.look(x) for x in arrays], labels, result)
