"""Wrong `torch.autograd.Function`s: ways to ask for gradients, and habits."""

import numpy as np
import torch

from tests.testing.planted.planting import THREE, shaped
from tests.testing.planted.torch_functions import adapted, function, saving, with_context
from tinygrad_lab.testing.extra import st


@adapted("second order alone: by 1.01")
def _():
    cos = function(torch.cos, lambda ctx, g: -1.01 * g * ctx.saved_tensors[0].sin())
    return function(torch.sin, lambda ctx, g: g * cos(ctx.saved_tensors[0]))


@adapted("second order alone: derivative by g missing")
def _():
    return function(torch.sin, lambda ctx, g: g.detach() * ctx.saved_tensors[0].cos())


@adapted("backward in NumPy, silently constant at second order")
def _():
    return function(torch.sin, lambda ctx, g: g * torch.from_numpy(np.cos(ctx.saved_tensors[0].detach().numpy())))


@adapted("only the first of three asked for is right", THREE)
def _():

    def b(ctx, g):
        x, y, z = ctx.saved_tensors
        n = ctx.needs_input_grad
        return (
            (g * y).sum_to_size(x.shape),
            (g * x).sum_to_size(y.shape),
            (g * (1 if n[0] else 2)).sum_to_size(z.shape),
        )

    return function(lambda x, y, z: x * y + z, b)


@adapted("broadcast gradient unsummed for rows", shaped((2, 3), (3,)))
def _():
    return function(lambda x, y: x * y, lambda ctx, g: (g * ctx.saved_tensors[1], (g * ctx.saved_tensors[0])[0] * 2))


@adapted("gather, repeated positions", shaped((4,)))
def _():
    return function(
        lambda x: x[torch.tensor([0, 0, 1])],
        lambda ctx, g: torch.zeros_like(ctx.saved_tensors[0]).index_put((torch.tensor([0, 0, 1]),), g),
    )


@adapted("complex: conjugate forgotten", shaped((3,), (3,), dtype=st.sampled_from([np.dtype(np.complex128)])))
def _():
    return function(lambda x, y: x * y, lambda ctx, g: (g * ctx.saved_tensors[1], g * ctx.saved_tensors[0]))


@adapted("mask of the wrong comparison")
def _():
    return function(torch.relu, lambda ctx, g: g * (ctx.saved_tensors[0] >= -0.5))


@adapted("layer norm, eps inside the gradient alone", shaped((2, 3)))
def _():

    def b(ctx, g):
        (x,) = ctx.saved_tensors
        m = x.mean(-1, keepdim=True)
        s = (x.var(-1, unbiased=False, keepdim=True) + 0.001).sqrt()
        h = (x - m) / s
        return (g - g.mean(-1, keepdim=True) - h * (g * h).mean(-1, keepdim=True)) / s

    return function(lambda x: torch.nn.functional.layer_norm(x, (3,)), b)


@adapted("needs_input_grad: alone, second times 2", shaped((3,), (3,)))
def _():

    def b(ctx, g):
        x, y = ctx.saved_tensors
        n = ctx.needs_input_grad
        return (g * y if n[0] else None, g * x * (1 if n[0] else 2) if n[1] else None)

    return with_context(saving(lambda x, y: x * y), b)


@adapted("second gradient None when first is needed", shaped((3,), (3,)))
def _():

    def b(ctx, g):
        x, y = ctx.saved_tensors
        n = ctx.needs_input_grad
        return (g * y if n[0] else None, g * x if n[1] and (not n[0]) else None)

    return with_context(saving(lambda x, y: x * y), b)


@adapted("undefined output gradient counted as ones")
def _():

    def f(ctx, x):
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x)
        return (x.sin(), x.cos())

    def b(ctx, g, h):
        (x,) = ctx.saved_tensors
        g = torch.ones_like(x) if g is None else g
        h = torch.zeros_like(x) if h is None else h
        return g * x.cos() - h * x.sin()

    return with_context(f, b)


@adapted("undefined output gradient raises")
def _():

    def f(ctx, x):
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x)
        return (x.sin(), x.cos())

    def b(ctx, g, h):
        (x,) = ctx.saved_tensors
        return g * x.cos() - h * x.sin()

    return with_context(f, b)


@adapted("saved tensor mutated")
def _():

    def b(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x.data.cos_()

    return with_context(saving(lambda x: x.sin()), b)


@adapted("saved mutated without change")
def _():

    def b(ctx, g):
        (x,) = ctx.saved_tensors
        x.data.mul_(1)
        return g * x.cos()

    return with_context(saving(lambda x: x.sin()), b)


@adapted("grad_output mutated")
def _():

    def b(ctx, g):
        (x,) = ctx.saved_tensors
        return g.mul_(x.cos())

    return with_context(saving(lambda x: x.sin()), b)


def sine_with(jvp):
    """Return a sine with a right backward, and this forward mode."""

    def b(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x.cos()

    def f(ctx, x):
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)
        return x.sin()

    return with_context(f, b, jvp=jvp)


@adapted("forward mode by 1.001")
def _():
    return sine_with(lambda ctx, d: d * ctx.saved_tensors[0].cos() * 1.001)


@adapted("forward mode sign where negative")
def _():
    return sine_with(lambda ctx, d: d.abs() * ctx.saved_tensors[0].cos())


@adapted("double backward through detached")
def _():

    def b(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x.detach().cos()

    return with_context(saving(lambda x: x.sin()), b)


@adapted("double backward, saved as ctx.c computed in forward")
def _():

    def f(ctx, x):
        ctx.c = x.cos()
        return x.sin()

    return with_context(f, lambda ctx, g: g * ctx.c)


@adapted("bfloat16-like branch, float32 by 1.0005")
def _():

    def b(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x.cos() * (1.0005 if x.dtype == torch.float32 else 1)

    return with_context(saving(lambda x: x.sin()), b)


@adapted("half accumulation in float32")
def _():

    def b(ctx, g):
        (x,) = ctx.saved_tensors
        return (g.half() * x.cos().half()).to(x.dtype) if x.dtype == torch.float32 else g * x.cos()

    return with_context(saving(lambda x: x.sin()), b)


@adapted("view(-1) of a cotangent", shaped((2, 3)))
def _():

    def b(ctx, g):
        (x,) = ctx.saved_tensors
        return (g.view(-1) * x.reshape(-1).cos()).view(x.shape)

    return with_context(saving(lambda x: x.sin()), b)


@adapted("as_strided of a cotangent", shaped((2, 3)))
def _():

    def b(ctx, g):
        (x,) = ctx.saved_tensors
        return g.as_strided(g.shape, (g.shape[1], 1)) * x.cos()

    return with_context(saving(lambda x: x.sin()), b)


@adapted("non-contiguous input read by storage", shaped((2, 3)))
def _():

    def b(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x.as_strided(x.shape, (x.shape[1], 1)).cos()

    return with_context(saving(lambda x: x.sin()), b)


@adapted("empty raises")
def _():

    def b(ctx, g):
        (x,) = ctx.saved_tensors
        x.max()
        return g * x.cos()

    return with_context(saving(lambda x: x.sin()), b)


@adapted("float mask marked as non-differentiable result used")
def _():

    def f(ctx, x):
        ctx.save_for_backward(x)
        y = x.sin()
        return y * x.cos().detach()

    return with_context(f, lambda ctx, g: g * ctx.saved_tensors[0].cos() ** 2)


@adapted("bias summed over wrong axis for square batches", shaped((3, 3), (3,)))
def _():
    return with_context(
        saving(lambda x, b: x + b), lambda ctx, g: (g, g.sum(1) if g.shape[0] == g.shape[1] else g.sum(0))
    )


@adapted("complex conj", shaped((3,)))
def _():
    return with_context(lambda ctx, x: torch.complex(x, x * 0) * 1j, lambda ctx, g: (g * 1j).real)


@adapted("matmul grads for 1-d", shaped((3,), (3,)))
def _():
    return with_context(saving(lambda x, y: x @ y), lambda ctx, g: (g * ctx.saved_tensors[1], g * ctx.saved_tensors[1]))
