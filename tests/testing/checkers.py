"""The gradient checkers that `compare.py` compares, each with its defaults: each raises if it does not like a case."""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab import testing
from tinygrad_lab.testing.calls import Call
from tinygrad_lab.testing.examples import check_call


class Case(NamedTuple):
    """A function written with any array module `xp`, its gradients if they are planted ones, and where to look.

    Attributes:
        name: as the table says it.
        function: `(xp, *arrays) -> array`.
        inputs: makes a tuple of arrays of a random generator.
        vjp: `(xp, g, *arrays) -> tuple of gradients`.
        hosted: whether NumPy computes the gradients, whatever the system.
    """

    name: str
    function: Any
    inputs: Any
    vjp: Any = None
    hosted: bool = False


def ours(case, arrays, order=1):
    if case.vjp is None:
        return testing.check_gradients(lambda *xs: case.function(np, *xs), *arrays, order=order)
    pair = testing.adapters.pair(lambda *xs: case.function(np, *xs), lambda g, *xs: case.vjp(np, g, *xs), "planted")
    return testing.check_gradients(pair, *arrays)


def all_of_ours(case, arrays, order=1):
    """Make all the checks that a gradient test makes."""
    return check_call(Call(lambda *xs: case.function(np, *xs), arrays), order)


def pytorch(case, arrays, order=1):
    import torch

    def function(*xs):
        return case.function(torch, *xs)

    def backward(g, *xs):
        if not case.hosted:
            return tuple(case.vjp(torch, g, *xs))
        return tuple(map(torch.from_numpy, case.vjp(np, g.numpy(), *(x.numpy() for x in xs))))

    if case.vjp is not None:

        class Planted(torch.autograd.Function):
            @staticmethod
            def forward(ctx, *xs):
                ctx.save_for_backward(*xs)
                return case.function(torch, *xs)

            @staticmethod
            def backward(ctx, g):
                return backward(g, *ctx.saved_tensors)

        function = Planted.apply
    tensors = tuple(torch.tensor(x, requires_grad=True) for x in arrays)
    assert torch.autograd.gradcheck(function, tensors)
    assert order == 1 or torch.autograd.gradgradcheck(function, tensors)


def jax(case, arrays, order=1):
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)

    def function(*xs):
        return case.function(jax.numpy, *xs)

    def backward(xs, g):
        if not case.hosted:
            return tuple(case.vjp(jax.numpy, g, *xs))
        shapes = tuple(jax.ShapeDtypeStruct(x.shape, x.dtype) for x in xs)
        return jax.pure_callback(lambda g, *xs: case.vjp(np, *map(np.asarray, (g, *xs))), shapes, g, *xs)

    if case.vjp is None:
        return check_grads(function, arrays, order=order)
    planted = jax.custom_vjp(function)
    planted.defvjp(lambda *xs: (function(*xs), xs), backward)
    return check_grads(planted, arrays, order=1, modes=["rev"])


def autograd(case, arrays, order=1):
    import autograd.numpy as anp
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    def function(*xs):
        return case.function(anp, *xs)

    if case.vjp is None:
        return check_grads(function, order=order)(*arrays)
    planted = primitive(lambda *xs: case.function(np, *xs))
    makers = [lambda y, *xs, i=i: lambda g: case.vjp(anp, g, *xs)[i] for i in range(len(arrays))]
    defvjp(planted, *makers)
    return check_grads(planted, modes=["rev"], order=1)(*arrays)


MODULES = {"PyTorch": "torch", "JAX": "jax", "autograd": "autograd"}
CHECKERS = {
    name: checker
    for name, checker in {"tinygrad_lab": ours, "PyTorch": pytorch, "JAX": jax, "autograd": autograd}.items()
    if name not in MODULES or importlib.util.find_spec(MODULES[name])
}


def complains(checker, case, arrays, order=1):
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            checker(case, arrays, order)
    except Exception:
        return True
    return False
