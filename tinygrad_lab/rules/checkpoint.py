"""`checkpoint`: a function whose intermediate results are computed again in the sweep, rather than kept."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.calls.receivers import Receiver, Recorder, plain
from tinygrad_lab.core import graph, modes
from tinygrad_lab.core.declare import primitive
from tinygrad_lab.core.trace import Pullback
from tinygrad_lab.core.value import Value, alias, next_index
from tinygrad_lab.errors import ArgumentTypeError, GraphError
from tinygrad_lab.generators import is_generator, set_state, state_of
from tinygrad_lab.typing import Function, Result


def checkpoint(function: Function) -> Function:
    """Return a function that keeps only its arguments, and computes the rest again when its gradient is asked for.

    The sweep calls `function` once more. A deep model of checkpointed blocks so needs the memory of one block and of
    what passes between them, for one more forward pass. Dropout repeats its choices, and running statistics move once.

    Arguments:
        function: a Module, or a function of arrays, Values and nested containers of them. It may close over Values,
            Modules and generators.

    Returns:
        A function with the same arguments and results, differentiable to any order.

    Raises:
        ArgumentTypeError: for what is no function.
        GraphError: in the sweep, if the function gives another result the second time.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> w = tl.Value(2.0)
        >>> def block(x):
        ...     return np.tanh(np.exp(w * x) - 1)
        >>> y = tl.checkpoint(block)(np.ones(3))
        >>> y.op.name, np.allclose(y.data, block(np.ones(3)).data)
        ('checkpoint', True)
        >>> y.sum().backward()
        >>> w.grad is not None
        True

    Source: T. Chen and others, "Training deep nets with sublinear memory cost", 2016.
    """
    if not callable(function):
        raise ArgumentTypeError(
            f"checkpoint: takes a function, not a {type(function).__name__}; write tl.checkpoint(block)(x)"
        )

    def call(*args: Any, **kwargs: Any) -> Result:
        rerun = _Rerun(function, args, kwargs)
        rerun.run_first()
        results = _checkpoint(*rerun.arrays, *rerun.captured, rerun=rerun)
        return rerun.close(list(results) if isinstance(results, tuple) else [results])

    return functools.update_wrapper(call, function) if hasattr(function, "__name__") else call


class _Rerun:
    """One call of a function, ready to be repeated on other arrays in the places of the floating ones.

    Attributes:
        arrays: the floating arguments.
        captured: the Values that the function closes over, which are arguments as well to whoever differentiates.
    """

    def __init__(self, function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function = function
        module = function if hasattr(function, "tree_flatten") else None
        self.leaves, self.rebuild = tree.flatten([module, list(args), kwargs])
        self.places = [i for i, leaf in enumerate(self.leaves) if getattr(plain(leaf), "dtype", _INT).kind in "fc"]
        self.arrays = [self.leaves[i] for i in self.places]
        self.leaves = [None if i in self.places else leaf for i, leaf in enumerate(self.leaves)]
        modules, generators = _held_by(function)
        self.buffers = [b for module in modules for _, b in module.named_buffers()]
        self.generators = [g for module in modules for _, g in module.named_generators()] + generators
        self.generators += filter(is_generator, self.leaves)
        self.states = list(map(state_of, self.generators))
        self.close: Callable[[list[Any]], Any] = list
        self.captured: list[Value] = []
        self.first: list[Any] = []

    def run_first(self) -> None:
        """Call the function on plain arrays: what it records all the same comes from Values that it closes over."""
        if any(isinstance(x, Receiver) and not isinstance(x, Recorder) for x in self.arrays):  # traced, say
            return
        since = next_index()
        results = self(*map(plain, self.arrays))
        found = results if isinstance(results, tuple) else (results,)
        outputs = [x for x in found if isinstance(x, Value)]
        order = graph.ancestors(outputs, since)
        reached = [x for node in order for x in (node, *node.parents) if x is not None and x.requires_grad]
        self.captured = list(dict.fromkeys(x for x in reached if x.index < since))
        self.first = [tuple(map(plain, found)) if isinstance(results, tuple) else plain(results)]

    def take_first(self, *arrays: Any) -> Any:
        """Return the results of the first call, once."""
        return self.first.pop() if self.first else self(*arrays)

    def __call__(self, *arrays: Any) -> Any:
        """Return the results, one or a tuple."""
        filled = list(self.leaves)
        for place, array in zip(self.places, arrays, strict=True):
            filled[place] = array
        module, args, kwargs = self.rebuild(filled)
        results = (self.function if module is None else module)(*args, **kwargs)
        found, self.close = tree.flatten(results)
        return found[0] if len(found) == 1 else tuple(found)

    @contextmanager
    def as_before(self, captured: Sequence[Any]) -> Iterator[None]:
        """Draw what was drawn in the first call; let captured Values be leaves that hold what they held then.

        Afterwards all of them, and buffers, are as they are now.
        """
        states = list(map(state_of, self.generators))
        buffers = [(b, b.data) for b in self.buffers]
        history = [(v, v.op, v.parents, v.data) for v in self.captured]
        _restore(self.generators, self.states)
        for value, array in zip(self.captured, captured, strict=True):
            value.op, value.parents, value.data = None, (), plain(array)
        try:
            yield
        finally:
            _restore(self.generators, states)
            for buffer, data in buffers:
                buffer.data = data
            for value, op, parents, data in history:
                value.op, value.parents, value.data = op, parents, data


def _rule(needed: tuple[int, ...], g: Any, y: Any, *arrays: Any, rerun: _Rerun) -> Any:
    count = len(rerun.arrays)
    own, captured = list(arrays[:count]), arrays[count:]
    recorded = any(isinstance(x, Recorder) for x in (*arrays, *(g if isinstance(g, tuple) else (g,))))
    sources = {p: alias(arrays[p], plain(arrays[p])) if p < count else rerun.captured[p - count] for p in needed}
    for position in needed:
        if position < count:
            own[position] = sources[position]
    with rerun.as_before(captured), modes.enable_grad():
        results = rerun(*own)
        found = results if isinstance(results, tuple) else (results,)
        cotangents = g if isinstance(g, tuple) else (g,)
        _check_same(found, y if isinstance(y, tuple) else (y,))
        floating = [i for i, x in enumerate(found) if isinstance(x, Value)]
        positions = sorted(needed, key=lambda p: sources[p].index)
        pull = Pullback([sources[p] for p in positions], [found[i] for i in floating])
        seeds = [np.zeros_like(found[i].data) if cotangents[i] is None else cotangents[i] for i in floating]
        gradients = dict(zip(positions, pull(seeds, recorded), strict=True))
    return tuple(gradients[position] for position in needed)


def _check_same(again: Sequence[Any], first: Sequence[Any]) -> None:
    for x, y in zip(map(plain, again), map(plain, first), strict=True):
        if type(x) is np.ndarray and not (x.shape == y.shape and np.allclose(x, y, 1e-3, 1e-6, equal_nan=True)):
            raise GraphError(
                "checkpoint: the function gave another result when it was called again; pass generators, and whatever "
                "else changes, as arguments"
            )


def _checkpoint_of(*arrays: Any, rerun: _Rerun) -> Any:
    return rerun.take_first(*arrays)


_checkpoint_of.__name__ = _checkpoint_of.__qualname__ = "checkpoint"
_checkpoint = primitive(joint=_rule)(_checkpoint_of)
_INT = np.dtype(int)


def _held_by(function: Function) -> tuple[list[Any], list[Any]]:
    """Return the Modules and the generators that a function is, is bound to, or closes over."""
    found: list[Any] = [function, getattr(function, "__self__", None)]
    if isinstance(function, functools.partial):
        found += [function.func, *function.args, *function.keywords.values()]
    if inspect.isfunction(function):
        with contextlib.suppress(ValueError):  # a cell that is not filled yet
            names = inspect.getclosurevars(function)
            found += [*names.nonlocals.values(), *names.globals.values()]
    for x in found:  # which grows meanwhile
        if isinstance(x, list | tuple | dict):
            found += x.values() if isinstance(x, dict) else x
    modules = [x for x in found if hasattr(type(x), "named_generators")]
    return modules, list(filter(is_generator, found))


def _restore(generators: list[Any], states: list[Any]) -> None:
    for generator, state in zip(generators, states, strict=True):
        set_state(generator, state)
