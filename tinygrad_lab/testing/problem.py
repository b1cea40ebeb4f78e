"""A function and its arguments as a map between flat real vectors: what the checks are written on.

A complex element counts as two real ones. The gradient of z = a + bi is df/da - i df/db, so that the real part of
gradient times direction is the slope; in real coordinates gradients and cotangents are therefore conjugated.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_lab.core.arrays import plain
from tinygrad_lab.testing.adapters import Adapter
from tinygrad_lab.testing.adapters.base import Linear
from tinygrad_lab.testing.differences import Array, real_parts
from tinygrad_lab.testing.layouts import laid_out_like
from tinygrad_lab.testing.leaves import leaves_of
from tinygrad_lab.testing.mistakes import Mistake, failure
from tinygrad_lab.testing.shaken import shaken, steadfast


@contextmanager
def overflows(under: bool = False) -> Iterator[list[str]]:
    """Note in the `with` block whether NumPy's arithmetic overflows, or divides by 0; on demand underflow as well."""
    seen: list[str] = []
    with np.errstate(
        over="call", divide="call", under="call" if under else "ignore", call=lambda kind, _: seen.append(kind)
    ):
        yield seen


class Problem:
    """`fn` near `args`.

    Attributes:
        x: all differentiated elements, flat and real, in the widest precision that `fn` runs in.
        y: the value there, flat and real.
        scale: |x|, or 1 for a 0: how far a step may go.
        leaves: the differentiated arrays.
        terms: the size of what the values are made of, where it is known: little may be left of it, with its rounding.
        overflow: whether a number was too large for the dtype on the way to the value, or something divided by 0, or
            the value is infinite.
        undefined: whether the value is no number.
        units: for each element, the rounding unit of its gradient in the own dtypes, once that was asked for.
        hidden: how far rounding inside the function may put its values off.
        given: how many of the arguments are the caller's.
        origin: of a gradient that is differentiated, the function's own problem and cotangent.
    """

    origin: tuple[Problem, Array] | None = None
    overflow = undefined = False
    _here: Linear | None = None  # the derivative at `x`, computed once

    def __init__(
        self, adapter: Adapter, args: tuple[Any, ...], wrt: int | tuple[int, ...] | None, terms: float = 0.0
    ) -> None:
        self.adapter, self.args, self.terms = adapter, adapter.given(args), terms
        self.given = len(args)  # an adapter may have added some, such as parameters
        self.leaves, self._slots = leaves_of(adapter.name, self.args, wrt)
        arrays = [leaf.array for leaf in self.leaves]
        with np.errstate(all="ignore"):
            self.results = self.adapter.value(arrays, self.rebuild)  # first: what it raises is the caller's to see
            self.dtype, outputs = self._widest(arrays)
        self.outputs = outputs
        self.x = real_parts([self._wide(array) for array in arrays])
        self.y = real_parts(outputs).astype(self.dtype)
        self.scale = np.where(self.x == 0, 1, np.abs(self.x))
        self.hidden = self._hidden()

    def _widest(self, arrays: list[Any]) -> tuple[Any, list[Any]]:
        """Return the widest dtype that the function takes, its vjp as well, and its value then."""
        taken: tuple[Any, list[Any]] | None = None
        for dtype in dict.fromkeys([self.adapter.widest, np.float64, np.float32]):
            self.dtype = dtype
            leaves = [self._wide(array) for array in arrays]
            # Whoever does not take a dtype says so in many ways: Numba's errors derive from nothing that Python knows.
            try:
                with overflows() as seen:
                    outputs = self.adapter.value(leaves, self.rebuild)
                self.overflow = bool(seen) or any(np.any(np.isinf(y)) for y in outputs)  # another system does not say
                self.undefined = any(np.any(np.isnan(y)) for y in outputs)
                taken = taken or (dtype, outputs)
                here = self.adapter.linear(leaves, self.rebuild) if self.adapter.own else None
                pull = here.pull if here else functools.partial(self.adapter.gradients, leaves, self.rebuild)
                pull([np.ones_like(y) for y in outputs])
            except Exception:  # noqa: S112
                continue
            self._here = here
            return dtype, outputs
        return taken or (np.float64, self.results)

    def _hidden(self) -> Array:
        """Estimate the rounding inside from what it is in the arguments' dtype: it is smaller as the units are."""
        least = float(np.finfo(self.dtype).eps) * self.terms
        narrow = max((float(np.finfo(result.dtype).eps) for result in self.results), default=0.0)
        ratio = float(np.finfo(self.dtype).eps) / narrow if narrow else 1.0
        with np.errstate(all="ignore"):
            off = np.abs(real_parts(self.results).astype(self.dtype) - self.y)
        return np.maximum(np.where(np.isfinite(off) & (ratio < 1), off, 0) * ratio, least)

    @functools.cached_property
    def own_off(self) -> Array:
        """How far each result is off in the arguments' own dtypes: infinitely, if it is a number in the widest only."""
        with np.errstate(all="ignore"):
            off = np.abs(real_parts(self.results).astype(self.dtype) - self.y)
        return np.where(np.isfinite(self.y), np.where(np.isfinite(off), off, np.inf), 0)

    @functools.cached_property
    def own_error(self) -> float:
        """The same for the worst result, relative to its value."""
        return float(np.max(self.own_off / np.maximum(np.abs(self.y), float(np.finfo(np.float64).tiny)), initial=0))

    def _wide(self, array: Any) -> Any:
        kind = np.result_type(self.dtype, np.complex64) if np.iscomplexobj(array) else self.dtype
        return np.asarray(array).astype(kind)

    def rebuild(self, leaves: list[Any]) -> tuple[Any, ...]:
        """Return the arguments with other arrays in place of the differentiated ones."""
        args = list(self.args)
        start = 0
        for position, (count, make) in self._slots.items():
            args[position] = make(leaves[start : start + count])
            start += count
        return tuple(args)

    def unflatten(self, x: Array) -> list[Any]:
        """Return flat coordinates as one array per leaf."""
        x = x.astype(self.dtype)  # a copy: what somebody writes into is lost
        return [_joined(leaf.shaped(x), leaf.array) for leaf in self.leaves]

    def value(self, x: Array) -> Array:
        """Return the function's value at flat coordinates, flat."""
        found = self.adapter.value(shaken(self.unflatten(x)), self.rebuild)
        # Some functions, such as eigenvalues, give real numbers where no imaginary part is left.
        pairs = zip(found, self.outputs, strict=True)
        return real_parts([array + 0j if np.iscomplexobj(output) else array for array, output in pairs])

    def cotangents(self, weights: Array) -> list[Any]:
        """Return flat weights of the results' elements as one cotangent per result."""
        parts, start = [], 0
        for output in self.outputs:
            stop = start + output.size * (2 if np.iscomplexobj(output) else 1)
            part = weights[start:stop].reshape(*output.shape, 2) if np.iscomplexobj(output) else weights[start:stop]
            parts.append(np.conjugate(_joined(part, output)).reshape(output.shape).astype(output.dtype))
            start = stop
        return parts

    def weights(self, cotangents: list[Any]) -> Array:
        """Return cotangents as flat weights: the inverse of `cotangents`."""
        return real_parts([np.conjugate(np.asarray(c)) for c in cotangents]).astype(self.dtype)

    def gradient(self, weights: Array, x: Array | None = None) -> tuple[Array, float]:
        """Return the gradient in the widest precision, flat, and the rounding unit of the dtype it came in."""
        cotangents = self.cotangents(weights)
        here = self._here if x is None and steadfast() else None
        found = here.pull(cotangents) if here else self._pulled(self.unflatten(self._point(x)), cotangents)
        return self._flat(found)

    def tangent(self, direction: Array, x: Array | None = None) -> Array | None:
        """Return the results' derivatives along a direction in forward mode, or None where there is none."""
        here, directions = self._here if x is None and steadfast() else None, self.unflatten(direction)
        if here:
            found = here.push(directions)
        else:
            leaves = self.unflatten(self._point(x))
            both = shaken([*leaves, *directions])
            found = self.adapter.tangents(both[: len(leaves)], self.rebuild, both[len(leaves) :])
        return None if found is None else real_parts(found).astype(self.dtype)

    def _point(self, x: Array | None) -> Array:
        return self.x if x is None else x

    def _pulled(self, leaves: list[Any], cotangents: list[Any]) -> list[Any]:
        both = shaken([*leaves, *cotangents], narrowed=self.origin is not None)
        return self.adapter.gradients(both[: len(leaves)], self.rebuild, both[len(leaves) :])

    def own_gradient(self, weights: Array, x: Array | None = None, contiguous: bool = False) -> tuple[Array, float]:
        """Return the gradient as the rule computes it in the arguments' own dtypes and layouts, flat, with its unit.

        Arguments:
            weights: the cotangent, flat.
            x: flat coordinates, laid out like the arguments; the arguments themselves unless given.
            contiguous: whether to lay them out in C order instead.
        """
        leaves = [leaf.array for leaf in self.leaves]
        if x is not None:
            leaves = [laid_out_like(array, new) for array, new in zip(leaves, self.unflatten(x), strict=True)]
        if contiguous:
            leaves = [np.array(array, order="C") for array in leaves]
        self.largest = min(float(np.finfo(array.dtype).max) for array in [*leaves, *self.results])
        cotangents = self.cotangents(weights)
        own = [c.astype(result.dtype) for c, result in zip(cotangents, self.results, strict=True)]
        copies = [np.copy(array) for array in leaves]
        gradients = self._pulled(leaves, own)
        found, unit = self._flat(gradients)
        self.units = self._units(gradients)
        for array, copy in zip(leaves, copies, strict=True):
            if not np.array_equal(array, copy, equal_nan=True):
                array[...] = copy
                raise failure(
                    Mistake.IN_PLACE,
                    f"{self.adapter.name}: wrote into one of its arguments; compute a new array",
                )
        return found, max(unit, self.adapter.unit)

    def own_value(self, x: Array | None = None) -> Array:
        """Return the value as the function computes it in the arguments' own dtypes and layouts, flat.

        Arguments:
            x: flat coordinates, laid out like the arguments; the arguments themselves unless given.
        """
        leaves = [leaf.array for leaf in self.leaves]
        if x is not None:
            leaves = [laid_out_like(array, new) for array, new in zip(leaves, self.unflatten(x), strict=True)]
        return real_parts(self.adapter.value(shaken(leaves), self.rebuild)).astype(self.dtype)

    def _units(self, gradients: list[Any]) -> Array:
        """Return a rounding unit for each element: of its argument, its gradient or the results, the coarsest."""
        units = np.full(self.x.shape, self.own_unit)
        for gradient, leaf in zip(gradients, self.leaves, strict=True):
            array = leaf.array if gradient is None else np.asarray(plain(gradient))
            kinds = (np.finfo(leaf.array.dtype), np.finfo(array.dtype))
            units[leaf.coordinates] = max(self.own_unit, *(float(kind.eps) for kind in kinds))
        return units

    @property
    def own_unit(self) -> float:
        """The rounding unit of the arguments' own dtypes, and of the results that they give."""
        return max([self.adapter.unit, *(float(np.finfo(result.dtype).eps) for result in self.results)])

    @property
    def has_layout(self) -> bool:
        """Whether any argument lies in memory otherwise than in C order."""
        return any(not leaf.array.flags.c_contiguous for leaf in self.leaves)

    def rounded(self, x: Array) -> Array:
        """Return flat coordinates rounded to the arguments' dtypes, those that NumPy does not have among them."""
        if self.adapter.unit:
            mantissa, exponent = np.frexp(x)
            x = np.ldexp(np.round(mantissa * 2 / self.adapter.unit) * self.adapter.unit / 2, exponent)
        parts = [part.astype(leaf.array.dtype) for part, leaf in zip(self.unflatten(x), self.leaves, strict=True)]
        return real_parts([self._wide(part) for part in parts])

    def _flat(self, gradients: list[Any]) -> tuple[Array, float]:
        parts, unit = [], 0.0
        for gradient, leaf in zip(gradients, self.leaves, strict=True):
            array = np.zeros_like(leaf.array) if gradient is None else np.asarray(plain(gradient))
            if array.shape != leaf.array.shape or array.dtype.kind not in "fc":
                mistake, advice = _advice(array, leaf.array)
                raise failure(
                    mistake,
                    f"{self.adapter.name}, gradient of argument {leaf.argument}: has shape {array.shape} and dtype "
                    f"{array.dtype}, but needs the argument's shape {leaf.array.shape} and a floating-point dtype; "
                    f"{advice}",
                )
            unit = max(unit, float(np.finfo(array.dtype).eps))
            parts.append(np.conjugate(array.astype(self._wide(leaf.array).dtype)))
        return real_parts(parts).astype(self.dtype), unit


def _advice(gradient: Array, argument: Array) -> tuple[Mistake, str]:
    if gradient.shape == argument.shape:
        return Mistake.SHAPE, "convert it to the argument's dtype"
    if gradient.shape == argument.shape[::-1]:
        return Mistake.TRANSPOSED, "it looks transposed"
    if gradient.ndim >= argument.ndim and gradient.size > argument.size:
        return Mistake.BROADCAST, "the argument was broadcast: sum the gradient over the broadcast axes"
    return Mistake.SHAPE, "return one number for each element of the argument"


def _joined(part: Array, like: Any) -> Any:
    return part[..., 0] + 1j * part[..., 1] if np.iscomplexobj(like) else part
