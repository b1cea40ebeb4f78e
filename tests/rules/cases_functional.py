"""Calls of the operations of `functional`: activations are found by trying, losses and layers are written down."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.rules.drawing import call, drawn, listed
from tinygrad_lab.functional import (
    activations,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    convolution,
    cross_entropy,
    elu,
    huber_loss,
    kl_div,
    l1_loss,
    leaky_relu,
    linear,
    log_softmax,
    logsumexp,
    matrices,
    mse_loss,
    nll_loss,
    piecewise,
    smooth_l1_loss,
    softmax,
)
from tinygrad_lab.testing import strategies
from tinygrad_lab.testing.calls import Call
from tinygrad_lab.testing.domains import REAL, Domain

REDUCTIONS = ("mean", "sum", "none")

listed(leaky_relu, call((2, 3)), call((3,), negative_slope=0.3))
listed(elu, call((2, 3)), call((3,), alpha=0.5))
listed(activations.celu, call((2, 3)), call((3,), alpha=0.5))
listed(piecewise.hardtanh, call((2, 3)), call((3,), min_val=-0.5, max_val=2.0))
for function in (piecewise.softshrink, piecewise.hardshrink):
    listed(function, call((2, 3)), call((3,), lambd=1.0))
listed(linear, call((2, 3), (4, 3)), call((2, 3), (4, 3), (4,)), call((3,), (2, 3), (2,)),
       call((2, 1, 3), (2, 3), (2,)))  # fmt: skip
listed(convolution._filter, call((2, 3), (3, 4)), call((2, 2, 3), (2, 3, 4), (2, 2, 1)))
for function in (softmax, log_softmax):
    listed(function, call((3,)), call((2, 3)), call((2, 3), axis=0), call((2, 3, 2), axis=(0, 2)), domain=Domain(-9, 9))
listed(matrices.expm, call((3, 3)), call((2, 2, 2)), call((1, 1)), domain=Domain(-1, 1))
for options in ({}, {"lower": True}, {"trans": 1}, {"lower": True, "trans": "T"}, {"unit_diagonal": True}):
    calls = (call((3, 3), shape, **options) for shape in ((3,), (3, 2)))
    listed(matrices.solve_triangular, *calls, domain=Domain(1, 2))
listed(logsumexp, call((3,)), call((2, 3), axis=0), call((2, 3, 2), axis=(0, 2)), call((2, 3), keepdims=True))

SHAPES = ((3,), (2, 3), (2, 1, 3), ())
for function, domains in (
    (mse_loss, (REAL, REAL)),
    (l1_loss, (REAL, REAL)),
    (huber_loss, (REAL, REAL)),
    (smooth_l1_loss, (REAL, REAL)),
    (kl_div, (REAL, Domain(0.1, 1))),
    (binary_cross_entropy, (Domain(0, 1), Domain(-3, 3))),
    (binary_cross_entropy_with_logits, (REAL, REAL)),
):

    @drawn(function)
    def _loss(draw, rng, function=function, domains=domains):
        shape, dtype = draw(st.sampled_from(SHAPES)), draw(strategies.dtypes())
        kwargs = {"reduction": draw(st.sampled_from(REDUCTIONS))}
        if function is huber_loss:
            kwargs["delta"] = draw(st.sampled_from([1.0, 0.3]))
        return Call(function, tuple(draw(strategies.tensors(shape, domain, dtype)) for domain in domains), kwargs)


@drawn(nll_loss)
def _nll(draw, rng):
    return _with_classes(draw, rng, nll_loss)


@drawn(cross_entropy)
def _cross_entropy(draw, rng):
    if draw(st.booleans()):
        return _with_classes(draw, rng, cross_entropy)
    shape, reduction = draw(st.sampled_from([(3,), (2, 3), (2, 3, 2)])), draw(st.sampled_from(REDUCTIONS))
    arrays = (draw(strategies.tensors(shape, domain)) for domain in (Domain(-9, 9), Domain(0, 1)))
    return Call(cross_entropy, tuple(arrays), {"reduction": reduction})


def _with_classes(draw, rng, function):
    shape, reduction = draw(st.sampled_from([(3,), (2, 3), (2, 3, 2)])), draw(st.sampled_from(REDUCTIONS))
    x = draw(strategies.tensors(shape, Domain(-9, 9), strategies.dtypes()))
    classes = rng.integers(0, 3, (*shape[:1], *shape[2:]) if len(shape) > 1 else ())
    return Call(lambda x: function(x, classes, reduction=reduction), (x,))
