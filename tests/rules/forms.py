"""The forms that a call may be written in, generated from NumPy's signatures, and how Values fare with each."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

import tinygrad_lab as tl
from tests.rules.samples import OF, OPTIONAL, OTHERS, REQUIRED, Unset, X
from tinygrad_lab import tree
from tinygrad_lab.calls.binding import parameters
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.registry import OPS, ZERO
from tinygrad_lab.errors import TinygradError

# Legal calls that are refused, forward and by name.
REFUSED = {("decompositions.qr", "mode")}  # 'raw', and the old name of 'reduced'
REFUSED |= {(name, "order") for name in ("shaping.ravel", "shaping.reshape", "ravel", "reshape", "flatten")}  # A and K

# Functions that NumPy does not ask a Value about where it stands in some places: it meets the Value further in.
UNASKED = {"full_like", "select", "var", "std", "nanvar", "nanstd"}

# NumPy's signatures of these say that they take x by keyword, and they do not.
SILENT = {f"sorting.unique_{kind}" for kind in ("values", "counts", "inverse", "all")}
SILENT |= {"any", "all"}  # methods, whose keepdims NumPy takes for an array to write into


class Sample(NamedTuple):
    """A function with a value for each of its parameters."""

    function: object
    name: str
    positional: tuple[str, ...]  # what may be given by position, in order
    keywords: frozenset[str]  # what may be given by keyword
    required: dict[str, object]
    optional: dict[str, object]
    more: tuple[object, ...]  # of a function of any number of arguments: those
    defaults: dict[str, object]
    exact: bool  # whether it refuses other keywords than its own


def sample(function, found, own, name):
    """Return a function's sample, given its parameters; `own`: the arguments that are not found by their names."""
    required, optional, more = {}, {}, ()
    for p in found:
        if p.kind is p.VAR_POSITIONAL:
            more = own.get(p.name, ())
        elif p.kind is not p.VAR_KEYWORD:
            into, table = (required, REQUIRED) if p.default is p.empty else (optional, OPTIONAL)
            into[p.name] = own[p.name] if p.name in own else table[p.name]
    return Sample(
        function,
        name,
        tuple(p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)),
        frozenset(p.name for p in found if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)),
        required,
        optional,
        more,
        {p.name: p.default for p in found if p.default is not p.empty},
        not any(p.kind is p.VAR_KEYWORD for p in found),
    )


_APART = Unset("in tests of their own")
_OF_UFUNCS = dict.fromkeys(("where", "axes", "axis", "keepdims", "signature"), _APART)


def samples():
    """Return the samples of every function of NumPy's in the registry that tells its parameters and takes an array."""
    for op in list(OPS.values()):
        found = parameters(op.function)
        if found is None or (op.kind == ZERO and "like" in {p.name for p in found}):
            continue
        own = OF.get(op.function, {})
        if isinstance(op.function, np.ufunc):
            if getattr(np, op.function.__name__, None) is op.function:
                yield sample(op.function, found, _OF_UFUNCS | own, f"{op.family}.{op.name}")
        elif (getattr(op.function, "__module__", None) or "numpy").startswith("numpy"):
            yield sample(op.function, found, own, f"{op.family}.{op.name}")


def method_samples():
    """Return the samples of every method of arrays that Values have."""
    for name in sorted(name for name in dir(np.ndarray) if hasattr(tl.Value, name)):
        found = parameters(method := getattr(np.ndarray, name)) if callable(getattr(np.ndarray, name)) else None
        if found and name[0] != "_":

            def call(self, *args, name=name, **kwargs):
                return getattr(self, name)(*args, **kwargs)

            yield sample(call, found, {"self": X} | OF.get(method, {}), name)


def forms(one, others=True):
    """Yield legal forms of calls, grouped by what they mean: `[(args, kwargs), ...]` of which all are the same call."""
    yield [_form(one, {}, by) for by in ("position", "keyword", "none")]
    for name, x in one.optional.items():
        if not isinstance(x, Unset):
            for other in (x, *OTHERS.get(name, ())) if others else (x,):
                yield [_form(one, {name: other}, by) for by in ("position", "keyword", "none")]


def _form(one, chosen, by):
    """Return a call: arguments by position as far as it goes, or by keyword, or so with None for `out` as well."""
    given = one.required | chosen | ({n: one.optional[n] for n in ("x", "y")} if one.function is np.where else {})
    like = {"like": X} if "like" in one.optional else {}
    if one.more:
        args = (*(one.required[n] for n in one.positional if n in one.required), *one.more)
        return args, dict(chosen)  # such a function has no optional parameter by position
    if by == "position":
        last = max((i for i, name in enumerate(one.positional) if name in given), default=-1)
        args = tuple(given.get(n, one.defaults.get(n)) for n in one.positional[: last + 1])
        return args, {n: x for n, x in given.items() if n not in one.positional} | like
    args = tuple(one.required[n] for n in one.positional if n in one.required and n not in one.keywords)
    kwargs = {n: x for n, x in given.items() if n in one.keywords and n not in one.positional[: len(args)]}
    if by == "none" and "out" in one.optional and "out" in one.keywords:
        kwargs["out"] = None
    return args, kwargs | like


# -- calls with Values ------------------------------------------------------------------------------------------------


def is_real(x):
    return isinstance(x, np.ndarray) and x.dtype.kind in "fc"


def quietly(call):
    """Return what a call returns, or its error."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return call()
    except Exception as error:
        return error


def with_values(call):
    """Put the arrays of floating numbers of a call into Values, which nobody may write into; return these too."""
    values = []

    def wrap(leaf):
        if not is_real(leaf):
            return leaf
        leaf = leaf.copy(order="K")
        leaf.flags.writeable = False
        values.append(tl.Value(leaf))
        return values[-1]

    return tree.map(wrap, call), values


def leaves(result):
    return tree.flatten(result)[0]


def weighted(results, chosen):
    """Return a weighted sum of the real and imaginary parts of those results that are chosen; None if none is."""
    total, rng = None, np.random.default_rng(5)
    for result, taken in zip(leaves(results), chosen, strict=True):
        if taken:
            weights = rng.uniform(0.5, 1.5, np.shape(result))
            part = np.sum(np.real(result) * weights)
            part = part + np.sum(np.imag(result) * weights) if np.iscomplexobj(result) else part
            total = part if total is None else total + part
    return total


def gradients(results, values):
    """Return the gradients of a weighted sum of all results that are Values, and None where there is none."""
    total = quietly(lambda: weighted(results, [isinstance(result, tl.Value) for result in leaves(results)]))
    if total is None or not total.requires_grad:
        return [None] * len(values)
    quietly(total.backward)
    return [v.grad for v in values]


def slopes(one, args, kwargs):
    """Return the derivative of that sum along a direction in all arrays at once: by gradients, and by differences."""
    (vargs, vkwargs), values = with_values((args, kwargs))
    got = quietly(lambda: one.function(*vargs, **vkwargs))
    if isinstance(got, Exception):
        return None
    rng = np.random.default_rng(6)
    directions = [rng.uniform(-1, 1, v.shape) for v in values]
    directions = [
        d + d.T if v.ndim == 2 and v.shape == v.shape[::-1] and np.allclose(v.data, v.data.T) else d
        for v, d in zip(values, directions, strict=True)
    ]
    chosen = [isinstance(result, tl.Value) for result in leaves(got)]

    def along(step):
        steps = iter(directions)
        a, k = tree.map(lambda x: x + step * next(steps) if is_real(x) else x, (args, kwargs))
        return weighted(quietly(lambda: one.function(*a, **k)), chosen)

    found = gradients(got, values)
    if not any(chosen):
        return None
    total = sum(np.sum(g * d) for g, d in zip(found, directions, strict=True) if g is not None)
    narrow = any(r.dtype in (np.float32, np.complex64) for r in leaves(got) if isinstance(r, tl.Value))
    h = 1e-2 if narrow else 1e-6
    return total, quietly(lambda: (along(h) - along(-h)) / (2 * h)), 0.02 if narrow else 1e-5


def describe(args, kwargs):
    return f"({', '.join([*map(repr, args), *(f'{n}={x!r}' for n, x in kwargs.items())])})"


def compare(one, args, kwargs):
    """Return what is wrong with a call with Values, NumPy says what is right; and its gradients, if it has any."""
    expected = quietly(lambda: one.function(*args, **kwargs))
    (vargs, vkwargs), values = with_values((args, kwargs))
    got = quietly(lambda: one.function(*vargs, **vkwargs))
    if isinstance(expected, Exception):
        kind = TypeError if isinstance(expected, TypeError) else type(expected)
        right = isinstance(got, kind) or one.name in SILENT
        return None if right else f"NumPy raises {expected!r}, and we {got!r}", None
    if isinstance(got, Exception):
        right = isinstance(got, TinygradError) and any(
            f"{name} " in str(got) for where, name in REFUSED if where == one.name
        )
        return None if right else f"NumPy gives {expected!r}, and we raise {got!r}", None
    mine, theirs = leaves(got), leaves(expected)
    if len(mine) != len(theirs):
        return f"{len(theirs)} results in NumPy, {len(mine)} here", None
    wrong = [what for a, b in zip(map(plain, mine), theirs, strict=True) if (what := differs(one, a, b))]
    return (wrong[0], None) if wrong else (None, gradients(got, values))


def differs(one, a, b):
    if not isinstance(b, np.ndarray | np.generic):
        return None if a == b else f"{b!r} in NumPy, {a!r} here"
    if np.shape(a) != b.shape or a.dtype != b.dtype:
        return f"shape and dtype {b.shape, b.dtype} in NumPy, {a.shape, a.dtype} here"
    if one.function is np.empty_like or b.dtype == object or np.allclose(a, b, rtol=1e-5, atol=1e-6, equal_nan=True):
        return None
    return f"{b!r} in NumPy, {a!r} here"


def same(a, b):
    return a is b is None or (a is not None and b is not None and np.allclose(a, b, equal_nan=True))


# -- spellings of one thing -------------------------------------------------------------------------------------------

# Of no use to anybody, or of another shape in the end, and so left as they are.
ODD = {("gradient", "edge_order"), ("convolve", "mode"), ("correlate", "mode"), ("tile", "reps"), ("insert", "obj")}
ODD |= {(f"nan{name}", option) for name in ("var", "std") for option in ("ddof", "correction")}
ODD |= {
    ("norm", "axis"),
    ("vector_norm", "axis"),
    ("vector_norm", "ord"),
    ("tensorsolve", "axes"),
    ("full_like", "shape"),
    ("cov", "fweights"),
}
ODD |= {("sort", "kind"), ("require", "requirements"), ("any", "keepdims"), ("all", "keepdims")}
ODD |= {(name, "dtype") for name in ("cumprod", "nancumprod", "cumulative_prod")}  # float16 rounds by order of addition


def spellings(x):
    """Yield other spellings of an option, and values of which NumPy takes some, and others not."""
    if isinstance(x, bool):
        yield from (np.bool_(x), int(x))
    elif isinstance(x, int):
        yield from (np.int64(x), np.uint8(x) if x >= 0 else np.int8(x), np.array(x), float(x), (x,), [x], True, 99, -99)
    elif isinstance(x, str):
        yield from (x.upper(), x.lower(), x + "x", x.encode(), np.str_(x), 1)
    elif isinstance(x, tuple | list) and x and all(isinstance(i, int) for i in x):
        yield from (list(x), tuple(x), tuple(map(np.int64, x)), tuple(map(float, x)), (*x, x[0]), (*x, 99))
    elif isinstance(x, type | np.dtype) and np.dtype(x) != object:
        dtype = np.dtype(x)
        yield from (dtype, dtype.str, dtype.name, dtype.char, "no such", bool, int, complex, np.float16, np.longdouble)


def spelled(one):
    """Yield calls with an argument in another spelling: its name, the arguments by position and by keyword."""
    for name, x in (one.required | one.optional).items():
        for other in () if (one.name.rpartition(".")[2], name) in ODD or isinstance(x, Unset) else spellings(x):
            given = one._replace(required=one.required | {name: other}) if name in one.required else one
            for by in ("position", "keyword"):
                yield given, _form(given, {} if name in one.required else {name: other}, by)
