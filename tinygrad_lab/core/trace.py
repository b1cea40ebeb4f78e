"""One call of a function on fresh inputs, and the way back from its results to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_lab import refusals, tree
from tinygrad_lab.core import graph, modes
from tinygrad_lab.core.arrays import as_array, plain
from tinygrad_lab.core.backward import sweep
from tinygrad_lab.core.value import Value, alias, cotangent
from tinygrad_lab.typing import Args, Array, Function, Keywords, Tree

Argnums = int | tuple[int, ...]


class Pullback:
    """From cotangents of outputs to gradients of the inputs that they were computed from, any number of times."""

    def __init__(self, inputs: list[Value], outputs: list[Any]) -> None:
        self.inputs, self.outputs = inputs, outputs
        since = inputs[0].index if inputs else 0
        order = graph.ancestors((x for x in outputs if isinstance(x, Value)), since)
        self.reaches_back = graph.reaches_back(order, since)
        self._wanted = set(graph.between(order, inputs))

    def __call__(self, cotangents: Sequence[Array | None], recorded: bool) -> list[Array]:
        """Return a gradient per input: arrays, or, if they are recorded, Values."""
        seeds: dict[Value, Any] = {}
        for output, g in zip(self.outputs, cotangents, strict=True):
            if isinstance(output, Value) and output in self._wanted:
                seed = cotangent(output, g, recorded)
                seeds[output] = seeds[output] + seed if output in seeds else seed
        found = sweep(seeds, self._wanted, recorded)
        return [found[x] if x in found else np.zeros_like(x.data)[()] for x in self.inputs]


class Trace:
    """One call of a function on fresh inputs, ready to be pulled back to them."""

    def __init__(
        self, name: str, function: Function, argnums: Argnums, args: Args, kwargs: Keywords, has_aux: bool = False
    ) -> None:
        refusals.transforms.require_function(name, function)
        recording = bool(modes.current() & modes.RECORD)
        self.name, self._single = name, not isinstance(argnums, tuple | list)
        positions = _positions(name, argnums, len(args))
        leaves, self._rebuild = tree.flatten([args[position] for position in positions])
        self.inputs = [alias(leaf, leaf.data if isinstance(leaf, Value) else as_array(leaf)) for leaf in leaves]
        arguments = list(args)
        for position, fresh in zip(positions, self._rebuild(self.inputs), strict=True):
            arguments[position] = fresh
        with modes.enable_grad(), refusals.transforms.Containers(name, args, positions):
            result = function(*arguments, **kwargs)
        both: Tree = _pair(name, result) if has_aux else (result, None)
        self.outputs, self.output_like = tree.flatten(both[0])
        self.pull = Pullback(self.inputs, self.outputs)
        self.recorded = recording and self.pull.reaches_back
        self.value, self.aux = both if self.recorded else tree.map(plain, both)

    def arguments_like(self, leaves: list[Any]) -> Tree:
        """Put one leaf per input back into what holds them: the argument, or a tuple of arguments."""
        rebuilt = self._rebuild(leaves)
        return rebuilt[0] if self._single else tuple(rebuilt)

    def require_scalar(self) -> None:
        """Refuse results that are no scalar, and containers of one."""
        shapes = [np.shape(plain(output)) for output in self.outputs]
        if shapes != [()] or self.output_like([self]) is not self:
            raise refusals.transforms.no_scalar(self.name, shapes)

    def require_floating(self, holomorphic: bool) -> None:
        """Refuse results, and a promise about them, of which there is no derivative."""
        if self.value is None:
            raise refusals.transforms.nothing(self.name)
        for output in self.outputs:
            kind, given = _kind(output)
            if kind not in "fc":
                raise refusals.transforms.not_floating(self.name, given)
            if kind == "c" and not holomorphic:
                raise refusals.transforms.not_real(self.name, given)
        for what, x in [*(("argument", x) for x in self.inputs), *(("result", x) for x in self.outputs)]:
            kind, given = _kind(x)
            if holomorphic and kind != "c":
                raise refusals.transforms.not_complex(self.name, what, given)


def _positions(name: str, argnums: Argnums, count: int) -> tuple[int, ...]:
    positions = tuple(argnums) if isinstance(argnums, tuple | list) else (argnums,)
    for position in positions:
        if not -count <= position < count:
            raise refusals.transforms.no_position(name, count, position)
    if len({position % count for position in positions}) < len(positions):
        raise refusals.transforms.position_twice(name, argnums)
    return positions


def _pair(name: str, result: Tree) -> tuple[Tree, Tree]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise refusals.transforms.no_pair(name, result)
    return result


def _kind(x: Any) -> tuple[str, str]:
    """Return the kind of an array's or a number's dtype, as NumPy abbreviates it, and the dtype or type in words."""
    dtype = getattr(plain(x), "dtype", None)
    if dtype is not None:
        return dtype.kind, f"dtype {dtype}"
    return np.dtype(type(x)).kind, type(x).__name__
