"""What an optimizer makes of the gradients: the third act of a training step."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.core.backward import sweep
from tinygrad_lab.core.value import Value, cotangent
from tinygrad_lab.optim.base import Optimizer
from tinygrad_lab.viz.describe.summary import Summary, jsonable, summarise


@dataclass(frozen=True, slots=True)
class Update:
    """One parameter's update.

    Attributes:
        node: the parameter's id.
        optimizer: the optimizer's class.
        formula: the rule, as the class documents it.
        numbers: the learning rate, and what else the optimizer was made with.
        before, gradient, after: the parameter, its gradient, and the parameter after the update.
        state: what the optimizer remembers from now on, such as a velocity.
    """

    node: str
    optimizer: str
    formula: str
    numbers: dict[str, Any]
    before: Summary
    gradient: Summary
    after: Summary
    state: dict[str, Summary]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON has them."""
        plain = {name: getattr(self, name) for name in ("node", "optimizer", "formula")}
        summaries = {name: getattr(self, name).to_dict() for name in ("before", "gradient", "after")}
        state = {name: summary.to_dict() for name, summary in self.state.items()}
        return {**plain, **summaries, "numbers": jsonable(self.numbers), "state": state}


def gradients_by(roots: list[Value], optimizer: Optimizer) -> dict[Value, Any]:
    """Return the gradient of each of the optimizer's parameters, with a seed of ones, by parameter."""
    found = sweep({root: cotangent(root, None, False) for root in roots})
    return {parameter: found[parameter] for parameter in optimizer.params if parameter in found}


def updates_of(roots: list[Value], optimizer: Optimizer, ids: dict[Any, str]) -> tuple[Update, ...]:
    """Return what `optimizer.step()` would do after `backward()`; nothing is changed.

    Arguments:
        roots: the graph's results.
        optimizer: an optimizer of some of its parameters.
        ids: the ids of the graph's nodes.
    """
    gradients = gradients_by(roots, optimizer)
    found = []
    for position, (parameter, state) in enumerate(zip(optimizer.params, optimizer.states, strict=True)):
        if parameter in gradients and parameter in ids:
            rule = optimizer.rule_of(position)
            after, remembered = rule.updated(parameter.data, gradients[parameter], dict(state))
            numbers = {"lr": rule.rate(state.get("step", 0)), **_settings(rule)}
            found.append(
                Update(
                    ids[parameter], type(optimizer).__name__, formula_of(optimizer), numbers,
                    summarise(parameter.data), summarise(gradients[parameter]), summarise(after),
                    {name: summarise(item) for name, item in remembered.items() if name != "step"},
                )
            )  # fmt: skip
    return tuple(found)


def formula_of(optimizer: Optimizer) -> str:
    """Return an optimizer's rule, as its documentation gives it.

    Example:
        >>> import tinygrad_lab as tl
        >>> formula_of(tl.optim.SGD([tl.Value(1.0)], lr=0.1))
        'w ← w − lr · g'
    """
    formulas = [text for text in re.findall(r"`([^`]*)`", inspect.getdoc(type(optimizer)) or "") if "←" in text]
    if not formulas:
        return "w ← update(w, g)"
    return formulas[-1 if getattr(optimizer, "momentum", 0.0) else 0]


def _settings(optimizer: Optimizer) -> dict[str, Any]:
    """Return the numbers that an optimizer was made with and that are not 0."""
    numbers = {name: value for name, value in vars(optimizer).items() if type(value) in (int, float, tuple)}
    for name in ("lr", "steps", "_lag", "_own"):
        numbers.pop(name, None)
    return {name: value for name, value in numbers.items() if np.any(value)}
