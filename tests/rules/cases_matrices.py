"""Calls of the matrix functions: regular, rectangular, batched, real and complex matrices.

A function of a Hermitian matrix is called on the Hermitian part of a general one; vectors that are determined up to a
phase enter through what does not depend on it.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy import linalg

from tests.rules.drawing import elementwise, written
from tinygrad_lab.rules import norms
from tinygrad_lab.rules.later import decompositions, determinants, solving
from tinygrad_lab.rules.later.matrices import adjoint, hermitian
from tinygrad_lab.testing.domains import NONZERO, Domain

RNG = np.random.default_rng(5)


def real(*shape):
    return RNG.uniform(-2, 2, shape)


def imaginary(*shape):
    return real(*shape) + 1j * real(*shape)


def on(function, *shapes, **kwargs):
    """Return calls of a function on real and on complex arrays of these shapes."""
    called = functools.partial(function, **kwargs)
    called.__name__ = function.__name__
    return [(called, *(kind(*shape) for shape in shapes)) for kind in (real, imaginary)]


SQUARE, BATCH, TALL, WIDE = (3, 3), (2, 2, 2), (4, 2), (2, 4)


def positive(x):
    return x @ adjoint(x) + np.eye(x.shape[-1])


written(linalg.inv, *on(linalg.inv, SQUARE), *on(linalg.inv, BATCH))
written(linalg.det, *on(linalg.det, SQUARE), *on(linalg.det, BATCH), *on(linalg.det, (1, 1)))
written(determinants.adjugate, *on(determinants.adjugate, SQUARE), *on(determinants.adjugate, BATCH))
written(linalg.slogdet, *on(lambda x: linalg.slogdet(x).logabsdet, SQUARE), on(linalg.slogdet, BATCH)[1])
written(determinants.log_abs_det, *on(determinants.log_abs_det, SQUARE))
written(determinants.sign_of_det, on(determinants.sign_of_det, SQUARE)[1])
written(linalg.pinv, *on(linalg.pinv, TALL), *on(linalg.pinv, (2, *WIDE)), *on(linalg.pinv, SQUARE, rcond=1e-9))
for function in (linalg.solve, solving.solve):
    written(function, *on(function, SQUARE, (3, 2)), *on(function, BATCH, (2, 1)), *on(function, (2, 2), (3, 2, 1)))
written(linalg.solve, *on(linalg.solve, SQUARE, (3,)), *on(linalg.solve, BATCH, (2,)))
for shapes in ((TALL, (4, 3)), (TALL, (4,)), (WIDE, (2,))):
    written(linalg.lstsq, *on(lambda a, b: linalg.lstsq(a, b)[::3], *shapes))
written(linalg.lstsq, *on(lambda a, b: linalg.lstsq(a, b)[1], TALL, (4, 2)))
written(
    linalg.tensorsolve,
    *on(linalg.tensorsolve, (2, 3, 6), (2, 3)),
    *on(linalg.tensorsolve, (6, 2, 3), (2, 3), axes=(0,)),
)
written(linalg.tensorinv, *on(linalg.tensorinv, (2, 2, 4)), *on(linalg.tensorinv, (4, 2, 2), ind=1))
for n in (1, 3, -2):
    written(linalg.matrix_power, *on(linalg.matrix_power, BATCH, n=n))
for shapes in (((2,), (2, 3), (3, 4), (4,)), ((5, 2), (2, 3), (3, 4), (4, 1)), ((2, 3), (3, 2))):
    written(linalg.multi_dot, *on(lambda *arrays: linalg.multi_dot(arrays), *shapes))


# -- decompositions --------------------------------------------------------------------------------------------------


def values_and_moduli(function):
    return lambda x: (function(x)[0], np.abs(function(x)[1]) ** 2)


def svd_parts(x, full_matrices):
    """The singular values, a sum of dyads of singular vectors, and the projectors on the complements."""
    u, s, vh = linalg.svd(x, full_matrices)
    k = s.shape[-1]
    dyads = (u[..., :k] * np.arange(1, k + 1)) @ vh[..., :k, :]
    return s, dyads, u[..., k:] @ adjoint(u[..., k:]), adjoint(vh)[..., k:] @ vh[..., k:, :], np.abs(u[..., :k])


def qr_parts(x, mode):
    q, r = linalg.qr(x, mode)
    k = min(x.shape[-2:])
    return q[..., :k], r, q[..., k:] @ adjoint(q[..., k:])


written(linalg.cholesky, *on(lambda x: linalg.cholesky(positive(x)), SQUARE),
        *on(lambda x: linalg.cholesky(positive(x), upper=True), BATCH))  # fmt: skip
written(decompositions.cholesky, *on(lambda x: decompositions.cholesky(positive(x)), SQUARE))
for triangle in "LU":
    written(linalg.eigh, *on(values_and_moduli(lambda x, t=triangle: linalg.eigh(hermitian(x), t)), SQUARE))
    written(linalg.eigvalsh, *on(lambda x, t=triangle: linalg.eigvalsh(hermitian(x), t), BATCH))
written(linalg.eigh, on(lambda x: linalg.eigh(hermitian(x)), SQUARE)[0])
written(decompositions.eigh, on(lambda x: decompositions.eigh(hermitian(x)), SQUARE)[0])
written(linalg.eig, *on(values_and_moduli(linalg.eig), SQUARE), *on(values_and_moduli(linalg.eig), BATCH))
written(decompositions.eig, (decompositions.eig, hermitian(real(3, 3))))
written(linalg.eigvals, *on(linalg.eigvals, SQUARE), *on(linalg.eigvals, BATCH))
for shape, full_matrices in ((SQUARE, False), (TALL, True), (WIDE, True), ((2, 3, 2), False)):
    written(linalg.svd, *on(svd_parts, shape, full_matrices=full_matrices))
    written(linalg.qr, *on(qr_parts, shape, mode="complete" if full_matrices else "reduced"))
written(linalg.qr, *on(lambda x: linalg.qr(x, "r"), (3, 2)))
written(linalg.svdvals, *on(linalg.svdvals, (3, 2)))
written(linalg.svd, *on(lambda x: linalg.svd(hermitian(x), hermitian=True).S, SQUARE))
written(linalg.svd, on(lambda x: linalg.svd(hermitian(x), hermitian=True), SQUARE)[0])
written(decompositions.svd, on(decompositions.svd, SQUARE)[0], on(decompositions.svd, TALL)[0])
written(decompositions.qr, *on(decompositions.qr, SQUARE), *on(decompositions.qr, TALL))


# -- norms and condition numbers -------------------------------------------------------------------------------------

for ord in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
    written(linalg.norm, *on(linalg.norm, (2, 3), ord=ord))
for ord in ("fro", "nuc", np.inf):
    written(linalg.norm, *on(linalg.norm, (2, 1, 2), ord=ord, axis=(2, 0), keepdims=True))
    written(linalg.matrix_norm, *on(linalg.matrix_norm, (2, 2, 1), ord=ord))
for ord in (None, 1, 2, 3, np.inf, -np.inf, 0.5, -1.5):
    written(linalg.norm, *on(linalg.norm, (3,), ord=ord))
written(linalg.norm, *on(linalg.norm, (2, 3), ord=3, axis=0, keepdims=True))
written(linalg.vector_norm, *on(linalg.vector_norm, (2, 3)), *on(linalg.vector_norm, (3,), ord=np.inf))
written(linalg.vector_norm, *on(linalg.vector_norm, (2, 3, 2), ord=3, axis=(0, -1), keepdims=True))
written(linalg.norm, *on(linalg.norm, (2, 3, 2)), *on(linalg.norm, (2, 3, 2), axis=-1))
written(norms.norm, *on(norms.norm, (3,)), *on(norms.norm, (2, 3), axis=1))
for p in (0.5, 1.5, 3):
    elementwise(norms.p_direction, NONZERO, Domain(1, 3), p=p)
written(norms.p_direction, (lambda x: norms.p_direction(x, 2.0, p=2.5), imaginary(3)))
written(norms.p_norm, *on(norms.p_norm, (3,), p=3, axis=0))
KINDS = 2 if hasattr(np, "unstack") else 1  # NumPy 2.0 makes the condition numbers of complex matrices complex
for p in (None, -2, 1, -np.inf, "fro"):
    written(linalg.cond, *on(linalg.cond, (2, 2), p=p)[:KINDS])
written(linalg.cond, *on(linalg.cond, (2, 3, 2))[:KINDS])


# -- products --------------------------------------------------------------------------------------------------------

for function in (np.vecdot, linalg.vecdot):
    written(function, *on(function, (2, 3), (3,)), *on(function, (3, 2), (3, 1), axis=0))
if hasattr(np, "matvec"):  # NumPy 2.2
    written(np.matvec, *on(np.matvec, (2, 3), (4, 3)), *on(np.matvec, (4, 2, 3), (3,)))
    written(np.vecmat, *on(np.vecmat, (4, 2), (2, 3)), *on(np.vecmat, (2,), (4, 2, 3)))
written(np.kron, *on(np.kron, (2, 3), (2,)), *on(np.kron, (3,), (2, 1, 2)), *on(np.kron, (), (2, 2)))
written(np.cross, *on(np.cross, (2, 3), (3,)), *on(np.cross, (3, 2), (3, 1), axis=0),
        *on(np.cross, (3, 2), (2, 3), axisa=0, axisb=1, axisc=0))  # fmt: skip
written(linalg.cross, *on(linalg.cross, (2, 3), (3,)), *on(linalg.cross, (3, 2), (3, 2), axis=0))
written(linalg.matmul, *on(linalg.matmul, (2, 3), (3, 2)))
written(linalg.outer, *on(linalg.outer, (2,), (3,)))
written(linalg.tensordot, *on(linalg.tensordot, (2, 3, 2), (3, 2)), *on(linalg.tensordot, (2, 3), (3, 2), axes=1))
written(linalg.matrix_transpose, *on(linalg.matrix_transpose, (2, 3, 2)))
written(linalg.diagonal, *on(linalg.diagonal, (2, 3, 2)), *on(linalg.diagonal, (2, 3), offset=1))
written(linalg.trace, *on(linalg.trace, (2, 3, 3)), *on(linalg.trace, (2, 3), offset=-1))
