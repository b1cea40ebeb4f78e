"""A Value is called exactly as NumPy is: every legal form of a call is the same call, every other raises as NumPy does.

The forms are generated from NumPy's signatures: each argument by position, by keyword, left out, None for `out`; lists,
tuples and numbers beside Values; unknown keywords; too many arguments.
"""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.forms import forms, samples
from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.errors import TinygradError

SAMPLES = list(samples())
every_function = pytest.mark.parametrize("one", SAMPLES, ids=lambda one: one.name)

# Legal calls that are refused, forward and by name.
REFUSED = {("polynomials.polyfit", "full"), ("polynomials.polyfit", "cov")}
REFUSED |= {(f"reductions.{name}", "mean") for name in ("var", "std", "nanvar", "nanstd")}

# Functions that NumPy does not ask a Value about where it stands in some places: it meets the Value further in.
UNASKED = {"full_like", "select", "var", "std", "nanvar", "nanstd"}

# NumPy's signatures of these say that they take x by keyword, and they do not.
SILENT = {f"sorting.unique_{kind}" for kind in ("values", "counts", "inverse", "all")}


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
    """Put the arrays of floating numbers of a call into Values; return these too."""
    values = []

    def wrap(leaf):
        if not is_real(leaf):
            return leaf
        values.append(tl.Value(leaf))
        return values[-1]

    return tree.map(wrap, call), values


def leaves(result):
    return tree.flatten(result)[0]


def gradients(results, values):
    """Return the gradients of a weighted sum of all results that are Values, and None where there is none."""
    total, rng = None, np.random.default_rng(5)
    for result in leaves(results):
        if isinstance(result, tl.Value):
            weights = rng.uniform(0.5, 1.5, result.shape)
            part = np.sum(np.real(result) * weights) + (
                np.sum(np.imag(result) * weights) if np.iscomplexobj(result) else 0
            )
            total = part if total is None else total + part
    if total is None or not total.requires_grad:
        return [None] * len(values)
    total.backward()
    return [v.grad for v in values]


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


@every_function
def test_every_form_of_a_call_is_the_same_call(one):
    wrong = []
    for group in forms(one):
        first = None
        for args, kwargs in group:
            what, found = compare(one, args, kwargs)
            if what:
                wrong.append(f"{describe(args, kwargs)}: {what}")
            elif first is None:
                first = found
            elif found is not None and not all(map(same, first, found)):
                wrong.append(f"{describe(args, kwargs)}: gradient {found}, but {first} in the first form")
    assert not wrong, "\n".join(wrong)


@every_function
def test_lists_tuples_and_numbers_beside_values(one):
    """Each array alone is a Value, and every other array a list or a tuple."""
    wrong = []
    for call in (group[0] for group in forms(one)):
        places = range(len(with_values(call)[1]))
        for kind, place in itertools.product((list, tuple), places if len(places) > 1 else ()):
            seen = itertools.count()
            args, kwargs = tree.map(
                lambda x, kind=kind, place=place, seen=seen: (
                    x if not is_real(x) or next(seen) == place or not x.shape else kind(x.tolist())
                ),
                call,
            )
            what, _ = compare(one, args, kwargs)
            if what and not (one.function.__name__ in UNASKED and "GradientLostError" in what):
                wrong.append(f"{describe(args, kwargs)}: {what}")
    assert not wrong, "\n".join(wrong)


@every_function
def test_what_numpy_refuses_is_refused_with_its_class_of_error(one):
    args, kwargs = next(forms(one))[0]
    wrong = []
    for more, others in (((), {"no_such_keyword": 1}), ((None,) * 12, {})):
        if not one.more if more else one.exact:
            what, _ = compare(one, (*args, *more), kwargs | others)
            if what:
                wrong.append(f"{describe((*args, *more), kwargs | others)}: {what}")
    for name in one.required:
        if name in one.keywords and len(one.required) > 1 and not one.more:
            what, _ = compare(one, (), {n: x for n, x in one.required.items() if n != name})
            if what:
                wrong.append(f"without {name}: {what}")
    assert not wrong, "\n".join(wrong)
