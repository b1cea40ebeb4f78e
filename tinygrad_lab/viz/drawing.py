"""`draw`: the picture of a Value, a module, a function, a compiled program or an error."""

from __future__ import annotations

from typing import Any

from tinygrad_lab.compiler.compiling import Compiled
from tinygrad_lab.compiler.program import Program
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError, OperationError
from tinygrad_lab.memory import without_collecting
from tinygrad_lab.optim.base import Optimizer
from tinygrad_lab.viz.choose.labels import Shown
from tinygrad_lab.viz.choose.view import Fold, Level
from tinygrad_lab.viz.describe.capture import capture
from tinygrad_lab.viz.describe.program import describe
from tinygrad_lab.viz.describe.refusal import up_to
from tinygrad_lab.viz.describe.tracing import Trace
from tinygrad_lab.viz.describe.training import training, values_in
from tinygrad_lab.viz.graph import Graph
from tinygrad_lab.viz.write.options import Options, check, is_whole
from tinygrad_lab.viz.write.picture import Color, Direction


def draw(
    value_or_module: Any,
    *inputs: Any,
    view: Shown | None = None,
    level: Level = "module",
    depth: int | None = None,
    fold: Fold = "auto",
    color: Color = "kind",
    max_nodes: int = 150,
    direction: Direction | None = None,
    optimizer: Optimizer | None = None,
    training_steps: int = 1,
) -> Graph:
    """Return a picture of the computation that made a Value, or that a module or function does on inputs.

    Arguments:
        value_or_module: a Value, or nested Values, as computed; or a module or any other function, which is then called
            on the inputs under observation, so that its operations are grouped by module call; or a compiled
            function, as what it was made of; or its program (`step.program`), whose calls are drawn, those of each loop
            in a frame; or an `OperationError`, for the graph up to it.
        inputs: arrays, Values and anything else to call it on. Arrays are data: they get no gradient, unless there is
            nothing else to differentiate. Values that require a gradient get one.
        view: "forward", or "backward" for the gradients' way, or "both"; by default "both" if `backward` has run, else
            "forward". A sweep is run for the gradients; no `grad` attribute changes.
        level: "module" shows the innermost modules as one box each, "op" every operation, "scalar" gives each box its
            value and gradient, for graphs of scalars.
        depth: how many levels of modules to open; None for all.
        fold: "auto" shows three or more equal module calls in a row once, as `× T`, and does so with operations too if
            there are more than `max_nodes` boxes; True does both always, False neither.
        color: by "kind", or "grad" by the size of the gradient.
        max_nodes: how many boxes there may be; above it, modules are closed from the innermost out, repetitions fold,
            and at last the middle is left out.
        direction: "down" or "right"; by default "right" for scalars without modules, else "down".
        optimizer: whose update the page of `html` shows as the third act of a training step, after forward and
            backward.
        training_steps: how many training steps the page goes through, for a function or module, which is called again
            for each; parameters and optimizer are as before in the end.

    Raises:
        GraphError: if nothing was recorded.
        ArgumentError: if an option has none of these values.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> from tinygrad_lab import viz
        >>> model = tl.nn.Sequential(tl.nn.Linear(2, 4), tl.nn.Tanh(), tl.nn.Linear(4, 1))
        >>> viz.draw(model, np.zeros((5, 2)))
        <Graph Sequential: 3 operations>
    """
    options = Options(view, level, depth, fold, color, max_nodes, direction)
    if isinstance(value_or_module, OperationError):
        return Graph(up_to(value_or_module), options)
    if isinstance(value_or_module, Program) and not inputs:
        return Graph(describe(value_or_module), options)
    if isinstance(value_or_module, Compiled):
        value_or_module = value_or_module.function
    if callable(value_or_module) and not isinstance(value_or_module, Value):
        _check_steps(training_steps, optimizer)
        name = getattr(value_or_module, "__name__", type(value_or_module).__name__)
        title = "graph" if name == "<lambda>" else name
        with without_collecting():
            first, *others = training(value_or_module, inputs, title, optimizer, training_steps)
        return Graph(first, options, tuple(others))
    if inputs:
        raise ArgumentError(
            f"draw: a {type(value_or_module).__name__} takes no inputs, only modules and functions do; leave them out"
        )
    title = getattr(value_or_module, "name", None) or "graph"
    with without_collecting():
        return Graph(capture(values_in(value_or_module), Trace(), title, optimizer), options)


def _check_steps(steps: int, optimizer: Optimizer | None) -> None:
    check("draw", "training_steps", steps, is_whole(steps, 1), "a whole number from 1")
    if steps > 1 and optimizer is None:
        raise ArgumentError(f"draw: {steps} training steps need an optimizer, got None; pass optimizer=")
