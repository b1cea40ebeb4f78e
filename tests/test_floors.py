"""The house: imports go down only, and every floor stands without those above it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests import house
from tests.floors import FLOORS, PACKAGE, ROOT, floor_of, imports_of, known_to
from tests.house import FOLDERS, built_up_to, run

TESTS = Path(__file__).parent


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
        ("OPS.later('tinygrad_lab.functional')", {"functional"}),
        ("import numpy", set()),
    ],
)
def test_imports_are_seen_wherever_they_stand(tmp_path, code, found):
    (tmp_path / "module.py").write_text(code)
    assert set(imports_of(tmp_path / "module.py")) == found


# -- each floor without those above it -------------------------------------------------------------------------------


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
SEEN = sorted({*SEEN_QUICKLY, *FOLDERS[::2], FOLDERS[-1]}, key=FLOORS.index)


def test_a_floor_is_imported_without_those_above_it(tmp_path, whole):
    """One interpreter imports them one after the other: to start one for each takes longer than what it does.

    Every second floor shows what the imports that are read above do not; `python -m tests.house` builds up to each.
    """
    houses = []
    for floor in SEEN if whole else SEEN_QUICKLY:
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
@pytest.mark.parametrize(("floor", "tested"), [("rules", "core"), ("compiler", "refusals"), ("nn", "nn")])
def test_a_floor_passes_its_tests_without_those_above_it(floor, tested, tmp_path):
    """`python -m tests.house` runs those of all floors, in minutes."""
    assert "passed" in house.run_tests(floor, tmp_path, (tested,))
