"""Functions of tensors and modules that lose a part of their gradient."""

import torch

from tests.testing.planted.planting import REAL, shaped
from tests.testing.planted.torch_functions import F, adapted


@adapted("hook scales by 1.001")
def _():

    def f(x):
        y = x.sin()
        if y.requires_grad:
            y.register_hook(lambda g: 1.001 * g)
        return y

    return f


@adapted("value is another when it is recorded")
def _():
    return lambda x: x.sin() * (1.001 if x.requires_grad else 1)


@adapted("forward mode without the second argument", shaped((3,), (3,)))
def _():

    class G(F):
        @staticmethod
        def forward(x, y):
            return x * y

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return (g * y, g * x)

        @staticmethod
        def jvp(ctx, a, b):
            return a * ctx.saved_tensors[1]

    return G.apply


@adapted("a module's buffer in the gradient")
def _():

    class M(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("scale", torch.tensor(2.0))
            self.w = torch.nn.Parameter(torch.ones(1))

        def forward(self, x):
            return x * self.w.detach() * self.scale + 0 * self.w

    return M()


@adapted("tied weights, one detached")
def _():

    class M(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(torch.tensor(0.7))

        def forward(self, x):
            return x * self.w + self.w.detach() ** 2

    return M()


@adapted("in-place on a clone, saved before")
def _():

    def f(x):
        y = x.clone()
        z = y.data
        s = y.sin()
        z.mul_(1.01)
        return s

    return f


@adapted("list of results, the last detached")
def _():
    return lambda x: [x.sin(), x.cos().detach()]


@adapted("checkpoint that runs another function")
def _():
    from torch.utils.checkpoint import checkpoint

    n = []

    def inner(x):
        n.append(1)
        return x.sin() if len(n) % 2 else x.sin() * 1.01

    return lambda x: checkpoint(inner, x, use_reentrant=False) if x.requires_grad else x.sin()


@adapted("detached scale in softmax", shaped((2, 3)))
def _():
    return lambda x: (
        torch.exp(x - x.max(-1, keepdim=True)[0])
        / torch.exp(x - x.max(-1, keepdim=True)[0]).sum(-1, keepdim=True).detach()
    )


@adapted(".data in the middle")
def _():
    return lambda x: x * torch.tanh(x.data)


@adapted("no_grad block")
def _():

    def f(x):
        with torch.no_grad():
            s = x.abs().mean() + 1
        return x / s

    return f


@adapted("round with straight-through")
def _():
    return lambda x: x + (x.round() - x).detach()


@adapted("where NaN", (REAL,))
def _():
    return lambda x: torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))
