"""Tracing: a function is called once on arrays that record every call they take part in.

A `Traced` array is just another array library. So whatever a `Value` does (forward, backward, an optimizer's update) is
written down when the Values hold Traced arrays, and no code of the engine has to know.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinygrad_lab.compiler import operating as operating  # which gives Traced its operators
from tinygrad_lab.compiler.lines import name_of, place
from tinygrad_lab.compiler.program import Call, Program, Variable
from tinygrad_lab.compiler.traced import CURRENT, NUMBERS, Traced, current
from tinygrad_lab.errors import CompileError

# Functions that only read shapes and dtypes, or make arrays from these alone: their results are known.
_FACTS = {
    np.shape, np.ndim, np.size, np.result_type, np.iscomplexobj, np.isrealobj, np.can_cast, np.common_type,
    np.zeros_like, np.ones_like, np.empty_like, np.min_scalar_type, np.shares_memory, np.may_share_memory,
}  # fmt: skip


class Tracer:
    """Records the calls of one program.

    Arguments:
        name: the name of the program.
        outer: the tracer around this one, if any; its arrays become `fixed` inputs here.
        where: says which line a call came from, and within what.
    """

    def __init__(self, name: str, outer: Tracer | None = None, where: Callable[[], tuple[str, str]] = place) -> None:
        self.name, self.outer, self._where = name, outer, where
        self.calls: list[Call] = []
        self.inputs: list[Variable] = []
        self.constants: dict[Variable, Any] = {}
        self.lifted: dict[Variable, Traced] = {}  # inputs in place of arrays of outer tracers
        self._by_outer: dict[Variable, Variable] = {}
        self._by_array: dict[int, Variable] = {}
        self.usual = np.geterr()

    def input(self, name: str, array: Any) -> Traced:
        """Return a new input of the program that holds `array` while it is traced."""
        traced = self._new(name, array)
        traced.seen = True
        self.inputs.append(traced.variable)
        return traced

    def record(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function on the arrays, record the call, and return its results as Traced arrays."""
        result = function(*(_concrete(x) for x in args), **{key: _concrete(x) for key, x in kwargs.items()})
        if function in _FACTS:
            return result
        outputs: list[Variable] = []
        name = name_of(function)
        if isinstance(result, tuple | list):
            made = [self._new(name, x) for x in result]
            outputs = [x.variable for x in made]
            kind = type(result)
            wrapped: Any = kind(*made) if hasattr(result, "_fields") else kind(made)
        else:
            wrapped = self._new(name, result)
            outputs = [wrapped.variable]
        _note_views(args, kwargs, made if outputs and isinstance(result, tuple | list) else [wrapped])
        line, within = self._where()
        self.calls.append(
            Call(
                function,
                tuple(self._operand(x) for x in args),
                {key: self._operand(x) for key, x in kwargs.items()},
                tuple(outputs),
                isinstance(result, tuple | list),
                line,
                within,
                np.geterr() != self.usual,
            )
        )
        return wrapped

    def program(self, outputs: Sequence[Any]) -> Program:
        """Return the program that gives `outputs`, which are Traced arrays or constants."""
        made = tuple(self._output(x) for x in outputs)
        return Program(self.name, tuple(self.inputs), tuple(self.calls), made, self.constants)

    def _new(self, name: str, array: Any) -> Traced:
        if not isinstance(array, np.ndarray | np.generic | bool | int | float | complex):
            raise CompileError(
                f"compile: {name} returned a {type(array).__name__}, not arrays; "
                f"compute it outside and pass it as an argument"
            )
        weak = type(array) in NUMBERS
        return Traced(self, Variable(name, np.shape(array), _dtype(array), weak), array)

    def _output(self, x: Any) -> Variable:
        operand = self._operand(x)
        if not isinstance(operand, Variable):
            operand = Variable("constant", np.shape(x), _dtype(x), type(x) in NUMBERS)
            self.constants[operand] = x
        return operand

    def _operand(self, x: Any) -> Any:
        kind = type(x)
        if kind is Traced:
            return self._variable(x)
        if kind is tuple or kind is list:
            return kind(self._operand(part) for part in x)
        if kind is dict:
            return {key: self._operand(part) for key, part in x.items()}
        if isinstance(x, np.ndarray):
            variable = self._by_array.get(id(x))
            if variable is None:
                variable = self._by_array[id(x)] = Variable("constant", x.shape, x.dtype)
                self.constants[variable] = x
            return variable
        return x

    def _variable(self, x: Traced) -> Variable:
        if x.tracer is self:
            return x.variable
        around = self.outer
        while around is not None and around is not x.tracer:
            around = around.outer
        if around is None:
            raise CompileError(
                "compile: an array was traced in another call and has no numbers; "
                "return it from its function, instead of keeping it in a variable or an attribute"
            )
        if x.variable not in self._by_outer:
            lifted = self.input(x.variable.name, x.array).variable
            self._by_outer[x.variable] = lifted
            self.lifted[lifted] = x
        return self._by_outer[x.variable]


@contextlib.contextmanager
def tracing(tracer: Tracer) -> Iterator[Tracer]:
    """Let `tracer` record every call on Traced arrays."""
    token = CURRENT.set(tracer)
    try:
        yield tracer
    finally:
        CURRENT.reset(token)


@contextlib.contextmanager
def trial() -> Iterator[None]:
    """Trace with meaningless values, whose warnings are not worth showing."""
    with warnings.catch_warnings(), np.errstate(all="warn"):
        warnings.simplefilter("ignore")
        yield


def trace(function: Callable[..., Any], *arrays: Any, name: str | None = None) -> Program:
    """Return the program of one call of a function of arrays that returns an array, or a list or tuple of arrays.

    Example:
        >>> import numpy as np
        >>> print(trace(lambda x: np.tanh(x) * 2, np.zeros(3), name="double"))
        double(x0):
            tanh = tanh(x0)
            multiply = multiply(tanh, 2)
            return multiply
    """
    with tracing(Tracer(name or str(getattr(function, "__name__", "program")), current())) as tracer:
        result = function(*(tracer.input(f"x{i}", array) for i, array in enumerate(arrays)))
        return tracer.program(result if isinstance(result, tuple | list) else (result,))


def _note_views(args: Any, kwargs: dict[str, Any], results: list[Traced]) -> None:
    """Note which results share memory with operands, so that neither may be written into."""
    operands = [x for x in (*args, *kwargs.values()) if type(x) is Traced and isinstance(x.array, np.ndarray)]
    for result in results:
        for x in operands:
            if isinstance(result.array, np.ndarray) and np.may_share_memory(result.array, x.array):
                result.seen = x.seen = True


def _concrete(x: Any) -> Any:
    kind = type(x)
    if kind is Traced:
        return x.array
    if kind is tuple or kind is list:
        return kind(_concrete(part) for part in x)
    if kind is dict:
        return {key: _concrete(part) for key, part in x.items()}
    return x


def _dtype(array: Any) -> np.dtype[Any]:
    return array.dtype if hasattr(array, "dtype") else np.dtype(type(array))
