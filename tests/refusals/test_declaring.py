"""Wrong declarations of derivative rules: each is refused where it stands, in one line, and leaves no operation."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.core.registry import OPS
from tinygrad_lab.errors import ArgumentTypeError


def one(x):
    return x * 1.0


def two(a, b):
    return a * b


def scaled(x, *, by=1.0):
    return x * by


def total(*xs):
    return sum(xs)


def rule(g, y, x):
    return g


primitive, defvjp, defjvp, defzero = tl.primitive, tl.defvjp, tl.defjvp, tl.defzero
# fmt: off
WRONG = {
    "primitive: one got 2 rules for 1 argument; give one": lambda: primitive(rule, rule)(one),
    "primitive: two got 3 rules for 2 arguments": lambda: primitive(*[lambda g, y, a, b: g] * 3)(two),
    "primitive: a rule of one is int 3; write it as a function": lambda: primitive(3)(one),
    "primitive: a rule of one is list": lambda: primitive([rule])(one),
    r"primitive: function one is not a rule\(g, y, \*inputs\); write @primitive\(...\)": lambda: primitive(one),
    "primitive: int 3 is not a function": lambda: primitive(rule)(3),
    "primitive: type int is not a function": lambda: primitive(rule)(int),
    "primitive: linear is an operation already": lambda: primitive(rule)(tl.functional.linear),
    r"primitive: a rule of one needs b, which one does not have; write it as rule\(g, y, x\)":
        lambda: primitive(lambda g, y, x, b: g)(one),
    "primitive: scaled has no argument bye; its arguments are x, by":
        lambda: primitive(rule, keywords={"bye": rule})(scaled),
    "primitive: keywords of scaled is list": lambda: primitive(rule, keywords=[rule])(scaled),
    "primitive: one has a variadic or joint rule": lambda: primitive(rule, joint=rule)(one),
    r"primitive: a rule of one takes only \(needed\); write it as rule\(needed, g, y, \*inputs\)":
        lambda: primitive(joint=lambda needed: needed)(one),
    "defvjp: one got 2 rules for 1 argument": lambda: defvjp(one, rule, rule),
    "defvjp: heaviside got 3 rules for 2 arguments": lambda: defvjp(np.heaviside, *[lambda g, y, a, b: g] * 3),
    "defvjp: one got no rules; give one for each argument, or call defzero": lambda: defvjp(one),
    r"defvjp: a rule of one takes only \(g, y\); write it as rule\(g, y, x\)":
        lambda: defvjp(one, lambda g, y: g),
    r"defvjp: a rule of two takes only \(g, y, a\)": lambda: defvjp(two, lambda g, y, a: g, lambda g, y, a: g),
    "defvjp: str 'sin' is not a function; give it": lambda: defvjp("sin", rule),
    "defvjp: Value .* is not a function": lambda: defvjp(tl.Value(1.0), rule),
    "defvjp: ndarray .* is not a function": lambda: defvjp(np.ones(2), rule),
    "defvjp: a rule of total is int 3": lambda: defvjp(total, variadic=3),
    "defvjp: total has a variadic or joint rule": lambda: defvjp(total, variadic=rule, joint=rule),
    "defjvp: one got 2 rules for 1 argument": lambda: defjvp(one, lambda t, y, x: t, lambda t, y, x: t),
    r"defjvp: a rule of one takes only \(t\); write it as rule\(t, y, x\)": lambda: defjvp(one, lambda t: t),
    "defjvp: one got no rules": lambda: defjvp(one),
    "defjvp: a rule of one is float 1.0": lambda: defjvp(one, 1.0),
    "defzero: got no function": lambda: defzero(),
    "defzero: int 3 is not a function": lambda: defzero(np.sign, 3),
}
# fmt: on


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_declaration_is_refused_where_it_stands(text):
    before = len(OPS)
    with pytest.raises(ArgumentTypeError, match=text) as caught:
        WRONG[text]()
    assert "\n" not in str(caught.value)
    assert len(OPS) == before


def test_what_looks_unusual_and_is_legal_is_taken():
    known = dict(OPS)
    try:
        assert tl.grad(primitive(lambda g, y, *inputs: g * inputs[1], None)(lambda a, b: a * b))(2.0, 3.0) == 3
        assert tl.grad(primitive(lambda g, y, x, p=2.0: g * p * x ** (p - 1))(lambda x, p=2.0: x**p))(3.0) == 6
        assert tl.grad(primitive(rule)(one))(2.0) == 1
    finally:
        for function in OPS.keys() - known.keys():
            del OPS[function]
