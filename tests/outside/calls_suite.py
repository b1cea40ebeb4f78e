"""Calls drawn at random from NumPy's signatures: options that are legal, odd or wrong, of arrays that are likewise.

`python -m tests.outside calls --seed 7 --count 100 [function ...]`. What is drawn for a parameter depends on its name
alone, so most calls are refused; both must then refuse, with the same class of error.
"""

from __future__ import annotations

import contextlib
import inspect
import signal
from collections import Counter

import numpy as np

import tinygrad_lab as tl
from tests.outside.comparing import compare
from tests.outside.numpy_suite import MAKERS, row
from tinygrad_lab.core.registry import OPS

ARRAY, SEVERAL = object(), object()  # an array, or a list or tuple of arrays, is drawn anew for each
SHAPES = ((), (3,), (2, 3), (3, 3), (2, 3, 3), (0,), (0, 3), (1,), (1, 3), (4,), (3, 1), (2, 1, 3), (2, 2, 2, 3))
DTYPES = (*(np.float64,) * 8, np.float32, np.float32, np.float16, np.longdouble, np.complex128, np.complex64)
NUMBERS = (0.5, 1, -1.0, 0, 2, np.float32(0.5), np.float64(2), 1j, None, np.inf, True, "a", [1.0], np.array(1.5), ARRAY)
COUNTS = (0, 1, 2, 3, -1, 5, np.int64(2), np.array(1), 2.0, 2.5, None, True, "1", (2,), [1, 2], np.uint8(3), -4)
FLAGS = (True, False, 1, 0, np.True_, np.False_, None, "yes", np.int64(1), [], 2.5)
AXES = (0, 1, -1, -2, 2, 5, -7, None, (0,), (0, 1), (1, 0), (-1, -2), (0, 0), (0, -3), (), [0], [0, 1], np.int64(0),
        np.array(0), np.array([0, 1]), True, 1.0, "0", np.uint8(1), (np.int8(-1),))  # fmt: skip
LENGTHS = ((3,), (3, 1), (1, 3), -1, (2, 3), (3, -1), 6, [2, 3], (), (np.int64(3),), np.array([2, 3]), (-1, -1), "3", 9)
PLACES = (0, 1, -1, 5, [0, 1], [[0, 1], [1, 0]], np.array([0, 2]), [], [0.0, 1.0], np.array([True, False, True]),
          slice(0, 2), slice(None, None, -1), None, np.array([[0], [1]]), "a", np.array([7]), True)  # fmt: skip
OPTIONS = {
    "axis": AXES, "source": AXES, "destination": AXES, "keepdims": FLAGS, "initial": NUMBERS, "shape": LENGTHS,
    "axes": (*AXES, ([0], [0]), ([1], [0]), ((0, 1), (0, 1)), (2, 0, 1), 2, (5,)), "new_shape": LENGTHS,
    "dtype": (np.float32, float, "f4", np.float16, "complex64", int, bool, np.dtype("f8"), None, "nonsense", object,
    "U5"),
    "where": (True, False, np.array([True, False, True]), [[True], [False]], 1, None, np.ones(3)),
    "order": ("C", "F", "A", "K", "c", None, "X", 0), "subok": FLAGS, "copy": (True, False, None, 1),
    "device": (None, "cpu", "gpu"), "norm": (None, "backward", "ortho", "forward", "x"), "n": COUNTS, "k": COUNTS,
    "s": (None, (2,), (2, 3), (4, 5), 3, [2, 2], (-1,), (2.5,), (None, 3)), "offset": COUNTS, "ddof": (*COUNTS, 1.5),
    "mode": ("full", "same", "valid", "raise", "wrap", "clip", "constant", "edge", "reflect", "symmetric", "mean",
    "minimum",
             "linear_ramp", "reduced", "complete", "r", "x", None),
    "correction": (0, 1, 2, 1.5, None), "casting": ("safe", "same_kind", "unsafe", "no", "equiv", "x", None),
    "indices_or_sections": (1, 2, 3, [1], [1, 2], (0, 1), [], 4, 0, -1, 2.0, np.array([1, 2]), [2, 1], None, "a"),
    "kind": (None, "quicksort", "stable", "introselect", "heapsort", "x"), "start": NUMBERS, "stop": NUMBERS,
    "num": (0, 1, 2, 5, -1, 2.5, np.int64(3), None), "endpoint": FLAGS, "retstep": FLAGS, "base": NUMBERS,
    "mean": (np._NoValue, None, ARRAY, 0.5), "equal_nan": FLAGS, "assume_unique": FLAGS, "rtol": (1e-5, 0.1, None),
    "q": (0.0, 0.25, 1.0, 50, [0.1, 0.9], (0.5,), 1.5, -0.1, np.array(0.3), np.float32(0.5), None, "a", []),
    "method": ("linear", "lower", "midpoint", "nearest", "hazen", "inverted_cdf", "x", None), "overwrite_input": FLAGS,
    "hermitian": FLAGS, "indices": PLACES, "obj": PLACES, "axis1": COUNTS, "axis2": COUNTS, "axisa": COUNTS,
    "ord": (None, 1, 2, -1, 0, np.inf, -np.inf, 3, 2.5, "fro", "nuc", "x", -3, np.int64(2), True),
    "condition": (True, [True, False, True], np.array([True, False, True]), 1, None), "period": (None, 1.0, 2.0, 0,
    -1.5),
    "right": NUMBERS, "left": NUMBERS, "fill_value": NUMBERS, "UPLO": ("L", "U", "l", "x", None), "values": NUMBERS,
    "optimize": (True, False, "greedy", "optimal", "x"), "deg": (0, 1, 2, -1, True, 2.0, None),
    "include_initial": FLAGS,
    "kth": (0, 1, -1, [0, 1], 5, 2.0, None), "stable": FLAGS, "rowvar": (True, False, 1), "bias": (True, False, 1),
    "prepend": NUMBERS, "append": NUMBERS, "to_end": NUMBERS, "to_begin": NUMBERS, "dx": NUMBERS, "edge_order": (1, 2,
    0, 3),
    "xp": ([0.0, 1.0, 2.0], np.array([0.0, 0.5, 1.0]), [1.0, 0.0], []), "fp": ([0.0, 1.0, 2.0], np.array([2.0, 0.0,
    1.0])),
    "window_shape": (1, 2, 3, (2,), (2, 2), 5, 0, -1, 2.0, None), "writeable": FLAGS, "density": FLAGS,
    "reps": (1, 2, (2,), (2, 1), (1, 2, 3), 0, (), [2, 2], -1, 2.0, None), "shift": (0, 1, -1, (1, 2), 2.0, None, True),
    "repeats": (1, 2, 0, [1, 2, 3], [1, 2], np.array([0, 1, 2]), 2.0, None, True), "returned": FLAGS,
    "default": NUMBERS,
    "pad_width": (1, 0, (1, 2), ((1, 2),), ((1, 2), (0, 1)), -1, 1.5, {0: 1}, (1, 2, 3), None), "nan": NUMBERS,
    "posinf": NUMBERS, "neginf": NUMBERS, "a_min": NUMBERS, "a_max": NUMBERS, "min": NUMBERS, "max": NUMBERS,
    "ind": COUNTS, "trim": ("fb", "f", "b", "", "x", None), "return_index": FLAGS, "return_counts": FLAGS,
    "full": FLAGS,
    "fweights": (None, [1, 2, 3], [1.5, 2, 3], [-1, 2, 3]), "aweights": (None, [1.0, 2.0, 3.0], [-1.0, 2, 3]),
    "weights": (None, ARRAY, [1.0, 2.0, 3.0], 2.0), "increasing": FLAGS, "N": COUNTS, "upper": FLAGS,
    "full_matrices": FLAGS, "compute_uv": FLAGS, "indexing": ("xy", "ij", "x"), "sparse": FLAGS, "arrays": (SEVERAL,),
    "tup": (SEVERAL,), "choices": (SEVERAL,), "choicelist": (SEVERAL,), "tol": (100, 0, None), "rcond": (None, 1e-5,
    -1),
    "condlist": ([True], [np.array([True, False, True])], [[True, False, True]], [1], []), "stat_length": (None, 1,
    (1, 2)),
    "func1d": (np.sum, np.sort, np.linalg.norm), "func": (np.sum, np.max), "funclist": ([0.0, 1.0], [np.sin], [np.sin,
    np.cos]),
    "operands": ("i", "ij", "ii", "ij->ji", "i,i", "ij,jk", "i,j->ij", "...i->...", "ij,kj->ik", "iij", "ab,b"),
    "constant_values": NUMBERS, "end_values": NUMBERS, "reflect_type": ("even", "odd", "x"),
}  # fmt: skip
MORE = {"pad": ("constant_values", "end_values", "stat_length", "reflect_type")}  # keywords that no signature names
LEFT = {"out", "like", "device"}
SKIPPED = MAKERS | {
    "full", "array2string", "array_repr", "array_str", "empty_like", "histogram", "einsum_path", "fromfunction",
    "empty",
    "frombuffer", "fromfile", "fromiter", "genfromtxt", "loadtxt", "may_share_memory", "shares_memory", "arange",
    "zeros",
}  # fmt: skip


def run(names=(), seed=0, count=40):
    """Compare calls of the functions of these names, or all; return the counts, and what differs."""
    tl.grad(np.sin)(1.0)
    rng, counts, rows = np.random.default_rng(seed), Counter(), []
    for op in list(OPS.values()):
        if op.name in SKIPPED or (names and op.name not in names) or not _is_numpys(op.function):
            continue
        counts["functions"] += 1
        for _ in range(count):
            args, kwargs = Drawing(rng, op.function).call(op.name)
            chosen = {id(x): bool(rng.random() < 0.75) for x in _arrays((args, kwargs))}
            with _no_longer_than(5):
                difference = compare(op.function, args, kwargs, counts, lambda x, c=chosen: c.get(id(x), False))
                if difference is not None:
                    rows.append(row(op.name, args, kwargs, difference))
    return counts, rows


def _is_numpys(function):
    if isinstance(function, np.ufunc) or not (getattr(function, "__module__", None) or "numpy").startswith("numpy"):
        return False
    with contextlib.suppress(ValueError):
        return "self" not in inspect.signature(function).parameters
    return False


def _arrays(x):
    if isinstance(x, list | tuple | dict):
        return [found for part in (x.values() if isinstance(x, dict) else x) for found in _arrays(part)]
    return [x] if isinstance(x, np.ndarray) else []


@contextlib.contextmanager
def _no_longer_than(seconds):
    """Leave out a call that does not end, as LAPACK's do on some matrices that are not finite."""

    def late(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        with contextlib.suppress(TimeoutError):
            yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Drawing:
    """One call: its arrays have one shape, most often."""

    def __init__(self, rng, function):
        self.rng, self.function = rng, function
        self.shape = SHAPES[rng.integers(len(SHAPES))]
        self.finite = "linalg" in (getattr(function, "__module__", None) or "") or function in (np.roots, np.polyfit)

    def one_of(self, choices):
        return choices[self.rng.integers(len(choices))]

    def array(self):
        rng, shape = self.rng, self.shape if self.rng.random() < 0.75 else self.one_of(SHAPES)
        style = self.one_of(
            ("any", "any", "any", "positive", "equal", "zeros", "nan", "inf", "-0")[: 6 if self.finite else 9]
        )
        x = rng.normal(size=shape) if style != "positive" else rng.uniform(0.2, 0.9, shape)
        x = {"equal": np.round(x), "zeros": np.zeros(shape)}.get(style, x)
        dtype = np.dtype(self.one_of(DTYPES))
        x = np.array(x + 1j * rng.normal(size=shape) if dtype.kind == "c" else x).astype(dtype)
        if x.size and style in ("nan", "inf", "-0"):
            x.reshape(-1)[rng.integers(x.size)] = float(style)
        return x

    def value(self, name, of):
        if name not in OPTIONS or (name == "n" and of == "fft") or name in ("x", "a", "b"):
            return self.array()
        x = self.one_of(OPTIONS[name])
        if x is SEVERAL:
            return self.one_of((list, tuple))([self.array() for _ in range(self.rng.integers(1, 4))])
        return self.array() if x is ARRAY else x

    def call(self, of):
        """Return arguments and keywords."""
        args, kwargs, by_position = [], {}, True
        for p in inspect.signature(self.function).parameters.values():
            if p.kind is p.VAR_POSITIONAL:
                numbers = of == "gradient"
                args += [self.one_of((0.5, 2)) if numbers else self.array() for _ in range(self.rng.integers(1, 4))]
                if of == "einsum":
                    args.insert(0, self.value("operands", of))
                by_position = False
                continue
            needed = p.default is p.empty and p.kind is not p.VAR_KEYWORD
            if p.kind is p.VAR_KEYWORD or p.name in LEFT or not (needed or self.rng.random() < 0.3):
                by_position = by_position and needed
                continue
            if (
                by_position
                and p.kind is not p.KEYWORD_ONLY
                and (p.kind is p.POSITIONAL_ONLY or self.rng.random() < 0.75)
            ):
                args.append(self.value(p.name, of))
            elif p.kind is not p.POSITIONAL_ONLY:
                by_position = False
                kwargs[p.name] = self.value(p.name, of)
        kwargs |= {name: self.value(name, of) for name in MORE.get(of, ()) if self.rng.random() < 0.2}
        if self.rng.random() < 0.02:
            kwargs["no_such_keyword"] = 1
        if self.rng.random() < 0.02:
            args += [None] * 8
        return args, kwargs
