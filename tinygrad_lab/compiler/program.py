"""A program: a function of arrays, written down as the list of NumPy calls that it makes. Plain data.

This is what tracing gives, what every pass takes and gives, and all that a writer sees:

    Program.inputs      variables that the caller supplies, in order
    Program.constants   variables that hold an array known beforehand
    Program.calls       each: a function, its operands and keywords, and the variables that it makes
    Program.outputs     variables (made by calls, or inputs, or constants), in order

Every variable knows its shape and dtype, so a writer never runs anything to find out. Operands are variables, plain
numbers, strings, slices, None and so on, or lists, tuples and dicts of these: `getitem(x, (slice(None), i))`.

A **writer** is a function `write(program) -> Written`; that of the backend "name" is found in the module `write_name`.
`Written.run(*inputs)` takes and returns arrays of the shapes and dtypes that the program states (Python numbers where a
variable is weak). It may reuse its own buffers, but what it returns belongs to the caller: no later call may change it.
What it is given it never writes into. A function that a writer has no words for is called as it is.

**Loops** are calls too: their function is a `Loop`, which holds a program as its body, and their operands are
`(length, *carried, *sliced, *fixed)`. `repeat` compiles a program that is a single such call, where the parameters and
the optimizer's states are `carried`: output `i` of the body feeds its input `i`. Its length is an input; the first axis
of what it stacks is then known only when it runs, and is -1 in the shapes of its results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np


class Variable:
    """One array of a program, identified by object identity.

    Attributes:
        name: readable, a Python identifier, unique in a finished program.
        shape, dtype: those of the array.
        weak: whether it is a Python number rather than an array; it then does not widen the dtype of what it meets.
    """

    __slots__ = ("dtype", "name", "shape", "weak")

    def __init__(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], weak: bool = False) -> None:
        self.name, self.shape, self.dtype, self.weak = name, shape, dtype, weak

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self.size * self.dtype.itemsize

    def __repr__(self) -> str:
        kind = "Python number" if self.weak else f"{self.shape} {self.dtype}"
        return f"<{self.name}: {kind}>"


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One line of a program: `outputs = function(*args, **kwargs)`.

    Attributes:
        function: a NumPy function or ufunc, an operator of Python's (on Python numbers), `getitem`, `astype`, a
            primitive of this package or of the user, or a `Loop`. It is pure.
        args, kwargs: its operands; `variables(call)` lists the variables in them.
        outputs: the variables that it makes.
        several: whether the function returns a sequence of arrays, one for each output, rather than one array.
        line: where the user's code was, as `file:line`, or "".
        within: the function of this package that made the call, such as "sigmoid", or "".
        quiet: whether the call was made where NumPy's floating-point warnings were switched off.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[Variable, ...]
    several: bool = False
    line: str = ""
    within: str = ""
    quiet: bool = False

    @property
    def output(self) -> Variable:
        """The only output."""
        (output,) = self.outputs
        return output


class Fused(NamedTuple):
    """Calls that a writer does together, with a word for `how`: such as one loop that keeps nothing in between in
    memory.
    """

    how: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A straight list of calls from inputs to outputs; see the module's text for what each field holds.

    `fused` says which calls a writer does together; it changes nothing.
    """

    name: str
    inputs: tuple[Variable, ...]
    calls: tuple[Call, ...]
    outputs: tuple[Variable, ...]
    constants: dict[Variable, Any] = field(default_factory=dict)
    fused: tuple[Fused, ...] = ()

    def __call__(self, *arrays: Any) -> list[Any]:
        """Run the calls one after the other, on arrays or Values: what every written program must equal.

        Example:
            >>> import numpy as np, tinygrad_lab as tl
            >>> from tinygrad_lab.compiler import trace
            >>> program = trace(lambda x: np.tanh(x) * 2, np.zeros(3))
            >>> program(np.zeros(3))
            [array([0., 0., 0.])]
        """
        values: dict[Variable, Any] = {**self.constants, **dict(zip(self.inputs, arrays, strict=True))}
        with np.errstate(all="ignore" if any(call.quiet for call in self.calls) else None):
            for call in self.calls:
                args, kwargs = replaced((call.args, call.kwargs), values)
                result = call.function(*args, **kwargs)
                values.update(zip(call.outputs, result if call.several else (result,), strict=True))
        return [values[output] for output in self.outputs]

    def __str__(self) -> str:
        lines = [f"{self.name}({', '.join(v.name for v in self.inputs)}):"]
        for call in self.calls:
            name = getattr(call.function, "__name__", repr(call.function))
            operands = [_text(x) for x in call.args] + [f"{key}={_text(x)}" for key, x in call.kwargs.items()]
            made = ", ".join(v.name for v in call.outputs)
            lines.append(f"    {made} = {name}({', '.join(operands)})")
        return "\n".join([*lines, f"    return {', '.join(v.name for v in self.outputs)}"])


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Loop:
    """The function of a call that runs a program over and over: `scan`, and the steps of `repeat`.

    Called with `(length, *carried, *sliced, *fixed)`, it does, for i in range(length),

        *carried, *made = body(*carried, *(x[i] for x in sliced), *fixed)

    and returns `(count, *carried, *stacked)`: how many rounds were made (a Python int), what is carried at the end, and
    each of `made` with a leading axis of `count`.

    Attributes:
        body: the program of one round.
        carried: how many of its first inputs are carried; its first outputs are what the next round gets for them.
        sliced: how many of the following inputs are slices along the first axis; the rest are the same every round.
        until: whether the body's last output is a bool: the round that makes it true is the last (it is not stacked).
        examples: arrays that the body's inputs held when it was traced, to trace its derivative with.
    """

    body: Program
    carried: int
    sliced: int = 0
    until: bool = False
    examples: tuple[Any, ...] = ()
    __name__ = "loop"

    def __call__(self, length: Any, *operands: Any) -> tuple[Any, ...]:
        """Run the rounds in Python, on arrays or Values."""
        carried, operands = operands[: self.carried], operands[self.carried :]
        sliced, fixed = operands[: self.sliced], operands[self.sliced :]
        rounds: list[list[Any]] = []
        for i in range(length):
            outputs = self.body(*carried, *(x[i] for x in sliced), *fixed)
            carried = tuple(outputs[: self.carried])
            rounds.append(outputs[self.carried : len(outputs) - self.until])
            if self.until and outputs[-1]:
                break
        made = self.body.outputs[self.carried : len(self.body.outputs) - self.until]
        columns = zip(*rounds, strict=True) if rounds else (() for _ in made)
        stacked = (
            np.stack(column) if column else np.zeros((0, *v.shape), v.dtype)
            for v, column in zip(made, columns, strict=True)
        )
        return len(rounds), *carried, *stacked


@dataclass(frozen=True, slots=True, eq=False)
class Inline:
    """A program as lines of Python, to be put into a function that has the inputs under names of its own.

    Attributes:
        lines: the lines that compute the results. They may `return OTHER`, before anything has happened, if an input is
            of another kind than the program's.
        results: an expression for each output, to be used once, after the lines.
        scope: the names that the lines use.
        checked: the positions of inputs whose class, shape and dtype the lines check.
    """

    lines: list[str]
    results: list[str]
    scope: dict[str, Any]
    checked: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """What a writer returns: the source it wrote, and a function of arrays, `run(*inputs) -> outputs`.

    Attributes:
        source: the source, for readers.
        run: the function.
        left_to_numpy: names of functions that the writer does not know, and calls as they are.
        fused: the calls that are done together.
        inlined: returns lines that do what `run` does, for one thread and inputs of these names; or None, in which case
            `run` is called.
    """

    source: str
    run: Callable[..., Sequence[Any]]
    left_to_numpy: tuple[str, ...] = ()
    inlined: Callable[[Sequence[str]], Inline | None] = lambda names: None
    fused: tuple[Fused, ...] = ()

    def inline(self, names: Sequence[str], outputs: int) -> Inline:
        """Return these lines; if there are none, one that calls `run`."""
        call = Inline([f"r = run({', '.join(names)})"], [f"r[{i}]" for i in range(outputs)], {"run": self.run})
        return self.inlined(names) or call


Writer = Callable[[Program], Written]


def replaced(tree: Any, values: dict[Variable, Any]) -> Any:
    """Return operands with variables replaced as `values` says; others stay."""
    kind = type(tree)
    if kind is Variable:
        return values.get(tree, tree)
    if kind is tuple or kind is list:
        return kind(replaced(part, values) for part in tree)
    if kind is dict:
        return {key: replaced(part, values) for key, part in tree.items()}
    if kind is slice:
        return slice(*(replaced(part, values) for part in (tree.start, tree.stop, tree.step)))
    return tree


def variables(tree: Any) -> Iterator[Variable]:
    """Yield the variables among the operands of a call (or in a tree of operands), in order, repeated ones too."""
    kind = type(tree)
    if kind is Variable:
        yield tree
    elif kind is Call:
        yield from variables(tree.args)
        yield from variables(tree.kwargs)
    elif kind is tuple or kind is list:
        for part in tree:
            yield from variables(part)
    elif kind is dict:
        yield from variables(list(tree.values()))
    elif kind is slice:
        yield from variables([tree.start, tree.stop, tree.step])


def uses(program: Program) -> dict[Variable, int]:
    """Return how often each variable is used, by calls and as an output."""
    count: dict[Variable, int] = {}
    for user in (*program.calls, program.outputs):
        for variable in variables(user):
            count[variable] = count.get(variable, 0) + 1
    return count


def _text(operand: Any) -> str:
    kind = type(operand)
    if kind is Variable:
        return operand.name
    if kind is tuple:
        return f"({', '.join(map(_text, operand))}{',' if len(operand) == 1 else ''})"
    if kind is list:
        return f"[{', '.join(map(_text, operand))}]"
    return repr(operand)
