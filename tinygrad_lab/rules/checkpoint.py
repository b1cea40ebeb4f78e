"""`checkpoint`: a function whose intermediate results are computed again in the sweep, rather than kept."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.calls.receivers import Recorder, plain
from tinygrad_lab.core.declare import primitive
from tinygrad_lab.core.transforms import vjp
from tinygrad_lab.errors import ArgumentTypeError, GradientLostError
from tinygrad_lab.typing import ArrayLike, Function, Result


def checkpoint(function: Function) -> Function:
    """Return a function that gives the same, and keeps nothing but its arguments until its gradient is asked for.

    The sweep calls `function` once more. A deep model of checkpointed blocks so needs the memory of one block and of
    what passes between them, for one more forward pass. Dropout repeats its choices, and running statistics move once.

    Arguments:
        function: a Module, or a function of arrays, Values and nested containers of them; it must not close over
            Values, so give it a model's parameters as arguments, or checkpoint the Module itself.

    Returns:
        A function with the same arguments and results, differentiable to any order.

    Raises:
        ArgumentTypeError: for what is no function.
        GradientLostError: when called, if the function closes over a Value that requires a gradient.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> def block(x):
        ...     return np.tanh(np.exp(x) - 1)
        >>> x = tl.Value(np.ones((3, 2)))
        >>> y = tl.checkpoint(block)(x)
        >>> y.op.name, np.allclose(y.data, block(x).data)
        ('checkpoint', True)

    Source: T. Chen and others, "Training deep nets with sublinear memory cost", 2016.
    """
    if not callable(function):
        raise ArgumentTypeError(
            f"checkpoint: function must be callable, got {type(function).__name__}; write tl.checkpoint(block)(x)"
        )

    def call(*args: Any, **kwargs: Any) -> Result:
        rerun = _Rerun(function, args, kwargs)
        results = _checkpoint(*rerun.arrays, rerun=rerun)
        return rerun.close(list(results) if isinstance(results, tuple) else [results])

    return functools.update_wrapper(call, function) if hasattr(function, "__name__") else call


class _Rerun:
    """One call of a function, ready to be repeated on other arrays in the places of the floating ones."""

    def __init__(self, function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function = function
        module = function if hasattr(function, "tree_flatten") else None
        self.leaves, self.rebuild = tree.flatten([module, list(args), kwargs])
        self.places = [i for i, leaf in enumerate(self.leaves) if getattr(plain(leaf), "dtype", _INT).kind in "fc"]
        self.arrays = [self.leaves[i] for i in self.places]
        self.leaves = [None if i in self.places else leaf for i, leaf in enumerate(self.leaves)]
        held: list[Any] = getattr(function, "named_generators", list)()
        self.generators = [g for _, g in held] + [
            x for x in self.leaves if isinstance(x, np.random.Generator | np.random.RandomState)
        ]
        self.states = [_state(generator) for generator in self.generators]
        self.close: Callable[[list[Any]], Any] = list
        self.ran = False

    def __call__(self, *arrays: ArrayLike) -> Result:
        """Return the results, one or a tuple."""
        filled = list(self.leaves)
        for place, array in zip(self.places, arrays, strict=True):
            filled[place] = array
        module, args, kwargs = self.rebuild(filled)
        function = self.function if module is None else module
        if not self.ran:
            self.ran = True
            return self._flat(function(*args, **kwargs))
        with self._as_before():
            return self._flat(function(*args, **kwargs))

    def _flat(self, results: Any) -> Result:
        found, self.close = tree.flatten(results)
        return found[0] if len(found) == 1 else tuple(found)

    @contextmanager
    def _as_before(self) -> Iterator[None]:
        """Draw what was drawn in the first call, and leave generators and buffers as they are now."""
        now = [_state(generator) for generator in self.generators]
        buffers = [(b, b.data) for _, b in getattr(self.function, "named_buffers", list)()]
        _restore(self.generators, self.states)
        try:
            yield
        finally:
            _restore(self.generators, now)
            for buffer, data in buffers:
                buffer.data = data


def _rule(needed: tuple[int, ...], g: Any, y: Any, *arrays: ArrayLike, rerun: _Rerun) -> Result:
    def of_needed(*chosen: Any) -> Result:
        filled = list(arrays)
        for position, x in zip(needed, chosen, strict=True):
            filled[position] = x
        return rerun(*filled)

    results, pullback = vjp(of_needed, *(arrays[position] for position in needed))
    if isinstance(g, tuple):  # None stands for integers, which have no gradient
        g = tuple(np.zeros_like(plain(r)) if one is None else one for one, r in zip(g, results, strict=True))
    return pullback(g)


def _checkpoint_of(*arrays: ArrayLike, rerun: _Rerun) -> Result:
    results = rerun(*arrays)
    found = results if isinstance(results, tuple) else (results,)
    if any(isinstance(x, Recorder) and x.requires_grad for x in found):  # type: ignore[attr-defined]
        raise GradientLostError(
            "checkpoint: the function must not close over a Value that requires a gradient, got one; pass it as an "
            "argument, or checkpoint the Module that holds it"
        )
    shown = tuple(map(plain, found))
    return shown if isinstance(results, tuple) else shown[0]


_checkpoint_of.__name__ = _checkpoint_of.__qualname__ = "checkpoint"
_checkpoint = primitive(joint=_rule)(_checkpoint_of)
_INT = np.dtype(int)


def _state(generator: Any) -> Result:
    legacy = isinstance(generator, np.random.RandomState)
    return copy.deepcopy(generator.get_state() if legacy else generator.bit_generator.state)


def _restore(generators: list[Any], states: list[Any]) -> None:
    for generator, state in zip(generators, states, strict=True):
        if isinstance(generator, np.random.RandomState):
            generator.set_state(state)
        else:
            generator.bit_generator.state = state
