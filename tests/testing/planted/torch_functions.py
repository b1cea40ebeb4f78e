"""What wrong functions of PyTorch are written with."""

import torch

from tests.testing.planted.planting import ONE, planting
from tinygrad_lab.testing import adapters

plant = planting("PyTorch")


F = torch.autograd.Function


def adapted(name, drawn=ONE):
    """Decorate what makes a function of tensors."""
    return lambda make: plant.of("torch", name, drawn)(lambda: adapters.torch(make(), "planted"))


def saving(f):
    """Return a `forward` that saves its arguments."""
    return lambda ctx, *xs: (ctx.save_for_backward(*xs), f(*xs))[1]


def function(forward, backward, **more):
    """Return a `torch.autograd.Function` of one, two or three arguments, as `forward` has."""
    arity = forward.__code__.co_argcount if hasattr(forward, "__code__") else 1
    save = {
        1: lambda ctx, x: saving(forward)(ctx, x),
        2: lambda ctx, x, y: saving(forward)(ctx, x, y),
        3: lambda ctx, x, y, z: saving(forward)(ctx, x, y, z),
    }[arity]
    return with_context(save, backward, **more)


def with_context(forward, backward, **more):
    """Return a `torch.autograd.Function` whose `forward` takes the context."""
    methods = {"forward": forward, "backward": backward, **more}
    return type("Planted", (F,), {name: staticmethod(method) for name, method in methods.items()}).apply


def changed(name, change, drawn=ONE):
    """Plant a gradient of sin that `change(gradient, g, x)` makes something else of."""

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return change(g * x.cos(), g, x)

    adapted(name, drawn)(lambda: function(torch.sin, backward))
