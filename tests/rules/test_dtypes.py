"""Results have NumPy's dtypes and shapes: for every operation and dtype, and beside what is no Value."""

import warnings

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.cases import LISTED, OPERATIONS
from tests.rules.test_axes import arguments as arguments_of
from tests.rules.test_axes import called
from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.testing.calls import _arity
from tinygrad_lab.testing.domains import find_domains

DTYPES = [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128]
BESIDE = [
    2,
    0.5,
    np.float64(0.5),
    np.int64(2),
    np.array([1, 2, 1]),
    np.array([0.5, 1, 0.25]),
    np.float32([0.5, 1, 0.25]),
]
SHAPES = [((2, 3), (3,)), ((), ()), ((3,), ())]
# NumPy 2.0 itself disagrees between `x ** p` and `np.power(x, p)`, and made condition numbers complex.
SKIPPED = {np.power, np.linalg.cond} if np.lib.NumpyVersion(np.__version__) < "2.1.0" else set()


def numpys(op):
    return isinstance(op.function, np.ufunc) or getattr(op.function, "__module__", "").startswith("numpy")


# Without `like=` these do not ask a Value, which then refuses aloud; tests of their own call them with it.
NOT_ASKING = {
    np.array,
    np.asarray,
    np.asanyarray,
    np.ascontiguousarray,
    np.asfortranarray,
    np.require,
    np.full,
    np.full_like,
    np.nanvar,
}
ELEMENTWISE = [op for op in OPERATIONS if numpys(op) and op.elementwise and None not in op.rules]
ELEMENTWISE = [op for op in ELEMENTWISE if op.function not in SKIPPED]
REDUCTIONS = [op for op in OPERATIONS if numpys(op) and "keepdims" in op.parameters and "axis" in op.parameters]
TYPED = [op for op in OPERATIONS if numpys(op) and "dtype" in op.parameters and op.function not in NOT_ASKING]
TYPED = [op for op in TYPED if not isinstance(op.function, np.ufunc)]


def described(function, args, kwargs=None):
    """Return the dtype and shape of each array that a call returns, or the error's class."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            results = tree.flatten(function(*args, **(kwargs or {})))[0]
        except Exception as error:
            return type(error)
    return [(plain(leaf).dtype.name, np.shape(plain(leaf))) for leaf in results if hasattr(plain(leaf), "dtype")]


def differences(function, args, kwargs=None, values=None):
    """Yield what differs between a call on Values and NumPy's; `values`: the positions that are Values."""
    expected = described(function, args, kwargs)
    if isinstance(expected, type):
        return
    chosen = range(len(args)) if values is None else values
    got = described(function, [tl.Value(x) if i in chosen else x for i, x in enumerate(args)], kwargs)
    if got != expected:
        yield f"{[(np.asarray(x).dtype.name, np.shape(x)) for x in args]} {kwargs or ''}: {expected}, got {got}"


def none(found):
    found = list(found)
    assert not found, "\n".join(found)


def in_dtype(x, dtype):
    x = np.asarray(x)
    with np.errstate(over="ignore"):  # a narrow dtype has an infinity
        return x.astype(dtype) if x.dtype.kind == "c" and np.dtype(dtype).kind == "c" else np.real(x).astype(dtype)


def arguments(op, shapes, dtype):
    domains = find_domains(op.function, _arity(op))
    return [
        in_dtype(domain.fill(bytes(range(1, 250)), shape), dtype)
        for domain, shape in zip(domains, shapes, strict=False)
    ]


def label(op):
    return f"{op.family}.{op.name}"


@pytest.mark.parametrize("op", ELEMENTWISE, ids=label)
def test_elementwise(op):
    def found():
        for dtype in DTYPES:
            for shapes in SHAPES if _arity(op) == 2 else (((3,),) * 4, ((),) * 4):
                args = arguments(op, shapes, dtype)
                yield from differences(op.function, args)
                for i in range(len(args)) if len(args) == 2 else ():
                    for other in BESIDE:
                        mixed = [other if j == i else x for j, x in enumerate(args)]
                        yield from differences(op.function, mixed, values=[1 - i])

    none(found())


@pytest.mark.parametrize("op", REDUCTIONS, ids=label)
def test_reductions(op):
    others = {"q": 0.25} if "q" in op.parameters else {}

    def found():
        for dtype in DTYPES:
            x = in_dtype(np.arange(1.0, 7.0).reshape(2, 3), dtype)
            for kwargs in ({}, {"axis": 0}, {"axis": (0, 1), "keepdims": True}, {"axis": 1}):
                yield from differences(op.function, [x], kwargs | others)
            yield from differences(op.function, [in_dtype(2.0, dtype)], others)

    none(found())


@pytest.mark.parametrize("function", [f for f in LISTED if f not in SKIPPED], ids=lambda function: function.__name__)
def test_calls_written_out(function):
    def found():
        for call in LISTED[function][:12]:
            for dtype in DTYPES:
                yield from differences(call.function, [in_dtype(x, dtype) for x in call.args], call.kwargs)

    none(found())


@pytest.mark.parametrize(
    "function",
    [f for f in LISTED if f not in NOT_ASKING and any(len(c.args) > 1 for c in LISTED[f])],
    ids=lambda f: f.__name__,
)
def test_one_value_beside_plain_arrays(function):
    def found():
        for call in [call for call in LISTED[function] if len(call.args) > 1][:4]:
            for i, x in enumerate(call.args):
                for dtype in (np.float32, np.float64, np.complex64):
                    for other in (np.float32, np.float64, int, None):
                        args = [in_dtype(x, dtype if j == i else other or np.float64) for j, x in enumerate(call.args)]
                        if other is None:
                            args = [x if j == i else x.tolist() for j, x in enumerate(args)]
                        yield from differences(call.function, args, call.kwargs, values=[i])

    none(found())


@pytest.mark.parametrize("op", TYPED, ids=label)
def test_a_dtype_that_is_asked_for(op):
    square = np.array([[1.0, 2.0, 0.5], [0.25, -1.0, 3.0]])
    given = (
        {"m": square}
        if op.function is np.cov
        else {"x": square}
        if op.function is np.corrcoef
        else arguments_of(op.function)
    )

    def found():
        for dtype in (np.float32, np.float64, np.longdouble, np.complex128):
            for own in (np.float32, np.float64):
                typed = tree.map(
                    lambda x, own=own: x.astype(own) if isinstance(x, np.ndarray) and x.dtype == float else x, given
                )
                expected = described(called, [op.function, typed | {"dtype": dtype}, np.asarray])
                got = described(called, [op.function, typed | {"dtype": dtype}, tl.Value])
                if not isinstance(expected, type) and got != expected:
                    yield f"{dtype.__name__} from {own.__name__}: {expected}, got {got}"

    none(found())


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (np.nanmean, {"dtype": int}),
        (np.nanvar, {"dtype": int}),
        (np.nanstd, {"dtype": int}),
        (np.concatenate, {"dtype": np.float32, "casting": "no"}),
        (np.stack, {"dtype": np.float32, "casting": "no"}),
    ],
)
def test_a_dtype_that_cannot_be_names_the_function_that_was_called(function, options):
    v = tl.Value([1.0, 2.0])
    with pytest.raises(TypeError, match=f"^{function.__name__}: "):
        function([v, v] if function in (np.concatenate, np.stack) else v, **options)
