"""Running a placed program: memory for a thread, arrays in, stages and NumPy's calls in turn, arrays out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba import from_dtype, types
from numpy.lib.stride_tricks import as_strided

from tinygrad_lab.compiler.numba.module import Body, Module, Stage, aligned_bytes
from tinygrad_lab.compiler.numba.reading import Outside
from tinygrad_lab.compiler.program import Variable, replaced, variables

Step = Callable[[dict[Variable, Any]], None]


def write_entry(module: Module, body: Body, stage: Stage) -> str:
    """Write the function that takes a stage's arrays, and return its name. It returns whether they were in order."""
    name = f"enter_{stage.name}"
    helpers = module.helpers
    names = [f"array_{i}" for i in range(len(stage.given))]
    lines = [f"def {name}({', '.join([*names, 'constants', 'arena'])}):"]
    addresses = []
    for array, v in zip(names, stage.given, strict=True):
        if _by_value(body, v):
            offset = body.scalars[v]
            store = helpers.make(f"store_{v.dtype.name}x1", "storer", v.dtype.name, 1)
            lines.append(f"    {store}(arena + {offset}, {array})")
            addresses.append(f"arena + {offset}")
        else:
            lines.append(f"    if not {helpers.call('in_order')}({array}):\n        return False")
            addresses.append(f"{helpers.call('address_of')}({array})")
    lines += [f"    {stage.name}({', '.join([*addresses, 'constants', 'arena'])})", "    return True"]
    module.functions.append(['@njit(error_model="numpy", cache=True)', *lines])
    return name


def _by_value(body: Body, v: Variable) -> bool:
    return v in body.scalars


def signature(body: Body, stage: Stage) -> tuple[Any, ...]:
    """Return the Numba types of what a stage's entry takes."""
    arrays = [
        from_dtype(v.dtype)
        if _by_value(body, v)
        else types.Array(from_dtype(v.dtype), len(v.shape), "A", readonly=v not in body.own)
        for v in stage.given
    ]
    return (*arrays, types.int64, types.int64)


class Runner:
    """Runs a program in one thread.

    Arguments:
        body: the program, placed.
        entries: for each stage that is compiled, its function of arrays.
        constants: the memory of the constants.
    """

    def __init__(self, body: Body, entries: dict[str, Callable[..., Any]], constants: Any) -> None:
        self._body = body
        self._arena = aligned_bytes(body.size)
        self._constants = constants
        self._places = int(constants.__array_interface__["data"][0]), int(self._arena.__array_interface__["data"][0])
        self._fixed = self._arrays(body.arena, self._arena) | self._arrays(body.constants, constants)
        self._steps = [self._step(stage, entries) for stage in body.stages]

    def __call__(self, *inputs: Any) -> Sequence[Any]:
        """Run the program."""
        body = self._body
        values = dict(zip(body.program.inputs, inputs, strict=True))
        values.update((v, np.empty(v.shape, v.dtype)) for v in body.own)
        for step in self._steps:
            step(values)
        pairs = zip(body.outputs, body.program.outputs, strict=True)
        return [self._returned(values[holder], output) for holder, output in pairs]

    def _returned(self, x: Any, output: Variable) -> Any:
        if output.weak:
            return x.item() if hasattr(x, "item") else x
        if output.shape == ():
            return x[()] if isinstance(x, np.ndarray) else x
        return x

    @staticmethod
    def _arrays(places: dict[Variable, int], memory: Any) -> dict[Variable, Any]:
        return {v: memory[at : at + v.nbytes].view(v.dtype).reshape(v.shape) for v, at in places.items()}

    def _step(self, stage: Stage | list[Outside], entries: dict[str, Callable[..., Any]]) -> Step:
        if isinstance(stage, Stage):
            return self._compiled(stage, entries[stage.name])
        calls = [self._outside(item) for item in stage]

        def step(values: dict[Variable, Any]) -> None:
            for call in calls:
                call(values)

        return step

    def _compiled(self, stage: Stage, enter: Callable[..., Any]) -> Step:
        given, places, scalars = stage.given, self._places, self._body.scalars

        def step(values: dict[Variable, Any]) -> None:
            arrays = [values[v] for v in given]
            if enter(*arrays, *places):
                return
            enter(
                *(x if v in scalars else np.ascontiguousarray(x) for v, x in zip(given, arrays, strict=True)), *places
            )

        return step

    def _outside(self, item: Outside) -> Step:
        call, reader = item.call, self._body.reader
        read = {v: reader.look(v) for v in variables(call)}
        fixed, arena = self._fixed, self._arena
        quiet: Any = "ignore" if call.quiet else None

        def look(v: Variable, values: dict[Variable, Any]) -> Any:
            access = read[v]
            base = values[access.base] if access.base in values else fixed[access.base]
            if access.whole and access.shape == access.base.shape:
                return base.item() if v.weak and hasattr(base, "item") else base
            flat = np.ascontiguousarray(base).reshape(-1)
            strides = tuple(s * flat.itemsize for s in access.strides)
            return as_strided(flat[access.offset :], access.shape, strides, writeable=False)

        def step(values: dict[Variable, Any]) -> None:
            args, kwargs = replaced((call.args, call.kwargs), {v: look(v, values) for v in read})
            with np.errstate(all=quiet):
                result = call.function(*args, **kwargs)
            for v, x in zip(call.outputs, result if call.several else (result,), strict=True):
                if isinstance(x, np.ndarray) and (x.base is not None or np.may_share_memory(x, arena)):
                    x = x.copy()
                values[v] = x

        return step
