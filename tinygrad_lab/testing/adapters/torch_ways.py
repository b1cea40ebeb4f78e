"""How PyTorch asks for gradients besides the plain way, and what a `torch.autograd.Function` must leave alone."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from tinygrad_lab.testing.adapters.base import Leaves, Rebuild, Way
from tinygrad_lab.testing.mistakes import Mistake, failure

BATCH = 3
ELSEWHERE = 0.75  # times the arguments


def ways(adapter: Any, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Iterator[Way]:
    """Yield the other ways in which PyTorch may ask for the gradient.

    Raises:
        GradientError: if the backward pass writes into what was saved, or into its cotangents.
    """

    def gradients(given: Leaves, tracked: list[int] | None = None, **options: Any) -> Leaves:
        """Return the gradients of the inputs that require one, None for the others."""
        inputs = adapter.tensors(leaves)
        chosen = list(range(len(inputs))) if tracked is None else tracked
        for i in chosen:
            inputs[i].requires_grad_()
        results = adapter.results(rebuild, inputs)
        found = adapter.arrays(adapter.pull(results, [inputs[i] for i in chosen], given, **options))
        by_number = dict(zip(chosen, found, strict=True))
        return [by_number.get(i) for i in range(len(inputs))]

    tensors = adapter.tensors

    def interrupted() -> Leaves:
        inputs = tensors(leaves, True)
        results = adapter.results(rebuild, inputs)
        with suppress(Exception), adapter.torch.no_grad():  # it may not be defined there
            adapter.results(rebuild, [ELSEWHERE * x for x in tensors(leaves)])
        found: Leaves = adapter.arrays(adapter.pull(results, inputs, tensors(cotangents)))
        return found

    yield Way("when the function is called with other arguments before it is asked for", cotangents, interrupted)
    yield Way("when the graph is swept again", cotangents, lambda: _again(adapter, leaves, rebuild, cotangents))
    for i in range(len(leaves)) if len(leaves) > 1 else ():
        yield Way(f"when only array {i} requires one", cotangents, lambda i=i: gradients(tensors(cotangents), [i]))  # type: ignore[misc]
    for j in range(len(cotangents)) if len(cotangents) > 1 else ():
        alone = [c if n == j else np.zeros_like(c) for n, c in enumerate(cotangents)]
        given = [c if n == j else None for n, c in enumerate(tensors(cotangents))]
        yield Way(f"when only result {j} has a cotangent", alone, lambda given=given: gradients(given))  # type: ignore[misc]
    yield Way(
        "when the cotangent is not contiguous", cotangents, lambda: gradients([_gaps(c) for c in tensors(cotangents)])
    )
    ones = [np.ones_like(c) for c in cotangents]
    expanded = [t.new_ones(()).expand(t.shape) for t in tensors(ones)]
    yield Way("when the cotangent is one number, expanded", ones, lambda: gradients(expanded))

    yield from _batches(adapter, leaves, rebuild, cotangents, gradients)


def _batches(
    adapter: Any, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves, gradients: Callable[..., Leaves]
) -> Iterator[Way]:
    """Yield the ways to ask for the gradients of several cotangents at once."""
    stack = [np.stack([(-1) ** n * np.roll(c, n) for n in range(BATCH)]) for c in cotangents]

    def mapped() -> Leaves:
        func = adapter.torch.func

        def pulled(inputs: Leaves, given: Leaves) -> Any:
            return func.vjp(lambda *xs: adapter.results(rebuild, list(xs)), *inputs)[1](given)

        copies = [np.stack([x] * BATCH) for x in leaves]
        return list(adapter.arrays(func.vmap(pulled)(adapter.tensors(copies), adapter.tensors(stack))))

    ways = {"in a batch of them": lambda: gradients(adapter.tensors(stack), is_grads_batched=True)}
    if not any(map(np.iscomplexobj, [*leaves, *cotangents])):
        ways["under `torch.func.vmap`"] = mapped
    found: dict[str, Leaves] = {}

    def nth(name: str, n: int) -> Leaves:
        found[name] = found[name] if name in found else ways[name]()
        return [g if g is None or g.shape == np.shape(x) else g[n] for g, x in zip(found[name], leaves, strict=True)]

    for name in ways:
        for n in range(BATCH):
            yield Way(name, [part[n] for part in stack], functools.partial(nth, name, n), True)


def _gaps(tensor: Any) -> Any:
    """Return a tensor of the same values with a gap after each."""
    gaps = tensor.new_empty((*tensor.shape, 2))
    gaps[..., 0] = tensor
    return gaps[..., 0]


def _again(adapter: Any, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Leaves:
    """Sweep a graph twice, and look whether anything was written into that the sweep was only to read."""
    saved: list[Any] = []

    def pack(tensor: Any) -> Any:
        saved.append(tensor)
        return tensor

    inputs, given = adapter.tensors(leaves, True), adapter.tensors(cotangents)
    with adapter.torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        results = adapter.results(rebuild, inputs)
    kept = [(tensor, tensor._version, tensor.detach().clone()) for tensor in [*saved, *given]]
    adapter.pull(results, inputs, given, retain_graph=True)
    for tensor, version, copy in kept:
        same = adapter.torch.equal(tensor.detach().nan_to_num(), copy.nan_to_num())
        if tensor._version != version or not same:
            what = "its cotangent" if any(tensor is g for g in given) else "a saved tensor"
            raise failure(
                Mistake.IN_PLACE,
                f"{adapter.name}: the backward pass wrote into {what}; compute a new tensor",
            )
    found: Leaves = adapter.arrays(adapter.pull(results, inputs, given, retain_graph=True))
    return found
