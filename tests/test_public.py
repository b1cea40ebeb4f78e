"""The public face: what is promised is there, errors say what to do, and importing is light."""

from __future__ import annotations

import ast
import collections
import functools
import inspect
import re
import rlcompleter
import subprocess
import sys
import types
from pathlib import Path

import pytest

import tinygrad_lab as tl
from tinygrad_lab import errors

PACKAGE = Path(tl.__file__).parent

PROMISED = [
    "Value", "array", "checkpoint", "tree", "no_grad", "enable_grad", "debug",
    "default_dtype", "get_default_dtype", "set_default_dtype",
    "grad", "value_and_grad", "vjp", "jvp", "jacobian", "hessian", "hvp", "compile", "scan",
    "OPS", "defvjp", "defzero", "composed", "primitive",
    "nn", "optim", "functional", "testing", "viz", "lab", "random", "data", "distributions", "load", "save",
    "reuse_memory", "__version__",
]  # fmt: skip


@pytest.mark.parametrize("name", PROMISED)
def test_what_is_promised_is_there(name):
    assert hasattr(tl, name)


def test_what_is_loaded_on_demand_is_found_by_who_looks_for_names():
    assert set(PROMISED) | set(tl.__all__) <= set(dir(tl))
    assert rlcompleter.Completer({"tl": tl}).complete("tl.opt", 0) == "tl.optim"


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


# -- errors ----------------------------------------------------------------------------------------------------------

# What Python's own protocols ask for, or what never leaves the function that raises it.
BUILT_IN = {
    "AttributeError": "a module's __getattr__ says so that there is no such name",
    "zipfile.BadZipFile": "raised and caught in one function, which puts it into a sentence",
    "KeyboardInterrupt": "what Ctrl-C is in Python, for other signals that ask to end",
    "argparse.ArgumentTypeError": "argparse puts it into a sentence",
    "FileExistsError": "what the system says of a name that is taken",
    "NotImplementedError": "a method of a base class that no user is meant to call",
}


@functools.cache
def raises():
    """Return the place and the class of every error that the package raises, or makes in a function that returns it."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            made = [node.exc] if isinstance(node, ast.Raise) else [node.value] if isinstance(node, ast.Return) else []
            for call in made:
                name = ast.unparse(call.func if isinstance(call, ast.Call) else call) if call is not None else ""
                if re.fullmatch(r"([a-z]+\.)?[A-Z]\w*(Error|Exit|Interrupt|Exception|File|Iteration|Warning)", name):
                    found.append((f"{path.relative_to(PACKAGE)}:{node.lineno}", name, call))
    return found


def test_every_error_raised_on_purpose_is_of_a_class_that_can_be_caught_as_one():
    ours = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    others = [f"{place}: {name}" for place, name, _ in raises() if name not in ours | BUILT_IN.keys()]
    assert not others
    used = {name for _, name, _ in raises()}
    assert BUILT_IN.keys() <= used, "an exception that nothing needs any more"


def test_what_makes_the_error_to_raise_says_that_it_is_one_of_ours():
    """A raise of `_error(…)` or `refusals.graph.freed(…)` is as good as the annotation of that function."""
    ours = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
    made = collections.defaultdict(set)
    for node in (node for tree in trees.values() for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            made[node.name].add(ast.unparse(node.returns).strip("\"'"))
    doubtful = []
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                name = ast.unparse(node.exc.func).rpartition(".")[2]
                if name.strip("_")[0].islower() and name not in HAND_ON and not (ours | {"NoReturn"}) & made[name]:
                    doubtful.append(f"{path.relative_to(PACKAGE)}:{node.lineno}: {name} -> {made[name]}")
    assert not doubtful


# They return the error that they were given, or one of ours in its place.
HAND_ON = {"judged", "explained"}


def test_every_error_class_is_the_base_class_and_a_built_in():
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and kind is not errors.TinygradError:
            assert issubclass(kind, errors.TinygradError), name
            assert any(base.__module__ == "builtins" and base is not Exception for base in kind.__mro__[:-3]), name


# A text without a semicolon is a plain sentence, with one of these in it.
ADVICE = (
    r"\b(add|call|check|choose|correct|drop|give|install|keep|leave|pass|put|run|see|set|take|try|use|wrap|write)\b"
)


def error_texts():
    """Yield the place and the text of the errors whose text stands in the source, with … for what is filled in.

    Where the end of a text is filled in, the advice stands elsewhere.
    """
    for place, name, call in raises():
        if isinstance(call, ast.Call) and call.args and name not in BUILT_IN:
            parts = getattr(call.args[0], "values", [call.args[0]])
            if all(isinstance(part, ast.Constant | ast.FormattedValue) for part in parts):
                text = "".join(part.value if isinstance(part, ast.Constant) else "…" for part in parts)
                if not text.endswith("…"):
                    yield place, text


def test_error_texts_are_one_line_that_says_what_is_wrong_and_what_to_do():
    unclear = []
    for place, text in error_texts():
        wrong, _, advice = text.rpartition(";")
        advises = len(advice.split()) >= 2 and len(wrong.split()) >= 3 if wrong else re.search(ADVICE, text)
        if "\n" in text or text.endswith(".") or not advises:
            unclear.append(f"{place}: {text}")
    assert not unclear, "\n".join(unclear)


def run(code):
    result = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_importing_needs_nothing_but_numpy_and_few_modules():
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
        "difflib",
        "numpy.random",
        "numpy.fft",
        *(f"tinygrad_lab.{name}" for name in ("nn", "functional", "optim", "compiler", "rules.later")),
    ]
    loaded = run(f"import sys, tinygrad_lab; print([m for m in {heavy} if m in sys.modules]); print(len(sys.modules))")
    assert loaded.splitlines()[0] == "[]"
    alone = run("import sys, numpy; print(len(sys.modules))")
    assert int(loaded.splitlines()[1]) - int(alone) <= 75, "each costs 0.2 ms: see rules/later, and __getattr__"


def test_who_reads_the_table_of_operations_has_all_of_it_and_ones_own_rules_stay():
    code = (
        "import importlib, pkgutil, numpy as np, tinygrad_lab as tl\n"
        "early = set(tl.OPS.here)\n"
        "tl.defvjp(np.linalg.det, lambda g, y, x: 7 * np.ones_like(x))\n"
        "before = len(tl.OPS)\n"
        "for package in (tl.rules, tl.functional, tl.nn, tl.optim):\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if module.name != 'tinygrad_lab.rules.special':  # which needs SciPy\n"
        "            importlib.import_module(module.name)\n"
        "libraries = {getattr(f, '__module__', 'numpy').partition('.')[0] for f in tl.OPS.here.keys() - early}\n"
        "print(len(tl.OPS.here) - before, tl.grad(np.linalg.det)(np.eye(1)), sorted(libraries))"
    )
    assert run(code) == "0 [[7.]] ['numpy', 'tinygrad_lab']"  # by which a single one is looked for


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
