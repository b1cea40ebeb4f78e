"""`compile`: a function that is traced once per kind of arguments, and then runs as the program that came out."""

from __future__ import annotations

import functools
import inspect
import threading
import warnings
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

from tinygrad_lab.compiler import costs
from tinygrad_lab.compiler.arguments import is_object, named, parameters, refuse_recorded
from tinygrad_lab.compiler.changes import difference
from tinygrad_lab.compiler.compilation import Compilation, writer_of
from tinygrad_lab.compiler.fast import OTHER, Quick, quick_call
from tinygrad_lab.compiler.lifting import Invocation, Lifted
from tinygrad_lab.compiler.methods import Method
from tinygrad_lab.compiler.passes import keep_apart, optimise, prune
from tinygrad_lab.compiler.program import Program, Written
from tinygrad_lab.compiler.repeating import Repeated, Repetition, condition, joined, plain, stacked
from tinygrad_lab.compiler.surroundings import Surroundings
from tinygrad_lab.compiler.templates import filled, leave
from tinygrad_lab.compiler.traced import current
from tinygrad_lab.errors import CompileError

_QUICK = 4  # kinds of calls that have a fast path, such as full batches and the last batch of an epoch
_MANY = 8  # programs of one function that cause a warning


def compile(
    function: Callable[..., Any] | None = None,
    *,
    backend: str = "numpy",
    state: Any = (),
    exact: bool = True,
    parallel: bool = False,
) -> Any:
    """Return a function that does what `function` does, as a program of NumPy calls without Python in between.

    It is traced on the first call, and again for arguments of other shapes, dtypes or static values: Python's bools,
    integers, strings and functions are static, arrays and floats are inputs. It is called as before and returns the
    same, except that Values among the results have no graph.

    Arguments:
        function: computes with NumPy and this package; its arguments and results are nested lists, tuples and dicts
            of arrays and Values, Modules, and static values.
        backend: what runs the program: "numpy" (generated source), "numba" or "jax".
        state: the objects that the function changes, such as `(model, optimizer)`. Their arrays are inputs and outputs
            of the program, and are put back after every call.
        exact: keep the bits; False allows what only rounds otherwise: small powers as products, `einsum` in pairs.
        parallel: with Numba, run long loops on all cores; the results do not depend on how many there are.

    Returns:
        A `Compiled` function; without `function`, a decorator.

    Raises:
        CompileError: on the first call, if the function decides in Python on data, or depends on what changes from
            call to call without being an argument or part of the state.
        GradientLostError: on a call with a Value that was computed from others: its gradient would be lost.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> fast = tl.compile(tl.grad(lambda w, x: np.sum(np.tanh(w * x))))
        >>> fast(np.zeros(2), np.ones(2))
        array([1., 1.])
        >>> w = tl.Value([3.0, 4.0])
        >>> optimizer = tl.optim.SGD([w], lr=0.25)
        >>> @tl.compile(state=(w, optimizer))
        ... def step():
        ...     optimizer.zero_grad()
        ...     loss = np.sum(w * w)
        ...     loss.backward()
        ...     optimizer.step()
        ...     return loss
        >>> step().item(), step().item(), w.data
        (25.0, 6.25, array([0.75, 1.  ]))
    """
    if function is None:
        return functools.partial(compile, backend=backend, state=state, exact=exact, parallel=parallel)
    return Compiled(function, backend, state, exact, parallel)


class Compiled:
    """What `compile` returns.

    Attributes:
        programs: the programs so far.
        function: the original function.
    """

    def __init__(
        self, function: Callable[..., Any], backend: str, state: Any, exact: bool = True, parallel: bool = False
    ) -> None:
        if not callable(function):
            raise CompileError(f"compile: takes a function, not a {type(function).__name__}; pass the function itself")
        if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
            raise CompileError("compile: takes a function that returns, not one that yields or awaits; return a list")
        self.function, self.backend = function, backend
        self.__name__ = str(getattr(function, "__name__", type(function).__name__))
        self._write, self._exact = writer_of(backend, parallel), exact
        holders = [*(state if isinstance(state, tuple | list) else (state,))]
        if is_object(function) and not any(function is x for x in holders):
            holders.append(function)  # such as a module, whose arrays are inputs too
        self._state = named(function, holders)
        self._names = parameters(function)
        self._made: dict[Hashable, Compilation] = {}
        self._lifts: frozenset[str] = frozenset()
        self._gradients = False
        self._surroundings = Surroundings(function)
        self._local = threading.local()  # in each thread: fast paths for calls like the last ones
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program for these arguments, which is made first if there is none yet."""
        try:
            quicks = self._local.quicks
        except AttributeError:
            quicks = self._local.quicks = []
        for quick in quicks:
            result = quick(args, kwargs)
            if result is not OTHER:
                return result
        return self._call(args, kwargs, quicks)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else Method(self, instance)

    def repeat(self, n: int, *args: Any, until: Callable[[Any], Any] | None = None, **kwargs: Any) -> Repeated:
        """Call the function up to `n` times with the same arguments, without returning to Python in between.

        Arguments:
            n: the number of calls.
            args: arguments of every call.
            until: a function of a call's result that returns one bool, computed in the program: the call for which it
                is true is the last.
            kwargs: keyword arguments of every call.

        Returns:
            `(calls, outputs)`: how many calls were made, and what they returned, each array with a new first axis.

        Example:
            >>> import numpy as np, tinygrad_lab as tl
            >>> w = tl.Value([3.0, 4.0])
            >>> @tl.compile(state=w)
            ... def halve():
            ...     w.data = w.data / 2
            ...     return np.sum(w)
            >>> halve.repeat(10, until=lambda total: total < 1)
            Repeated(calls=3, outputs=array([3.5  , 1.75 , 0.875]))
        """
        if type(n) is not int or n < 1:
            raise CompileError(f"repeat: n must be a positive Python integer, got {n!r}; pass the number of calls")
        if current() is not None:
            raise CompileError("repeat: cannot be called in a compiled function; write the loop as tl.scan")
        self._surroundings.check(whole=True)
        singles: list[Any] = []
        key, (call, made) = None, self._compilation(self._prepared(args, kwargs))
        while call.key != key:  # the first step may change the kind of the state: step until it stays the same
            key = call.key
            result = self.function(*args, **kwargs)
            singles.append(plain(result))
            if len(singles) == n or (until is not None and bool(condition(until, result))):
                return Repeated(len(singles), stacked(singles))
            call, made = self._compilation(self._prepared(args, kwargs))
        repetition, written = self._repetition(call, made, until)
        count, stacks = repetition.run(call, written.run, n - len(singles))
        return Repeated(len(singles) + count, joined(stacked(singles), repetition.results(stacks, count)))

    def _repetition(
        self, call: Invocation, made: Compilation, until: Callable[[Any], Any] | None
    ) -> tuple[Repetition, Written]:
        known = made.repetitions.get(until)
        if known is None:
            repetition = Repetition(call, made.lifted, made.program, until)
            known = made.repetitions[until] = repetition, self._write(repetition.program)
        return known

    @property
    def programs(self) -> list[Program]:
        """The programs so far, one for each kind of arguments."""
        return [made.program for made in self._made.values()]

    def table(self) -> str:
        """Return the costs of the latest program by function: calls, flops, bytes moved, buffers, peak memory.

        Example:
            >>> import numpy as np, tinygrad_lab as tl
            >>> fast = tl.compile(lambda x: np.sum(np.exp(x)))
            >>> y = fast(np.zeros(1000))
            >>> print(fast.table().splitlines()[0])
            function  calls  flops  bytes moved
        """
        written = self._latest().written
        lines = [costs.table(self.program), f"traced as {len(self.traced.calls):,} calls"]
        lines += costs.together(written.fused)
        if written.left_to_numpy:
            lines.append(f"left to NumPy: {', '.join(written.left_to_numpy)}")
        return "\n".join(lines)

    def profile(self, *args: Any, **kwargs: Any) -> str:
        """Return the same table for these arguments, with the time of each function's calls in NumPy."""
        call, made = self._compilation(self._prepared(args, kwargs))
        return costs.table(made.program, costs.measure(made.program, call.inputs(made.lifted.read)))

    @property
    def program(self) -> Program:
        """The latest program."""
        return self._latest().program

    @property
    def traced(self) -> Program:
        """The latest program as it was traced, before any pass; `viz.draw` draws it too."""
        return self._latest().lifted.program

    @property
    def fused(self) -> Program:
        """The latest program, marked with what its backend fuses; `viz.draw` frames it."""
        latest = self._latest()
        return replace(latest.program, fused=latest.written.fused)

    @property
    def source(self) -> str:
        """The source of the latest program."""
        return self._latest().written.source

    def _latest(self) -> Compilation:
        if not self._made:
            raise CompileError("compile: there is no program before the first call; call the function once")
        return list(self._made.values())[-1]

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any], quicks: list[Quick]) -> Any:
        if current() is not None:  # inside another compiled function this one becomes part of its program
            return self.function(*args, **kwargs)
        self._surroundings.check()
        refuse_recorded(self.__name__, args, kwargs)
        call = self._prepared(args, kwargs)
        call, made = self._compilation(call)
        outputs = made.written.run(*call.inputs(made.lifted.read))
        leave(call.held, made.lifted.writes, outputs)
        self._expect(args, kwargs, quicks)
        return filled(made.lifted.result, outputs)

    def _expect(self, args: tuple[Any, ...], kwargs: dict[str, Any], quicks: list[Quick]) -> None:
        """Make a fast path for further calls like this one, if there is a program for them."""
        call = self._prepared(args, kwargs)
        made = self._made.get(call.key)
        if made is not None:
            quicks[:] = [quick_call(call, made.lifted, made.written, self._surroundings), *quicks[: _QUICK - 1]]

    def _prepared(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Invocation:
        return Invocation(self.function, args, kwargs, self._names, self._state, self._lifts, self._gradients)

    def _compilation(self, call: Invocation) -> tuple[Invocation, Compilation]:
        made = self._made.get(call.key)
        if made is None:
            with self._surroundings.rewinding(call):
                call, lifted = self._traced(call)
            for v, array in lifted.program.constants.items():
                v.name = self._surroundings.names.get(id(array), v.name)
            program = keep_apart(optimise(lifted.program, lifted.names, self._exact), lifted.program)
            made = self._made[call.key] = Compilation(lifted, program, self._write)
            if len(self._made) == _MANY:
                warnings.warn(
                    f"compile: {self.__name__} has been compiled {_MANY} times, for arguments of other shapes, dtypes "
                    f"or static values each time; pass numbers that change as floats or arrays",
                    stacklevel=4,
                )
        return call, made

    def _trace(self, call: Invocation, flip_gradients: bool = False) -> Lifted:
        with self._surroundings.watched(call):
            return call.trace(flip_gradients)

    def _traced(self, call: Invocation) -> tuple[Invocation, Lifted]:
        """Trace a call twice; a difference shows that it depends on more than its arguments and the state."""
        lifted = self._trace(call)
        while lifted.counted - self._lifts:
            self._lifts |= lifted.counted
            call = self._prepared(call.args, call.kwargs)
            lifted = self._trace(call)
        found = difference(prune(lifted.program), prune(self._trace(call, flip_gradients=True).program))
        if found is None:
            return call, lifted
        if not self._gradients:
            self._gradients = True  # it may add to existing gradients
            return self._traced(self._prepared(call.args, call.kwargs))
        raise CompileError(
            f"compile: {self.__name__} depends on more than its arguments and the state: {found}; pass what "
            f"changes as an argument, and draw random numbers from a tinygrad_lab.random.Generator in the state"
        )
