"""Calls of the operations that sum products, in all their combinations of dimensions."""

from __future__ import annotations

import numpy as np

from tests.rules.drawing import call, listed
from tinygrad_lab.rules.later.einsum import einsum
from tinygrad_lab.rules.norms import norm


def pairs(function, *shapes):
    listed(function, *(call(*pair) for pair in shapes))


# fmt: off
pairs(np.matmul, ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((4, 2, 3), (3,)), ((3,), (4, 3, 2)),
      ((4, 2, 3), (3, 2)), ((2, 3), (4, 3, 2)), ((4, 2, 3), (4, 3, 1)), ((4, 1, 2, 3), (5, 3, 2)),
      ((1, 2, 3), (4, 3, 2)), ((2, 1, 2, 3), (3,)), ((3,), (2, 1, 3, 2)), ((2, 3), (2, 1, 3, 2)),
      ((2, 2, 2, 3), (3, 2)), ((2, 2, 2, 3), (2, 1, 3, 2)), ((0, 3), (3, 2)), ((2, 0), (0, 2)), ((2, 3), (3, 0)),
      ((0, 2, 3), (3, 2)), ((0,), (0,)))
pairs(np.dot, ((), ()), ((), (2, 3)), ((3,), ()), ((2, 2, 3), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)),
      ((2, 3), (3, 4)), ((4, 2, 3), (3,)), ((4, 2, 3), (3, 2)), ((3,), (4, 3, 2)), ((2, 3), (4, 3, 2)),
      ((2, 2, 3), (2, 3, 2)), ((2, 3), (2, 1, 3, 2)), ((2, 1, 2, 3), (3, 2)), ((2, 1, 2, 3), (1, 2, 3, 2)),
      ((3,), (1, 2, 3, 2)), ((2, 1, 2, 3), (3,)), ((0,), (0,)))
pairs(np.inner, ((), ()), ((), (2, 3)), ((2, 3), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 3), (4, 3)),
      ((2, 1, 3), (2, 2, 3)), ((3,), (2, 1, 2, 3)), ((2, 1, 2, 3), (2, 3)), ((2, 1, 1, 3), (1, 2, 2, 3)))
pairs(np.vdot, ((3,), (3,)), ((2, 3), (3, 2)), ((), ()))
pairs(np.outer, ((3,), (2,)), ((), (2,)), ((2, 2), (3,)), ((0,), (3,)))
listed(np.tensordot,
       call((2, 3, 4), (3, 4, 2)), call((2, 3), (3, 2), axes=1), call((2,), (3,), args=(0,)), call((), (), axes=0),
       call((2, 3, 4), (4, 5, 2), args=(((0, 2), (2, 0)),)), call((2, 3), (3,), axes=([-1], [0])),
       call((3, 2), (2, 3), axes=([0, 1], [1, 0])), call((2, 3), (4, 3), axes=(1, 1)), call((2, 0), (0, 3), axes=1),
       call((2, 3, 4, 2), (4, 2, 3), axes=([1, 3, 2], [2, 1, 0])), call((2, 3), (2, 3), axes=2))
listed(np.diagonal, call((3, 3)), call((2, 4), offset=1), call((2, 3, 4), args=(-1, 2, 0)), call((2, 2), offset=5))
listed(np.trace, call((3, 3)), call((2, 4), offset=1), call((2, 3, 4), axis1=-1, axis2=0))
listed(np.linalg.norm,
       call((3,)), call((2, 3)), call((2, 3, 2)), call((2, 3), axis=0), call((2, 3), args=(2, -1, True)),
       call((2, 3), args=("fro",)), call((2, 3, 2), axis=(0, 2)), call((3,), ord=2), call((2, 3), keepdims=True))
listed(norm, call((3,)), call((2, 3), axis=1))

EINSUMS = [
    ("ij,jk", (2, 3), (3, 4)), ("ij,jk->ki", (2, 3), (3, 4)), ("ba,ca", (2, 3), (2, 3)), ("ij,jk", (0, 3), (3, 2)),
    ("ij->", (2, 3)), ("ij->i", (2, 3)), ("ij->ji", (2, 3)), ("i,i", (3,), (3,)), ("i,j->ij", (2,), (3,)),
    ("ii", (3, 3)), ("ii->i", (3, 3)), ("iij->j", (2, 2, 3)), ("iji->ij", (2, 3, 2)), ("ii,i->i", (3, 3), (3,)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)), ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)), ("i,ij->j", (2,), (2, 3)),
    ("ij,k->k", (2, 3), (2,)), ("ij,ij->ij", (2, 1), (2, 3)), ("ij,ij", (1, 3), (2, 3)), ("i,i->", (1,), (3,)),
    ("...ij,...jk", (4, 2, 3), (3, 2)), ("...i,...i->...", (2, 3), (3,)), ("i...->...", (2, 3, 2)), ("...", (2, 3)),
    ("...,...", (2, 1), (3,)), ("...a->a...", (2, 2, 3)), ("i...j,j...k->...ik", (2, 4, 3), (3, 1, 2)),
    ("ij,jk,kl,l", (2, 3), (3, 2), (2, 4), (4,)), ("bi,oij,bj->bo", (3, 2), (4, 2, 2), (3, 2)),
    ("i,i,i->i", (3,), (3,), (3,)),
    (",", (), ()), (" i j , j -> i ", (2, 3), (3,)),
]
# fmt: on
for subscripts, *shapes in EINSUMS:
    for optimize in ({}, {"optimize": True}):
        listed(np.einsum, call(*shapes, **optimize), before=(subscripts,))
listed(
    einsum,
    call((2, 3), (3, 4), subscripts="ij,jk->ik", optimize=False),
    call((2, 2), subscripts="ii->i", optimize=False),
)
