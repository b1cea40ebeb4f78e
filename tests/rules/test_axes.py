"""Every function that takes an axis takes NumPy's axes, and refuses what NumPy refuses, with its class of error."""

import inspect

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.cases import OPERATIONS
from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.rules.axes import reduced_axes

CUBE = np.arange(1.0, 25.0).reshape(2, 3, 4)
VECTORS = np.arange(1.0, 28.0).reshape(3, 3, 3)
NAMES = ("axis", "axes", "axis1", "axis2", "axisa", "axisb", "axisc", "source", "destination", "kth")
WRONG = (3, -4, 99, -99, (0, 0), (1, -2), (0, 99), 1.0, (0, 1.0), ((0, 7), (1, 0)), ((0, 0), (1, 1)))
RIGHT = (0, 1, 2, -1, -3, (0,), (0, 1), (-1, 0), (0, 1, 2), (2, -2), (), None)

# What a function takes beside its first array, by the parameter's name; by the function where that is not enough.
OTHERS = {
    "indices": [0, 1], "indices_or_sections": 1, "repeats": 2, "obj": 0, "values": CUBE, "shift": 1,
    "condition": [True], "q": 0.25, "kth": 1, "axis": 0, "axis1": 0, "axis2": 1, "source": 0, "destination": 1,
    "func": np.sum, "axes": 1, "stop": CUBE + 1, "dtype": float, "window_shape": (1, 1, 1), "a": CUBE,
}  # fmt: skip
FIRST = {"compress": "a", "apply_along_axis": "arr"}
SPECIAL = {
    np.tensordot: {"a": VECTORS, "b": VECTORS},
    np.cross: {"a": VECTORS, "b": VECTORS + 1},
    np.linalg.cross: {"x1": VECTORS, "x2": VECTORS + 1},
    np.linalg.tensordot: {"x1": VECTORS, "x2": VECTORS},
    np.apply_over_axes: {"func": np.sum, "a": CUBE},
    np.linalg.vecdot: {"x1": VECTORS, "x2": VECTORS},
    np.linalg.tensorsolve: {"a": np.random.default_rng(0).normal(size=(2, 3, 6)), "b": CUBE[:, :, 0]},
    np.take_along_axis: {"arr": CUBE, "indices": np.zeros((1, 1, 1), int)},
    np.apply_along_axis: {"func1d": np.cumsum, "arr": CUBE},
    np.average: {"a": CUBE, "weights": CUBE},
    np.insert: {"arr": CUBE, "obj": 0, "values": 1.0},
    np.fft.irfftn: {"a": CUBE + 0j},
    np.geomspace: {"start": CUBE, "stop": CUBE + 1, "dtype": float, "num": 3},
}


def parameters(function):
    try:
        return inspect.signature(function).parameters.values()
    except ValueError:
        return ()


if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    SPECIAL |= {function: {"x": CUBE, "axis": 0} for function in (np.cumulative_sum, np.cumulative_prod)}
TAKES_SEVERAL = np.lib.NumpyVersion(np.__version__) >= "2.4.0"  # trim_zeros took one axis only before

# NumPy takes these by accident: the norms make an integer of the axis, the other counts from the end twice.
ACCIDENTS = {(np.linalg.norm, 1.0), (np.linalg.vector_norm, 1.0), (np.apply_over_axes, -4)}


def cases():
    functions = [op for op in OPERATIONS if getattr(op.function, "__module__", "").startswith("numpy")]
    for op in functions:
        for parameter in parameters(op.function):
            if parameter.name in NAMES and not isinstance(op.function, np.ufunc):
                yield pytest.param(op.function, parameter.name, id=f"{op.family}.{op.name}-{parameter.name}")


def arguments(function):
    """Return what a function is called with: the arrays to differentiate by name, and everything else."""
    given = SPECIAL.get(function)
    required = [
        p for p in parameters(function) if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    if given is None:
        first = FIRST.get(function.__name__, required[0].name)
        given = {first: [CUBE, CUBE] if first == "arrays" else CUBE}
    return given | {p.name: OTHERS[p.name] for p in required if p.name not in given}


def called(function, given, wrap):
    """Call a function with NumPy's arrays or with Values in their place."""
    positional, keywords = [], {}
    for parameter in parameters(function):
        if parameter.name in given:
            x = given[parameter.name]
            x = tree.map(
                lambda leaf: wrap(leaf) if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc" else leaf, x
            )
            if parameter.kind is parameter.POSITIONAL_ONLY:
                positional.append(x)
            else:
                keywords[parameter.name] = x
    return function(*positional, **keywords)


def outcome(function, given, wrap):
    """Return the shapes of what a call returns, or the built-in classes of its error."""
    try:
        results = tree.flatten(called(function, given, wrap))[0]
    except Exception as error:
        return {kind for kind in (TypeError, ValueError, IndexError) if isinstance(error, kind)} or {type(error)}
    return [np.shape(plain(leaf)) for leaf in results]


@pytest.mark.parametrize(("function", "name"), list(cases()))
def test_an_axis_is_numpys(function, name):
    given = arguments(function)
    assert isinstance(outcome(function, given, np.asarray), list), "the call must be right before its axis is not"
    differences = []
    for axis in (*RIGHT, *WRONG):
        expected = outcome(function, given | {name: axis}, np.asarray)
        got = outcome(function, given | {name: axis}, tl.Value)
        if isinstance(expected, set) and isinstance(got, set) and expected <= got:
            continue
        if function not in (np.tensordot, np.linalg.tensordot) and np.ndim(axis) == 2:  # none but these takes pairs
            continue
        if function is np.trim_zeros and np.ndim(axis) and not TAKES_SEVERAL:
            continue
        if got != expected and (function, axis) not in ACCIDENTS:
            differences.append(f"{axis!r}: {expected} but {got}")
    assert not differences, "\n".join(differences)


def test_some_axes_are_refused():
    """So that the test above compares more than successes."""
    refused = [outcome(np.sum, {"a": CUBE, "axis": axis}, tl.Value) for axis in WRONG]
    assert sum(isinstance(classes, set) for classes in refused) >= 10


@pytest.mark.parametrize("axis", [0, -1, None, (), (0,), 1, (0, 0)])
@pytest.mark.parametrize(
    "function", [np.sum, np.prod, np.max, np.mean, np.var, np.cumsum, np.cumprod, np.quantile, np.ptp]
)
def test_an_axis_of_a_number(function, axis):
    given = {"a": np.asarray(3.0), "axis": axis} | ({"q": 0.5} if function is np.quantile else {})
    expected, got = outcome(function, given, np.asarray), outcome(function, given, tl.Value)
    assert got == expected or got | expected == got


def test_reduced_axes():
    assert reduced_axes(-1, 3) == (2,)
    assert reduced_axes(None, 2) == (0, 1)
    assert reduced_axes(0, 0) == ()
