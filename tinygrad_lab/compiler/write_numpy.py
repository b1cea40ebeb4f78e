"""The writer of NumPy source: readable Python that runs on its own, with the shape and origin of every line."""

from __future__ import annotations

import linecache
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab.compiler.buffers import plan
from tinygrad_lab.compiler.passes.naming import identifier
from tinygrad_lab.compiler.program import Call, Loop, Program, Variable, Written, replaced
from tinygrad_lab.compiler.spelling import Speller

_INLINE = 16  # elements of a constant that is written out; a larger one becomes a parameter
_COLUMN = 64  # where comments start


def write(program: Program) -> Written:
    """Return a program as Python source that uses nothing but NumPy, and the function that it defines.

    Results that do not leave the function are written into buffers, which are reused. Constants of more than a few
    elements are its last parameters, so that the source runs anywhere.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.compiler import trace
        >>> for line in write(trace(lambda x: np.tanh(x), np.zeros(3), name="squash")).source.splitlines():
        ...     print(line.partition("#")[0].rstrip())
        import numpy as np
        <BLANKLINE>
        <BLANKLINE>
        def squash(x0):
        <BLANKLINE>
            tanh = np.tanh(x0)
            return (tanh,)
    """
    program = _numbers_as_arrays(program)
    module = _Module(Speller(_names(program)))
    name, extra = module.define(program)
    source = module.source()
    code = compile(source, f"<compiled {name}>", "exec")
    linecache.cache[f"<compiled {name}>"] = len(source), None, source.splitlines(keepends=True), f"<compiled {name}>"
    supplied = dict(module.speller.names)

    def make() -> Callable[..., Sequence[Any]]:
        scope: dict[str, Any] = dict(supplied)
        exec(code, scope)  # noqa: S102  the source was written here
        function = scope[name]
        return function if not extra else lambda *arrays: function(*arrays, *extra)

    if not module.buffers:
        return Written(source, make())
    return Written(source, _per_thread(make))


def _per_thread(make: Callable[[], Callable[..., Sequence[Any]]]) -> Callable[..., Sequence[Any]]:
    """Return a function that has its own buffers in each thread."""
    local = threading.local()

    def run(*arrays: Any) -> Sequence[Any]:
        try:
            function = local.function
        except AttributeError:
            function = local.function = make()
        return function(*arrays)

    return run


@dataclass
class _Module:
    """A source file under construction."""

    speller: Speller
    constants: list[str] = field(default_factory=list)
    buffers: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)

    def source(self) -> str:
        """Return the whole text."""
        lines = ["import numpy as np", *self.speller.imports]
        fixed = []
        for name, x in self.speller.names.items():
            known = isinstance(x, np.generic | np.ndarray)
            fixed.append(f"{name} = {_literal(x)}" if known else f"# {name}: {x!r}, supplied by the caller")
        preamble = [*fixed, *self.constants, *self.buffers]
        parts = ["\n".join(lines)] + (["\n".join(preamble)] if preamble else [])
        return "\n\n".join(parts) + "\n\n\n" + "\n\n\n".join(self.functions) + "\n"

    def define(self, program: Program) -> tuple[str, list[Any]]:
        """Write a program as a function; return its name, and the arrays that it takes after its inputs."""
        extra: dict[str, Any] = {}
        lines: list[str] = []
        for v, x in program.constants.items():
            if isinstance(x, np.ndarray) and (v.size > _INLINE or x.dtype.hasobject):
                extra[v.name] = x
            else:
                self.constants.append(f"{v.name} = {_literal(x)}")
        chosen, first = plan(program), len(self.buffers)
        for number, (shape, dtype) in enumerate(chosen.buffers, first):
            self.buffers.append(f"buffer_{number} = np.empty({shape}, {self.speller.operand(dtype)})")
        line, within = "", ""
        for position, call in enumerate(program.calls):
            if call.line != line and call.line:
                lines.append(f"# {_origin(call.line)}")
            elsewhere = f"  {call.within}" if call.within and call.within != within else ""
            line, within = call.line, call.within
            if isinstance(call.function, Loop):
                lines += self._loop(call, call.function, extra)
                continue
            buffer = chosen.chosen.get(position)
            out = "" if buffer is None else f"buffer_{first + buffer}"
            made = ", ".join(v.name for v in call.outputs) + ("," if call.several and len(call.outputs) == 1 else "")
            lines.append(_commented(f"{made} = {self.speller.call(call, out)}", call.outputs[0], elsewhere))
        returned = ", ".join(v.name for v in program.outputs) + ("," if len(program.outputs) == 1 else "")
        lines.append(f"return ({returned})" if returned.endswith(",") else f"return {returned or '()'}")
        if any(call.quiet for call in program.calls):
            lines = ['with np.errstate(all="ignore"):', *(f"    {text}" for text in lines)]
        name = identifier(program.name)
        taken = sum(text.startswith((f"def {name}(", f"def {name}_")) for text in self.functions)
        name = f"{name}_{taken + 1}" if taken else name
        parameters = ", ".join([*(v.name for v in program.inputs), *extra])
        self.functions.append(f"def {name}({parameters}):\n" + "\n".join(f"    {text}" for text in lines))
        return name, list(extra.values())

    def _loop(self, call: Call, loop: Loop, extra: dict[str, Any]) -> list[str]:
        """Return the lines of a loop; constants of its body are added to `extra`."""
        name, arrays = self.define(loop.body)
        passed = []
        for array in arrays:
            known = next((key for key, x in extra.items() if x is array), None)
            if known is None:
                known = f"constant_{name}_{len(extra)}"
                extra[known] = array
            passed.append(known)
        length, *operands = (self.speller.operand(x) for x in call.args)
        carried, operands = operands[: loop.carried], operands[loop.carried :]
        sliced, fixed = operands[: loop.sliced], operands[loop.sliced :]
        count, *made = (v.name for v in call.outputs)
        carries, stacks = made[: loop.carried], made[loop.carried :]
        rows = [f"{stack}_i" for stack in stacks]
        lines = [f"{', '.join(carries)} = {', '.join(carried)}"] if carries else []
        for v in call.outputs[1 + loop.carried :]:
            shape = f"({', '.join([length, *map(str, v.shape[1:])])},)"
            lines.append(_commented(f"{v.name} = np.empty({shape}, {self.speller.operand(v.dtype)})", v))
        lines += [f"{count} = 0", f"for i in range({length}):"]
        arguments = ", ".join([*carries, *(f"{x}[i]" for x in sliced), *fixed, *passed])
        results = [*carries, *rows, *(["done"] if loop.until else [])]
        lines.append(f"    {', '.join(results)}{',' if len(results) == 1 else ''} = {name}({arguments})")
        lines += [f"    {stack}[i] = {row}" for stack, row in zip(stacks, rows, strict=True)]
        lines.append(f"    {count} += 1")
        if loop.until:
            lines += ["    if done:", "        break"]
            lines += [f"{stack} = {stack}[:{count}]" for stack in stacks]
        return lines


def _numbers_as_arrays(program: Program) -> Program:
    """Return the program with numbers among its inputs as 0-d arrays where several ufuncs take them: that is faster."""
    found: dict[tuple[Variable, Any], list[int]] = {}
    for position, call in enumerate(program.calls):
        if isinstance(call.function, np.ufunc) and len(call.args) == 2 and len(call.outputs) == 1:
            for v, other in (call.args, call.args[::-1]):
                weak = type(v) is Variable and v.weak and v.dtype.kind == "f" and v in program.inputs
                if weak and type(other) is Variable and other.shape and other.dtype == call.output.dtype:
                    found.setdefault((v, other.dtype), []).append(position)
    calls, before, taken = list(program.calls), list[Call](), _names(program)
    for (v, dtype), positions in found.items():
        if len(positions) > 1 and dtype.kind == "f":
            name = f"{v.name}_array"
            array = Variable(name if name not in taken else f"{name}_{len(taken)}", (), dtype)
            before.append(Call(np.asarray, (v, dtype), {}, (array,)))
            for i in positions:
                calls[i] = replace(calls[i], args=replaced(calls[i].args, {v: array}))
    return replace(program, calls=(*before, *calls))


def _names(program: Program) -> set[str]:
    """Return all names in the source of a program."""
    found = {v.name for v in (*program.inputs, *program.constants)} | {identifier(program.name)}
    for call in program.calls:
        found |= {v.name for v in call.outputs}
        if isinstance(call.function, Loop):
            found |= _names(call.function.body)
    return found


def _commented(text: str, v: Variable, more: str = "") -> str:
    kind = "a number" if v.weak else f"{v.shape} {v.dtype}"
    return f"{text:<{_COLUMN - 4}}  # {kind}{more}"


def _literal(x: Any) -> str:
    """Return a constant as source."""
    if not isinstance(x, np.ndarray | np.generic):
        return _element(x)
    kind = "" if x.dtype == np.float64 else f", np.{x.dtype.type.__name__}"
    if isinstance(x, np.generic):
        return f"np.{x.dtype.type.__name__}({_element(x.item())})"
    if x.ndim == 0:
        return f"np.array({_element(x.item())}{kind})"
    text = f"np.array([{', '.join(map(_element, x.ravel().tolist()))}]{kind})"
    return text if x.ndim == 1 else f"{text}.reshape({x.shape})"


def _element(x: Any) -> str:
    text = repr(x)
    return f"float({text!r})" if text in ("inf", "-inf", "nan") else text


def _origin(line: str) -> str:
    """Return where a call comes from, with the text of that line."""
    filename, _, number = line.rpartition(":")
    text = linecache.getline(filename, int(number)).strip() if number.isdigit() else ""
    where = f"{Path(filename).name}:{number}" if filename else line
    return f"{where}  {text}" if text else where
