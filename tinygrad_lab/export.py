"""Models for other programs to run."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.compiler.passes import optimise, unroll
from tinygrad_lab.compiler.tracing import trace
from tinygrad_lab.core.modes import no_grad
from tinygrad_lab.core.value import Value
from tinygrad_lab.extras import extra
from tinygrad_lab.nn import Module
from tinygrad_lab.nn.evaluation import in_evaluation_mode
from tinygrad_lab.typing import Tree


def onnx(model: Any, example: Tree, path: str | Path) -> None:
    """Write the forward pass of a model as an ONNX file: opset 18, float32, any batch size.

    A module is exported as it computes in evaluation mode.

    Arguments:
        model: a module or function of arrays.
        example: its input, or a tuple of its inputs; the first axis of each is the batch. In the file they have the
            names "x0", "x1", …, and the outputs "output", "output_1", ….
        path: the file.

    Raises:
        MissingExtraError: if ONNX is not installed.
        CompileError: if the model uses a function that ONNX has not, or decides on data.

    Example:
        >>> import tempfile, tinygrad_lab as tl
        >>> model = tl.nn.Sequential(tl.nn.Linear(2, 4), tl.nn.Tanh(), tl.nn.Linear(4, 1))
        >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +SKIP
        ...     tl.export.onnx(model, np.zeros((1, 2)), f"{folder}/model.onnx")
    """
    with extra("onnx"):
        import onnx as library

    from tinygrad_lab.compiler.write_onnx import Graph

    examples = example if isinstance(example, tuple) else (example,)
    examples = tuple(map(np.asarray, examples))
    one_more = tuple(np.concatenate([x, x[:1]]) for x in examples)
    with in_evaluation_mode(model) if isinstance(model, Module) else nullcontext(), no_grad():
        programs = [optimise(unroll(trace(lambda *xs: _arrays(model(*xs)), *xs))) for xs in (examples, one_more)]
    library.save(Graph(*programs).model(), str(path))


def _arrays(result: Any) -> list[Any]:
    return [x.data if type(x) is Value else x for x in tree.flatten(result)[0]]
