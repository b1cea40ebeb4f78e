"""The public face: what is promised is there, errors say what to do, and importing is light."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

import tinygrad_lab as tl

PACKAGE = Path(tl.__file__).parent

PROMISED = [
    "Value", "no_grad", "enable_grad", "debug",
    "grad", "value_and_grad", "vjp", "jvp", "jacobian", "hessian", "hvp", "compile",
    "OPS", "defvjp", "defzero", "composed", "primitive",
    "nn", "optim", "functional", "testing", "viz", "lab", "__version__",
]  # fmt: skip


@pytest.mark.parametrize("name", PROMISED)
def test_what_is_promised_is_there(name):
    assert hasattr(tl, name)


def test_public_names_are_documented():
    for name in PROMISED:
        thing = getattr(tl, name)
        if callable(thing) or isinstance(thing, types.ModuleType):
            assert inspect.getdoc(thing), name


def test_all_tells_the_truth_wherever_it_is_declared():
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("tinygrad_lab") and hasattr(module, "__all__"):
            missing = [name for name in module.__all__ if not hasattr(module, name)]
            assert not missing, f"{module.__name__}: {missing}"
            assert len(set(module.__all__)) == len(module.__all__), module.__name__


def error_texts(path):
    """Yield the literal texts of the errors that a file raises or returns, with {} for what is filled in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        call = node.exc if isinstance(node, ast.Raise) else node.value if isinstance(node, ast.Return) else None
        if isinstance(call, ast.Call) and getattr(call.func, "id", "").endswith("Error") and call.args:
            parts = getattr(call.args[0], "values", [call.args[0]])
            if all(isinstance(part, ast.Constant | ast.FormattedValue) for part in parts):
                yield node.lineno, "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)


@pytest.mark.parametrize("floor", ["core", "rules", "functional", "nn", "optim"])
def test_error_texts_say_what_must_be_what_was_given_and_what_to_do(floor):
    for path in sorted((PACKAGE / floor).rglob("*.py")):
        for line, text in error_texts(path):
            assert re.fullmatch(r".+ must .+, got .+; .+", text, re.DOTALL), f"{path.name}:{line}: {text}"


def run(code):
    result = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_importing_needs_nothing_but_numpy():
    heavy = [
        "scipy",
        "matplotlib",
        "rich",
        "jinja2",
        "dask",
        "hypothesis",
        "torch",
        "safetensors",
        "pytest",
        "graphviz",
    ]
    loaded = run(f"import sys, tinygrad_lab; print([m for m in {heavy} if m in sys.modules])")
    assert loaded == "[]"


def test_importing_changes_no_global_state():
    code = (
        "import numpy as np, warnings\n"
        "before = np.geterr(), np.random.get_state()[1].tolist(), list(warnings.filters), np.get_printoptions()\n"
        "import tinygrad_lab\n"
        "after = np.geterr(), np.random.get_state()[1].tolist(), list(warnings.filters), np.get_printoptions()\n"
        "print(before == after)"
    )
    assert run(code) == "True"


def test_the_package_is_typed_and_has_a_version():
    assert (PACKAGE / "py.typed").exists()
    assert [part.isdigit() for part in tl.__version__.split(".")][:2] == [True, True]
