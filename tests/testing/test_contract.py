"""Adjoints, and the contract of rules."""

import itertools

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.testing import GradientError, adapters, check_adjoint, check_rule

X, M = np.array([1.0, 2.0, 3.0]), np.arange(6.0).reshape(2, 3) + 0.3
pair = adapters.pair
noise = itertools.count()


def test_right_rules_pass():
    for function, args in [(np.matmul, (M, M.T)), (np.add, (M, X)), (lambda x: np.sum(np.sin(x) * x), (M,))]:
        check_adjoint(function, *args)
        check_rule(function, *args)
    check_rule(np.sin, X.astype(np.float32))
    check_rule(np.multiply, M + 1j, X)
    check_adjoint(pair(np.flip, lambda g, x: np.flip(g)), X)


def test_a_transpose_that_is_none():
    with pytest.raises(GradientError, match="roll: reverse mode is not the transpose of forward mode, <J u, v>"):
        check_adjoint(pair(lambda x: np.roll(x, 1), lambda g, x: np.roll(g, 1), "roll"), X)


def mutating(g, x):
    g *= np.cos(x)
    return g.copy()


def spoiling(g, x):
    gradient = g * np.cos(x)
    x += 1
    return gradient


BROKEN = {
    "is not linear in the cotangent": lambda g, x: np.abs(g) * np.cos(x),
    "gave two results for the same arguments": lambda g, x: g * np.cos(x) + 1e-9 * next(noise),
    "wrote into the cotangent": mutating,
    "wrote into the arguments": spoiling,
    "shares its memory with what the rule was given": lambda g, x: g,
    "must be a plain array, got MaskedArray": lambda g, x: np.ma.masked_invalid(g),
    "gradient of argument 0: shares its memory": lambda g, x: x if np.all(g == 1) else g * x,  # as after `sum`
    "must be a floating-point array, got NoneType": lambda g, x: None,
    "but the argument has": lambda g, x: np.sum(g),
    r"the argument has \(3,\) and float32": lambda g, x: g.astype(np.float64),
}


@pytest.mark.parametrize("words", BROKEN)
def test_what_is_broken_is_named(words):
    x = X.astype(np.float32) if "float32" in words else X.copy()
    with pytest.raises(GradientError, match=f"^bad.*{words}"):
        check_rule(pair(lambda x: x * 1, BROKEN[words], "bad"), x)


def test_the_rule_inside_a_composition_is_named():
    def rule(g, y, x):
        if isinstance(g, np.ndarray):
            g *= 2
        return g

    bad = tl.primitive(rule)(lambda x: 2 * x)
    with pytest.raises(GradientError, match="<lambda>, rule of argument 0: wrote into the cotangent"):
        check_rule(lambda x: np.sum(np.sin(bad(x))), X)
    with pytest.raises(GradientError, match="rule of argument 0: must be a floating-point array, got NoneType"):
        check_rule(tl.primitive(lambda g, y, x: None)(lambda x: 2 * x), X)


def clipped_in_place(x):
    np.maximum(x, -10, out=x)
    return x * 1


def test_writes_that_change_nothing_this_time_are_found_as_well():
    with pytest.raises(GradientError, match="bad: the function wrote into one of its arguments"):
        check_rule(pair(clipped_in_place, lambda g, x: 1 * g, "bad"), X.copy())
    with pytest.raises(GradientError, match="bad: wrote into the cotangent"):
        check_rule(pair(lambda x: x * 1, lambda g, x: np.maximum(g, -10, out=g).copy(), "bad"), X)


def test_a_rule_that_fails_on_empty_arrays():
    bad = pair(lambda x: x * 1, lambda g, x: g / np.max(x) * np.max(x), "bad")
    with pytest.raises(GradientError, match=r"bad: failed where the function works .ValueError: zero-size array"):
        check_rule(bad, X)


def test_zero_size_and_0d_arguments_are_tried():
    def first(g, x):
        return g * np.cos(x.reshape(-1)[0]) if x.size else g[:, None]

    with pytest.raises(GradientError, match=r"but the argument has \(0,\)"):
        check_rule(pair(np.sin, first, "sin"), X)


def test_what_cancels_inside_a_rule_is_allowed_for():
    x = np.array([4.0, -6.75, -8.92675248])
    check_adjoint(tl.functional.softmax, x)
    check_rule(tl.functional.softmax, np.array([1.0, -1.0, 8.99019802]))
    check_rule(tl.functional.gelu, np.float32(-14.3))


def test_nothing_is_said_about_what_is_no_number():
    check_adjoint(lambda x: x * np.nan, X)


def test_a_function_need_not_take_fewer_axes():
    check_rule(lambda x: np.sum(x, axis=0), X)
    check_rule(tl.functional.linear, M, M)


LAYOUTS = {
    "the cotangent has another memory layout": lambda g, x: g * (1 if g.flags.c_contiguous else 1.01),
    "the cotangent repeats itself with stride 0": lambda g, x: g * (1.01 if 0 in g.strides else 1),
    "gave two results": lambda g, x: g * (1.001 if next(noise) % 2 else 1),
}


@pytest.mark.parametrize("words", LAYOUTS)
def test_what_depends_on_the_cotangents_layout_or_on_what_was_before(words):
    with pytest.raises(GradientError, match=f"^bad: .*{words}"):
        check_rule(pair(lambda x: x * 1, LAYOUTS[words], "bad"), M)


NOT_LINEAR = {
    "gives nan where that is 0": lambda g, x: g * g / g,
    r"for 1.09951e\+12 · g": lambda g, x: np.clip(g, -100, 100),
    "for 9.09495e-13 · g": lambda g, x: np.where(np.abs(g) > 1e-4, g, 0),
    "of a combination": lambda g, x: g * (2 if np.all(g == g.flat[0]) else 1),
    "each 0 where the other is not": lambda g, x: g * (1.01 if 0 in g and np.any(g) else 1),
}


@pytest.mark.parametrize("words", NOT_LINEAR)
def test_what_is_done_to_cotangents_of_0_and_large_and_small_and_equal_ones(words):
    with pytest.raises(GradientError, match=f"^bad: is not linear in the cotangent.*{words}"):
        check_rule(pair(lambda x: x * 1, NOT_LINEAR[words], "bad"), M)


def test_memory_that_is_handed_out_again():
    kept = np.empty_like(X)
    with pytest.raises(GradientError, match="bad, gradient of argument 0: lies in the same memory after each call"):
        check_rule(pair(lambda x: x * 1, lambda g, x: np.multiply(g, 1, out=kept[: g.size].reshape(g.shape)), "bad"), X)
    with pytest.raises(GradientError, match="bad: the function's result was another one after the next call"):
        check_rule(pair(lambda x: np.sin(x, out=kept), lambda g, x: g * np.cos(x), "bad"), X)


def test_a_rule_that_remembers_another_call():
    kept = {}

    @tl.primitive(lambda g, y, x: g * kept["slope"])
    def sine(x):
        kept["slope"] = np.cos(x)
        return np.sin(x)

    with pytest.raises(GradientError, match="another result after a call with other arguments; keep nothing"):
        check_rule(sine, X)


def test_a_vjp_that_overwrites_the_functions_result():
    kept = {}

    def function(x):
        kept["y"] = np.exp(x)
        return kept["y"]

    def vjp(g, x):
        kept["y"] *= g
        return kept["y"] * 1

    with pytest.raises(GradientError, match="bad: the vjp wrote into the function's result"):
        check_rule(pair(function, vjp, "bad"), X)


def test_a_jvp_is_compared_with_the_vjp_and_with_differences():
    def vjp(g, a, b):
        return g * b, g * a

    right = pair(np.multiply, vjp, "mul", jvp=lambda d, a, b: d[0] * b + a * d[1])
    check_adjoint(right, X, X + 1)
    assert tl.testing.check_gradients(right, X, X + 1).ok
    wrong = pair(np.multiply, vjp, "mul", jvp=lambda d, a, b: d[0] * b + 1.001 * a * d[1])
    with pytest.raises(GradientError, match="mul: reverse mode is not the transpose of forward mode"):
        check_adjoint(wrong, X, X + 1)
    with pytest.raises(GradientError, match="mul, forward mode, element"):
        tl.testing.check_gradients(wrong, X, X + 1)
    half = pair(np.multiply, lambda g, a, b: (g * b, None), "half", jvp=lambda d, a, b: d[0] * b)
    assert tl.testing.check_gradients(half, X, X + 1, wrt=0).ok
