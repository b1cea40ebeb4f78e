"""Binding agrees with Python's own: for functions of every signature, and calls right and wrong."""

from __future__ import annotations

import inspect
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.calls.binding import Binder, parameters
from tinygrad_lab.core.registry import Op
from tinygrad_lab.errors import CallError, GradientLostError, OperationError

# The parameters of a function of up to three arrays and two options; the arrays may stand anywhere but behind a star.
SIGNATURES = [
    "a", "a, b", "a, b=2.0", "a, b=2.0, c=3.0", "a, /", "a, /, b", "a, b, /, k=1", "a, k=1", "a, b, k=1, l=2",
    "a, *, k", "a, *, k=1", "a, b=2.0, *, k=1, l=2", "a, /, b=2.0, *, k=1", "a=1.0", "a=1.0, b=2.0, /, k=1",
]  # fmt: skip


FACTORS = {"a": 1.0, "b": 10.0, "c": 100.0, "k": 1000.0, "l": 10000.0}


def declared(signature):
    """Return a function with this signature that tells its arguments apart, and the same as a primitive."""
    names = [p.strip(" *").partition("=")[0] for p in signature.split(",") if p.strip() not in ("/", "*")]
    body = " + ".join(f"{FACTORS[name]} * {name}" for name in names)
    plain = eval(f"lambda {signature}: {body}")
    arrays = [name for name in names if name in "abc"]
    options = ", ".join(f"{name}=None" for name in names if name in "kl")
    taken = ", ".join(["g", "y", *(f"{name}=None" for name in arrays)])
    rules = [eval(f"lambda {taken}{', ' + options if options else ''}: g * {FACTORS[name]}") for name in arrays]
    return plain, tl.primitive(*rules)(plain)


@st.composite
def calls(draw):
    """Draw a signature and a call, right or wrong."""
    signature = draw(st.sampled_from(SIGNATURES))
    args = [float(i + 2) for i in range(draw(st.integers(0, 4)))]
    kwargs = {name: float(ord(name)) for name in draw(st.sets(st.sampled_from("abckl"), max_size=3))}
    return signature, args, kwargs


@given(calls())
@settings(max_examples=50)
def test_a_primitive_is_called_as_its_function_is(call):
    signature, args, kwargs = call
    plain, mine = declared(signature)
    try:
        bound = inspect.signature(plain).bind(*args, **kwargs).arguments
    except TypeError:
        some = {name: tl.Value(x) for name, x in kwargs.items()} or {"no_such": tl.Value(1.0)}
        with pytest.raises(TypeError):
            mine(*args, **some)
        return
    for name in [name for name in bound if name in "abc"]:
        v = tl.Value(bound[name])
        place = list(inspect.signature(plain).parameters).index(name)
        changed = args if name in kwargs else [*args[:place], v, *args[place + 1 :]]
        y = mine(*changed, **(kwargs | {name: v} if name in kwargs else kwargs))
        assert y.item() == plain(*args, **kwargs)
        y.backward()
        assert v.grad == FACTORS[name]


def bound(function, rule):
    op = Op(function)
    op.rules = (rule,)
    return Binder(op)


def test_the_canonical_form():
    binder = bound(np.sum, lambda g, y, x, axis=None, dtype=None, keepdims=False: g)
    for args, kwargs in (((1, 0), {}), ((1,), {"axis": 0}), ((), {"axis": 0, "a": 1}), ((1, 0, None, None), {})):
        assert binder(args, kwargs) == ((1,), {"axis": 0})
    assert binder((1,), {"axis": None, "out": None, "keepdims": np._NoValue}) == ((1,), {})
    assert binder((1, None, None, None, True), {}) == ((1,), {"keepdims": True})


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "text"),
    [
        ((1,), {"axes": 0}, CallError, "sum: there is no keyword 'axes'; write axis"),
        ((1,), {"zzz": 0}, CallError, "sum: there is no keyword 'zzz'; it takes a, axis, dtype"),
        ((1, 0), {"axis": 0}, CallError, "sum: axis was given twice, by position and by keyword"),
        ((1,), {"a": 0}, CallError, "sum: a was given twice"),
        ((1,) * 8, {}, CallError, "sum: takes at most 7 arguments by position, not 8; give the others by keyword"),
        ((), {"axis": 0}, CallError, "sum: a is missing; pass it"),
        ((1,), {"out": 1}, GradientLostError, "sum: out= cannot take the result"),
        (
            (1,),
            {"initial": 2.0},
            GradientLostError,
            r"sum: there is no derivative rule with initial=2\.0",
        ),
        (
            (1,),
            {"where": np.ones((2, 3))},
            GradientLostError,
            r"sum: there is no derivative rule with where=<array of shape \(2, 3",
        ),
        ((1,), {"axis": tl.Value(1.0)}, GradientLostError, "sum: axis cannot be a Value"),
    ],
)
def test_what_is_refused_is_named(args, kwargs, error, text):
    binder = bound(np.sum, lambda g, y, x, axis=None, dtype=None, keepdims=False: g)
    with pytest.raises(error, match=text):
        binder(args, kwargs)


def test_a_rule_may_take_some_values_of_an_option_only():
    def rule(g, y, x, order: Literal["C", "F"] = "C"):
        return g

    binder = bound(np.ravel, rule)
    assert binder((1, "F"), {}) == ((1,), {"order": "F"})
    with pytest.raises(OperationError, match="ravel: order must be 'C' or 'F', got 'A'; take one of these"):
        binder((1,), {"order": "A"})
    with pytest.raises(TypeError, match=r"ravel: .*order must be str, not numpy\.ndarray"):
        binder((1,), {"order": np.ones(2)})


def test_a_rule_without_a_default_gets_that_of_the_function():
    binder = bound(lambda x, power=2, scale=1.0: x, lambda g, y, x, power, scale=1.0: g)
    for args, kwargs in (((1,), {}), ((1, 2), {}), ((1,), {"power": 2}), ((1,), {"scale": 1.0})):
        assert binder(args, kwargs) == ((1,), {"power": 2})


def test_annotations_that_cannot_be_read_are_left_alone():
    def rule(g: Unknown, y, x, k: Literal[1] = 1):  # noqa: F821
        return g

    assert bound(lambda x, k=1: x, rule)((1,), {"k": 2}) == ((1,), {"k": 2})


def test_functions_that_tell_nothing_take_arguments_by_position():
    silent = np.frompyfunc(lambda x: x, 1, 1)
    if parameters(silent) is None:
        assert bound(silent, lambda g, y, x: g)((1,), {}) == ((1,), {})
