"""Every operation has a formula for every argument, in mathematics, and it is right."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tinygrad_lab.core.registry import OPS, RULE, VariadicRules
from tinygrad_lab.viz.describe.mathematics import _LOCAL, templates, written

OPERATIONS = list({op.name: op for op in OPS.values() if op.kind == RULE}.values())
NAMES = ["α₀", "α₁", "α₂", "α₃"]


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_every_operation_has_formulas_in_the_readers_names(op):
    arity = 2 if isinstance(op.rules, VariadicRules) else len(op.rules)
    for template in templates(op, arity):
        text = written(template, "∂L/∂ψ", "ψ", NAMES)
        assert "∂L/∂ψ" in text or text == "0"
        assert "?" not in text
        assert not re.search(r"np\.|lambda|_|\b[gyab]\b", text), text  # no code, and no variable of a rule


def evaluated(template, **values):
    """The number that a template stands for, or None if it says it in words."""
    text = template.translate(str.maketrans({"²": "**2", "^": "**", "·": "*", "−": "-", "√": "sqrt", "σ": "sigmoid"}))
    text = re.sub(r"\{(\w)\}", lambda m: {"0": "a", "1": "b", "y": "y"}[m[1]], text).replace("ln ", "log ")
    text = re.sub(r"\b(cos|sin|cosh|sinh|exp|log) (-?\w+)", r"\1(\2)", text).replace("π", "pi")
    text = re.sub(r"(?<=[\waby)]) (?=[aby(])(?!\*)", " * ", re.sub(r"\b(\d) (?=[aby])", r"\1 * ", text))
    functions = {name: getattr(np, name) for name in ("cos", "sin", "cosh", "sinh", "exp", "log", "sqrt", "sign", "pi")}
    try:
        return eval(text, {**functions, "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "abs": abs}, values)
    except (SyntaxError, TypeError, NameError):
        return None


def test_local_derivatives_are_those_of_the_rules():
    checked = set()
    for op in OPERATIONS:
        if op.name not in _LOCAL or not op.elementwise:
            continue
        a, b = (1.7, 0.7) if op.name == "arccosh" else (0.6, 0.7)
        arguments = [np.float64(a), np.float64(b)][: len(op.rules)]
        try:
            y = op.forward(*arguments)
        except (TypeError, ValueError, RuntimeWarning):  # it needs keywords, or integers
            continue
        for position, template in enumerate(templates(op, len(arguments))):
            value = None if "{g}" in template else evaluated(template, a=a, b=b, y=y)
            if value is not None and op.rules[position] is not None:
                rule = op.rules[position](np.float64(1.0), y, *arguments)
                assert value == pytest.approx(float(rule), rel=1e-12), (op.name, template)
                checked.add(op.name)
    assert len(checked) >= 45, sorted(set(_LOCAL) - checked)
