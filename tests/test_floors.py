"""The house: imports go down only, and every floor stands without those above it."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.floors import FLOORS, PACKAGE, ROOT, floor_of, imports_of, known_to

TESTS = Path(__file__).parent
FOLDERS = [floor for floor in FLOORS if (PACKAGE / floor).is_dir()]


def sources():
    return [path for path in sorted(PACKAGE.rglob("*.py")) if floor_of(path) != "__init__"]


def test_every_part_of_the_package_is_a_floor():
    assert {floor_of(path) for path in sources()} <= set(FLOORS)


def test_a_file_holds_one_idea_so_it_is_short():
    long = {path.name: lines for path in sources() if (lines := path.read_text(encoding="utf-8").count("\n")) > 300}
    assert not long, "split it by idea"


def test_the_architecture_page_lists_every_floor_from_the_top_down():
    page = (TESTS.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("## The floors")[2].partition("\n## ")[0]
    rows = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in table.splitlines() if row.startswith("| `")]
    named = [floor for row in rows[::-1] for floor in row]
    assert [floor for floor in FLOORS if floor in named] == named
    assert {floor for floor in FLOORS if (PACKAGE / floor).is_dir()} <= set(named)


def test_imports_go_down_only():
    above = {str(path.relative_to(PACKAGE)): set(imports_of(path)) - known_to(floor_of(path)) for path in sources()}
    assert len(above) > 100
    assert not {name: floors for name, floors in above.items() if floors}, f"{ROOT} imports every floor"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import tinygrad_lab as tl", {ROOT}),
        ("from tinygrad_lab import Value", {ROOT}),
        ("from tinygrad_lab import viz", {"viz"}),
        ("def f():\n    from tinygrad_lab.viz import draw", {"viz"}),
        ("import tinygrad_lab.nn.init, numpy", {"nn"}),
        ("import importlib\nimportlib.import_module(f'tinygrad_lab.lab.{name}')", {"lab"}),
        ("import numpy", set()),
    ],
)
def test_imports_are_seen_wherever_they_stand(tmp_path, code, found):
    (tmp_path / "module.py").write_text(code)
    assert set(imports_of(tmp_path / "module.py")) == found


# -- each floor without those above it -------------------------------------------------------------------------------


def built_up_to(floor, folder):
    """Make a package of the floors up to one, with what is left then of the root, and return its folder."""
    package = folder / "tinygrad_lab"
    package.mkdir()
    there = [name for name in FLOORS[: FLOORS.index(floor) + 1] if name != "__main__"]
    for path in PACKAGE.iterdir():
        if path.name.removesuffix(".py") in there:
            (package / path.name).symlink_to(path)
    (package / "__init__.py").write_text(rest_of_root(set(there)))
    return folder


def rest_of_root(there):
    """Return the package's `__init__.py` without what it takes from missing floors."""
    root = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    kept, gone = [], set()
    for statement in root.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "tinygrad_lab":
            gone |= {alias.name for alias in statement.names} - there
            statement.names = [alias for alias in statement.names if alias.name in there]
        elif isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("tinygrad_lab."):
            if statement.module.split(".")[1] not in there:
                gone |= {alias.asname or alias.name for alias in statement.names}
                statement.names = []
        elif isinstance(statement, ast.Assign | ast.If) or not isinstance(statement, ast.Import | ast.Expr):
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
                statement.value = ast.List([], ast.Load())
            names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            if names & gone:
                gone |= {getattr(statement, "name", ""), ast.unparse(getattr(statement, "target", ast.Name("")))}
                continue
        if getattr(statement, "names", True):
            kept.append(statement)
    return ast.unparse(ast.Module(kept, []))


def run(folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # none is needed, and they take as long as some floors
    result = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout


IMPORT_ALL = """
import importlib, json, pkgutil, sys
for folder, there in json.loads(sys.argv[1]):
    for name in [name for name in sys.modules if name.partition(".")[0] == "tinygrad_lab"]:
        del sys.modules[name]
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    package = importlib.import_module("tinygrad_lab")
    assert package.__file__.startswith(folder), package.__file__
    for module in pkgutil.walk_packages(package.__path__, "tinygrad_lab."):
        try:
            importlib.import_module(module.name)
        except ImportError as error:  # of a library that is not installed
            if (error.name or "tinygrad_lab").startswith("tinygrad_lab"):
                raise
    loaded = {name.split(".")[1] for name in sys.modules if name.startswith("tinygrad_lab.")}
    assert loaded <= set(there), (loaded, there)
    print(len(loaded))
"""


SEEN_QUICKLY = ("core", "rules", "functional")


def test_a_floor_is_imported_without_those_above_it(tmp_path, whole):
    """One interpreter imports them one after the other: to start one for each takes longer than what it does."""
    houses = []
    for floor in FOLDERS if whole else SEEN_QUICKLY:
        (tmp_path / floor).mkdir()
        houses.append((str(built_up_to(floor, tmp_path / floor)), FLOORS[: FLOORS.index(floor) + 1]))
    counts = run(tmp_path, "-c", IMPORT_ALL, json.dumps(houses)).split()
    assert len(counts) == len(houses)
    assert all(int(count) > 1 for count in counts)


ENGINE_ALONE = """
import numpy as np, tinygrad_lab as tl
tl.defvjp(np.positive, lambda g, y, x: g)
tl.defvjp(np.add, lambda g, y, a, b: g, lambda g, y, a, b: g)
tl.defvjp(np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)
tl.defvjp(np.sin, lambda g, y, x: g * np.cos(x))
tl.defvjp(np.cos, lambda g, y, x: -1 * g * np.sin(x))
x = tl.Value(2.0)
y = np.sin(x) * x * 3.0
y.backward()
expected = 3 * (2 * np.cos(2.0) + np.sin(2.0))
assert abs(x.grad - expected) < 1e-12
assert abs(tl.grad(lambda x: np.sin(x) * x * 3.0)(2.0) - expected) < 1e-12
assert abs(tl.grad(tl.grad(np.sin))(2.0) + np.sin(2.0)) < 1e-12
assert abs(tl.jvp(np.sin, (2.0,), (1.0,))[1] - np.cos(2.0)) < 1e-12
"""


def test_the_engine_differentiates_with_nothing_but_rules_of_ones_own(tmp_path):
    run(built_up_to("core", tmp_path), "-c", ENGINE_ALONE)


@pytest.mark.slow
@pytest.mark.parametrize("floor", ["rules", "functional", "nn", "viz"])
def test_a_floor_passes_its_tests_without_those_above_it(floor, tmp_path):
    folder = built_up_to(floor, tmp_path)
    (folder / "tests").symlink_to(TESTS)
    floors = ["core", "rules"] if floor == "rules" else [floor]  # the engine's examples need the rules
    run(
        folder, "-m", "pytest", "-q", "-x", "-m", "not slow", "-p", "no:cacheprovider",
        "-c", str(TESTS.parent / "pyproject.toml"), "--rootdir", str(folder),
        *(f"tinygrad_lab/{name}" for name in floors), *own_tests(floors, FLOORS[: FLOORS.index(floor) + 1]),
    )  # fmt: skip


def own_tests(floors, there):
    """Yield the engine's test files that use nothing but floors that are there; those above have their examples."""
    absent = re.compile(r"\b(?:tl|tinygrad_lab)\.(" + "|".join(set(FLOORS) - set(there)) + r")\b")
    for path in sorted((TESTS / "core").glob("test_*.py")) if "core" in floors else ():
        if set(imports_of(path)) <= {*there, ROOT} and not absent.search(path.read_text(encoding="utf-8")):
            yield f"tests/core/{path.name}"
