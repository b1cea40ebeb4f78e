"""Evaluation mode for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tinygrad_lab.nn.module import Module


@contextmanager
def in_evaluation_mode(model: Module) -> Iterator[None]:
    """Put a model into evaluation mode inside a `with` block; afterwards each module is in the mode that it was in.

    Example:
        >>> import tinygrad_lab as tl
        >>> model = tl.nn.Sequential(tl.nn.Linear(2, 2), tl.nn.BatchNorm1D(2).eval())
        >>> with in_evaluation_mode(model):
        ...     model.training
        False
        >>> model.training, model[1].training
        (True, False)
    """
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training
