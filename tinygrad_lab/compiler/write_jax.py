"""The writer for JAX: the same calls through `jax.numpy`, compiled by XLA, on whatever device JAX finds.

Results have the dtypes that the program states, float64 included. A function without a counterpart in `jax.numpy` runs
in NumPy, on the host.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lab.compiler.program import Call, Loop, Program, Variable, Written, replaced
from tinygrad_lab.compiler.traced import item_of
from tinygrad_lab.core.operators import getitem
from tinygrad_lab.core.protocols import astype
from tinygrad_lab.errors import CompileError
from tinygrad_lab.extras import extra
from tinygrad_lab.rules.writing import add_at, scatter, set_at

_TOO_WIDE = {np.dtype(np.longdouble), np.dtype(np.clongdouble)} - {np.dtype(np.float64), np.dtype(np.complex128)}
_PYTHON = {getattr(operator, name) for name in dir(operator) if callable(getattr(operator, name))} | {divmod}


def write(program: Program) -> Written:
    """Return a program that runs in JAX (the extra `[jax]`). Its source is the list of its calls.

    Its source is the list of its calls.
    """
    with extra("jax"):
        import jax

    _check(program)
    compiled = functools.lru_cache(maxsize=32)(lambda room: jax.jit(functools.partial(_run, program, room)))

    def run(*arrays: Any) -> list[Any]:
        with jax.enable_x64(True):
            # A loop whose length is an input stacks into arrays with room for the next power of two.
            room = 1 << max(int(arrays[0]) - 1, 0).bit_length() if _is_open(program) else 0
            results = compiled(room)(*arrays)
            count = int(results[0]) if room else 0
            return [_numpy(x, v, count) for x, v in zip(results, program.outputs, strict=True)]

    return Written(str(program), run)


def _check(program: Program) -> None:
    """Refuse dtypes that JAX lacks: wider than float64 and complex128, or with another byte order."""
    places = {v: f"input {v.name}" for v in program.inputs} | {v: f"constant {v.name}" for v in program.constants}
    places |= {v: call.line for call in program.calls for v in call.outputs}
    for v, place in places.items():
        if v.dtype in _TOO_WIDE or not v.dtype.isnative:
            raise CompileError(
                f"jax: JAX has no arrays of {v.dtype}, as at {place}; convert them to at most float64 or complex128 in "
                f"the processor's order of bytes, or choose another backend"
            )
    for call in program.calls:
        if isinstance(call.function, Loop):
            _check(call.function.body)


def _is_open(program: Program) -> bool:
    return any(-1 in v.shape for v in program.outputs)


def _numpy(x: Any, v: Variable, count: int) -> Any:
    array = np.array(x, dtype=v.dtype)
    if v.weak:
        return array.item()
    return array[:count] if -1 in v.shape else array[()]


def _run(program: Program, room: int, *arrays: Any) -> list[Any]:
    import jax.numpy as jnp

    known = {v: jnp.asarray(x) if isinstance(x, np.ndarray) else x for v, x in program.constants.items()}
    values: dict[Variable, Any] = {**known, **dict(zip(program.inputs, arrays, strict=True))}
    for call in program.calls:
        args, kwargs = replaced((call.args, call.kwargs), values)
        if isinstance(call.function, Loop):
            result: Any = _loop(call.function, room, *args)
        else:
            result = _call(call, args, kwargs)
        results = result if call.several else (result,)
        for v, x in zip(call.outputs, results, strict=True):
            values[v] = x if v.weak or -1 in v.shape or getattr(x, "dtype", None) == v.dtype else _as(x, v)
    return [values[v] for v in program.outputs]


def _as(x: Any, v: Variable) -> Any:
    import jax.numpy as jnp

    return jnp.asarray(x, dtype=v.dtype)


def _call(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    own = _OWN.get(call.function)
    function = own or _counterpart(call.function)
    if function is None:
        return _in_numpy(call, args, kwargs)
    try:
        result = function(*_as_wide(call, args), **kwargs)
    except (TypeError, NotImplementedError, ValueError, IndexError):  # an argument that JAX's function lacks
        return _in_numpy(call, args, kwargs)
    made = zip(result if call.several else (result,), call.outputs, strict=True)
    same = all(np.shape(x) == v.shape and not _is_narrower(x, v) for x, v in made)
    return result if same else _in_numpy(call, args, kwargs)


_AVERAGES = {np.mean, np.average, np.var, np.std, np.median, np.quantile, np.percentile}


def _as_wide(call: Call, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return operands in the dtypes that NumPy computes in: for bools and short integers JAX would take float32."""
    known = [x.dtype if hasattr(x, "dtype") else type(x) for x in args]
    if call.function in _AVERAGES and known[0].kind in "biu":
        return args[0].astype(call.outputs[0].dtype), *args[1:]
    if not isinstance(call.function, np.ufunc) or call.function.signature or len(known) != call.function.nin:
        return args
    if len(set(known)) == 1 and known[0] in _FLOATING:
        return args
    try:
        wanted = call.function.resolve_dtypes((*known, *(None for _ in range(call.function.nout))))
    except (TypeError, ValueError):
        return args
    return tuple(x.astype(d) if hasattr(x, "dtype") else x for x, d in zip(args, wanted, strict=False))


_FLOATING = {np.dtype(name) for name in ("float16", "float32", "float64", "complex64", "complex128")}


def _is_narrower(x: Any, v: Variable) -> bool:
    """Whether JAX's result has fewer digits than NumPy's."""
    return v.dtype.kind in "fc" and not v.weak and getattr(x, "dtype", v.dtype).itemsize < v.dtype.itemsize


def _in_numpy(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run a call in NumPy on the host."""
    import jax

    leaves, shape = jax.tree.flatten((args, kwargs))
    fixed = [not hasattr(x, "aval") for x in leaves]

    def run(*arrays: Any) -> Any:
        given = iter(arrays)
        full = [x if keep else np.asarray(next(given)) for x, keep in zip(leaves, fixed, strict=True)]
        positional, named = jax.tree.unflatten(shape, full)
        result = call.function(*positional, **named)
        made = result if call.several else (result,)
        return tuple(np.asarray(x, v.dtype) for x, v in zip(made, call.outputs, strict=True))

    kind: Any = jax.ShapeDtypeStruct
    kinds = tuple(kind(v.shape, v.dtype) for v in call.outputs)
    results = jax.pure_callback(run, kinds, *(x for x, keep in zip(leaves, fixed, strict=True) if not keep))
    return results if call.several else results[0]


def _counterpart(function: Any) -> Callable[..., Any] | None:
    """Return the function of `jax.numpy` with the same calls as NumPy's, or None."""
    import jax.numpy as jnp

    if function in _PYTHON:
        found: Callable[..., Any] = function
        return found
    name, owner = getattr(function, "__name__", ""), getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return getattr(getattr(jnp, owner.__name__, None), name, None)
    if isinstance(function, np.ufunc):
        return getattr(jnp, name, None) if getattr(np, name, None) is function else None
    home, module = jnp, str(getattr(function, "__module__", "")).split(".")
    if module[0] != "numpy":
        return None
    for part in module[1:]:
        home = getattr(home, part, jnp)
    return getattr(home, name, None)


def _loop(loop: Loop, room: int, length: Any, *operands: Any) -> tuple[Any, ...]:
    """Run a loop by `lax.scan`, or, if its length is an input, by `lax.while_loop`."""
    import jax
    import jax.numpy as jnp

    body = loop.body
    start = tuple(_as(x, v) for x, v in zip(operands[: loop.carried], body.inputs, strict=False))
    rows, fixed = operands[loop.carried : loop.carried + loop.sliced], operands[loop.carried + loop.sliced :]

    def once(carried: Any, sliced: Any) -> tuple[Any, Any]:
        made = _run(body, 0, *carried, *sliced, *fixed)
        made = [_as(x, v) for x, v in zip(made, body.outputs, strict=True)]
        return tuple(made[: loop.carried]), tuple(made[loop.carried :])

    if not room:
        carried, stacked = jax.lax.scan(once, start, tuple(rows), length=length)
        return length, *carried, *stacked
    made = body.outputs[loop.carried : len(body.outputs) - loop.until]
    stacks = tuple(jnp.zeros((room, *v.shape), v.dtype) for v in made)

    def again(state: Any) -> Any:
        i, _, carried, stacks = state
        carried, outputs = once(carried, tuple(x[i] for x in rows))
        stacks = tuple(s.at[i].set(x) for s, x in zip(stacks, outputs, strict=False))
        return i + 1, outputs[-1] if loop.until else jnp.asarray(False), carried, stacks

    state = (jnp.asarray(0), jnp.asarray(False), start, stacks)
    count, _, carried, stacks = jax.lax.while_loop(lambda s: (s[0] < length) & ~s[1], again, state)
    return count, *carried, *stacks


def _getitem(x: Any, index: Any) -> Any:
    import jax.numpy as jnp

    return (jnp.asarray(x) if isinstance(x, np.ndarray) else x)[index]


def _scatter(g: Any, index: Any, shape: Sequence[int]) -> Any:
    import jax.numpy as jnp

    return jnp.zeros(shape, g.dtype).at[index].add(g)


_OWN: dict[Any, Callable[..., Any]] = {
    getitem: _getitem,
    astype: lambda x, dtype: x.astype(dtype),
    item_of: lambda x: x,
    scatter: _scatter,
    add_at: lambda x, value, index: x.at[index].add(value),
    set_at: lambda x, value, index: x.at[index].set(value),
}
