"""Arrays of every shape, empty ones and numbers among them, where a function was made for others: what NumPy does with
them is done, and what NumPy refuses is refused, with its class of error."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.forms import compare, describe, forms, is_real, method_samples, samples
from tinygrad_lab import tree
from tinygrad_lab.errors import OperationError

SHAPES = [(), (0,), (1,), (2,), (0, 3), (3, 0), (1, 1), (2, 1), (3, 1, 2)]

# What NumPy takes and this package does not: vectors with two components, which NumPy itself gives up; what is said to
# be free of repetitions and is not. And texts that tell a number from an array without axes.
APART = {"linalg.cross", "sorting.intersect1d", "sorting.setxor1d", ".array_repr", ".array_str"}


def in_shape(shape, dtype):
    return np.arange(1, 1 + int(np.prod(shape))).reshape(shape).astype(dtype)


def faults(one):
    """Each array in turn in every shape, the others as they are."""
    (args, kwargs), *_ = next(forms(one, others=False))
    count = sum(map(is_real, tree.flatten((args, kwargs))[0]))
    for place, shape in itertools.product(range(count), SHAPES):
        seen = itertools.count()
        call = tree.map(
            lambda x, place=place, shape=shape, seen=seen: (
                in_shape(shape, x.dtype) if is_real(x) and next(seen) == place else x
            ),
            (args, kwargs),
        )
        what, _ = compare(one, *call)
        if what and "GradientLostError" not in what:
            yield f"{describe(*call)}: {what}"


ALL = [one for one in (*samples(), *method_samples()) if not isinstance(one.function, np.ufunc)]


@pytest.mark.parametrize("family", sorted({one.name.partition(".")[0] for one in ALL}))
def test_misshapen_arrays_fare_as_with_numpy(family):
    chosen = [one for one in ALL if one.name.partition(".")[0] == family and one.name not in APART]
    wrong = [f"{one.name}{fault}" for one in chosen for fault in faults(one)]
    assert not wrong, "\n".join(wrong)


def test_numpys_own_errors_are_told_with_the_name_of_the_function():
    v = tl.Value(np.ones((2, 3)))
    for call, match in (
        (lambda: np.argmax(v, axis=7), r"argmax: failed for inputs of shapes \(2, 3\); NumPy says: axis 7"),
        (lambda: np.vander(v), "vander: failed for inputs of shapes"),
        (lambda: np.linalg.multi_dot([v]), "multi_dot: failed for inputs of shapes"),
        (lambda: np.add(v, np.array("text")), "add: failed for inputs of shapes .*; NumPy says: ufunc 'add' did not"),
        (lambda: np.concatenate([v] * 8 + [[1.0]]), r"concatenate: .*\(2, 3\) and 4 more; NumPy says"),
    ):
        with pytest.raises(OperationError, match=match):
            call()


def test_errors_of_functions_that_were_handed_over_come_through_unchanged():
    def careful(x):
        raise ValueError("not with me")

    with pytest.raises(ValueError, match=r"^not with me$"):
        np.apply_along_axis(careful, 0, tl.Value(np.ones((2, 3))))


ONES = np.ones((2, 2))


# The singular values of a diagonal are exact with the kernels of any processor, those of ones are not.
@pytest.mark.parametrize(("p", "singular"), [(None, np.diag([1.0, 0.0])), (1, ONES), ("fro", ONES), (np.inf, ONES)])
def test_a_condition_number_that_is_infinite_has_no_finite_slope(p, singular):
    with np.errstate(all="ignore"):
        assert np.isinf(np.linalg.cond(tl.Value(singular), p).data)
        assert not np.any(np.isfinite(tl.grad(lambda x: np.linalg.cond(x, p))(singular)))


def test_quantiles_between_infinities_are_infinite():
    x = np.array([[np.inf, np.nan], [np.inf, np.inf]])
    assert np.all(np.isposinf(np.nanmedian(tl.Value(x), axis=1).data))
    assert np.isposinf(np.quantile(tl.Value(x[1]), 0.3).data)


def test_one_more_than_the_numbers_there_are_leaves_no_freedom():
    x = np.array([1.0, 3.0])
    with np.errstate(all="ignore"):
        assert np.isinf(np.var(tl.Value(x), mean=0.0, ddof=3).data)
        assert np.isinf(np.std(tl.Value(x), mean=0.0, ddof=3).data)
