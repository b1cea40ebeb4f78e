"""Wrong `torch.autograd.Function`s: numbers."""

import torch

from tests.testing.planted.planting import shaped
from tests.testing.planted.torch_functions import adapted, changed, function, saving, with_context

changed("×1.001 where negative", lambda c, g, x: c * torch.where(x < 0, 1.001, 1.0).to(c.dtype))

changed("cotangent with one number", lambda c, g, x: c * (1.01 if g.numel() > 1 and g.count_nonzero() == 1 else 1))

changed("cotangent of ones", lambda c, g, x: c * (1.01 if (g == 1).all() else 1))

changed("cotangent beyond 1e8", lambda c, g, x: torch.where(g.abs() > 100000000.0, 1.01 * c, c))

changed("float16 ×1.02", lambda c, g, x: c * (1.02 if x.dtype == torch.float16 else 1))

changed(
    "float16 ×1.01, not contiguous",
    lambda c, g, x: c * (1.01 if x.dtype == torch.float16 and (not x.is_contiguous()) else 1),
)

changed(
    "channels last",
    lambda c, g, x: (
        c
        * (
            1.01
            if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last) and (not x.is_contiguous())
            else 1
        )
    ),
    shaped((2, 2, 3, 3)),
)

changed("through float32", lambda c, g, x: c.float().to(c.dtype))

changed("nan_to_num", lambda c, g, x: torch.nan_to_num(c / x * x))

changed("clamped to ±1.4", lambda c, g, x: c.clamp(-1.4, 1.4))

changed("scaled by a running count", (lambda n: lambda c, g, x: (n.append(1), c * (1.001 if len(n) > 9 else 1))[1])([]))


@adapted("embedding bag, mean as sum", shaped((3, 2)))
def _():
    return function(lambda x: x.mean(0), lambda ctx, g: g.expand(3, 2) * 1)


@adapted("buffers freed after the first sweep")
def _():

    def f(ctx, x):
        ctx.c = [x.cos()]
        return x.sin()

    return with_context(f, lambda ctx, g: g * (ctx.c.pop() if ctx.c else torch.zeros_like(g)))


@adapted("state on the class, last forward")
def _():
    s = {}

    def f(ctx, x):
        s["x"] = x.detach().clone()
        return x.sin()

    return with_context(f, lambda ctx, g: g * s["x"].cos())


@adapted("dropout mask redrawn in backward")
def _():

    def f(ctx, x):
        return x * (torch.rand_like(x) > 0.5)

    return with_context(f, lambda ctx, g: g * (torch.rand_like(g) > 0.5))


@adapted("Function, third arg constant misordered", shaped((3,), (3,)))
def _():
    return with_context(saving(lambda x, y: x - y), lambda ctx, g: (-g, g))


@adapted("grad retains wrong dtype")
def _():
    return with_context(saving(lambda x: x * 2), lambda ctx, g: (2 * g).float().to(g.dtype))
