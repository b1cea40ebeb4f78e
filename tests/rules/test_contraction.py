"""Pairs of arrays are contracted as matrix products, several of them two at a time in the best order."""

import itertools

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.cases_products import EINSUMS
from tinygrad_lab.rules.later.contraction import contract, pairs, plan

SIZES = {"a": 2, "b": 3, "c": 4, "d": 1}
TERMS = ["", "a", "ab", "ba", "abc", "cad", "dbc"]


@pytest.mark.parametrize(("left", "right"), list(itertools.product(TERMS, TERMS)))
def test_every_pair_of_terms_with_every_result(left, right):
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=[SIZES[x] for x in term]) for term in (left, right))
    letters = sorted({*left, *right})
    for n in range(len(letters) + 1):
        for output in itertools.permutations(letters, n):
            subscripts = f"{left},{right}->{''.join(output)}"
            np.testing.assert_allclose(contract(subscripts, a, b), np.einsum(subscripts, a, b), rtol=1e-12)


def test_a_matrix_product_is_one():
    assert plan("ij,jk->ik", (2, 3), (3, 4)).product is np.matmul
    assert plan("bij,bkj->bik", (5, 2, 3), (5, 4, 3)).product is np.matmul
    assert plan("i,j->ij", (2,), (3,)).product is np.multiply
    assert plan("ii,i->i", (3, 3), (3,)) is None
    assert plan("ij,ij->ij", (2, 1), (2, 3)) is None


def test_several_operands_are_contracted_in_the_cheapest_order():
    """From the right: a vector stays a vector."""
    n = 1000
    steps = pairs("ij,jk,kl,l->i", ((n, n), (n, n), (n, n), (n,)), False)
    assert [step for _, _, step in steps] == ["kl,l->k", "jk,k->j", "ij,j->i"]
    v = np.einsum("ij,jk,k->i", *(tl.Value(np.ones((3,) * n)) for n in (2, 2, 1)))
    assert [node.name for node in (v.op, v.parents[1].op)] == ["einsum", "einsum"]


def test_the_order_may_be_given():
    arrays = [np.random.default_rng(i).normal(size=(2, 2)) for i in range(3)]
    expected = arrays[0] @ arrays[1] @ arrays[2]
    for optimize in (False, True, "greedy", "optimal", ["einsum_path", (0, 1), (0, 1)], ("greedy", 100)):
        got = np.einsum("ij,jk,kl", *map(tl.Value, arrays), optimize=optimize)
        np.testing.assert_allclose(got.data, expected)


def test_einsums_written_out_give_what_numpy_gives():
    rng = np.random.default_rng(0)
    for subscripts, *shapes in EINSUMS:
        arrays = [rng.normal(size=shape) for shape in shapes]
        got = np.einsum(subscripts, *map(tl.Value, arrays)).data
        np.testing.assert_allclose(got, np.einsum(subscripts, *arrays), rtol=1e-12, atol=1e-12)
        assert type(got) is type(np.einsum(subscripts, *arrays))
