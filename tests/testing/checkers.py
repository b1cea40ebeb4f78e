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


# -- planted errors ---------------------------------------------------------------------------------------------------


def looked_at(title, planted, arrays):
    """Whether another checker calls a planted error wrong at a point; None where it cannot look at such functions."""
    if planted.system == "numpy":
        look = {"PyTorch": pytorch_hosted, "JAX": jax_hosted, "autograd": autograd_hosted}[title]
        taken = (*planted.pair(), arrays)
    elif (planted.system, title) in (("torch", "PyTorch"), ("jax", "JAX")):
        look = pytorch_own if title == "PyTorch" else jax_own
        taken = (planted.make().function, arrays)
    else:
        return None
    try:
        look(*taken)
    except Exception:
        return True
    return False


def as_tuple(found, arrays):
    return tuple(np.array(c) for c in (found if isinstance(found, tuple) and len(arrays) > 0 else (found,)))


def pytorch_hosted(function, vjp, arrays):
    import torch

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *xs):
            ctx.save_for_backward(*xs)
            results = function(*(x.numpy() for x in xs))
            made = tuple(torch.as_tensor(np.array(y)) for y in results) if isinstance(results, tuple) else results
            return made if isinstance(results, tuple) else torch.as_tensor(np.array(results))

        @staticmethod
        def backward(ctx, *gs):
            given = tuple(g.conj().resolve_conj().numpy() for g in gs)  # its convention is the other one
            found = vjp(given if len(given) > 1 else given[0], *(x.numpy() for x in ctx.saved_tensors))
            return tuple(torch.from_numpy(c).conj() for c in as_tuple(found, arrays))

    assert torch.autograd.gradcheck(Planted.apply, tuple(torch.tensor(x, requires_grad=True) for x in arrays))


def jax_hosted(function, vjp, arrays):
    import jax
    from jax.test_util import check_grads

    def shapes(values):
        return jax.tree.map(lambda y: jax.ShapeDtypeStruct(np.shape(y), np.asarray(y).dtype), values)

    def called(*xs):
        return jax.pure_callback(lambda *xs: function(*map(np.array, xs)), shapes(function(*arrays)), *xs)

    def backward(xs, g):
        pulled = lambda g, *xs: as_tuple(vjp(jax.tree.map(np.array, g), *map(np.array, xs)), xs)
        return jax.pure_callback(pulled, shapes(tuple(arrays)), g, *xs)

    with jax.enable_x64(True):
        planted = jax.custom_vjp(called)
        planted.defvjp(lambda *xs: (called(*xs), xs), backward)
        check_grads(planted, arrays, order=1, modes=["rev"])


def autograd_hosted(function, vjp, arrays):
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    planted = primitive(lambda *xs: function(*xs))
    positions = range(len(arrays))
    defvjp(planted, *[lambda y, *xs, i=i: lambda g: as_tuple(vjp(g, *xs), xs)[i] for i in positions])
    check_grads(planted, modes=["rev"], order=1)(*arrays)


def pytorch_own(function, arrays):
    import torch

    assert torch.autograd.gradcheck(function, tuple(torch.tensor(x, requires_grad=True) for x in arrays))


def jax_own(function, arrays):
    import jax
    from jax.test_util import check_grads

    with jax.enable_x64(True):
        check_grads(function, arrays, order=2, modes=["rev"])
