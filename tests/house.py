"""Each floor without those above it: `python -m tests.house [floor ...]` runs their examples and tests, in minutes."""

import ast
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.floors import FLOORS, PACKAGE, ROOT, imports_of

TESTS = Path(__file__).parent
FOLDERS = [floor for floor in FLOORS if (PACKAGE / floor).is_dir()]
TOGETHER = {  # tested as one: the engine's examples need rules, and the command line a process
    "rules": ("refusals", "calls", "core", "rules"),
    "__main__": ("cli",),
}
HOUSES = [floor for floor in FLOORS[FLOORS.index("rules") :] if floor != "cli"]  # each stands up to one of these


def up_to(floor: str) -> tuple[str, ...]:
    """Return a floor and all below it."""
    return FLOORS[: FLOORS.index(floor) + 1]


def built_up_to(floor: str, folder: Path) -> Path:
    """Make a package of the floors up to one, with what is left then of the root, and return its folder."""
    package = folder / "tinygrad_lab"
    package.mkdir()
    there = up_to(floor)
    for path in PACKAGE.iterdir():
        if path.name.removesuffix(".py") in there:
            (package / path.name).symlink_to(path)
    (package / "__init__.py").write_text(rest_of_root(set(there)))
    return folder


def rest_of_root(there: set[str]) -> str:  # noqa: C901  a case for each kind of statement
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
        elif isinstance(statement, ast.Expr):
            if not set(re.findall(r"'tinygrad_lab\.(\w+)", ast.unparse(statement))) <= there:
                continue
        elif isinstance(statement, ast.Assign | ast.If) or not isinstance(statement, ast.Import):
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
                statement.value = ast.List([], ast.Load())
            names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            if names & gone:
                gone |= {getattr(statement, "name", ""), ast.unparse(getattr(statement, "target", ast.Name("")))}
                continue
        if getattr(statement, "names", True):
            kept.append(statement)
    return ast.unparse(ast.Module(kept, []))


def run(folder: Path, *arguments: str) -> str:
    """Run Python in a house, and return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # none is needed, and they take as long as some floors
    result = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout


def run_tests(floor: str, folder: Path, floors: tuple[str, ...] = ()) -> str:
    """Run the examples and tests of a floor, or of others, in a house that ends with it; return the last line."""
    built_up_to(floor, folder)
    for path in TESTS.parent.iterdir():
        if path.name not in ("tinygrad_lab", ".git", ".venv"):
            (folder / path.name).symlink_to(path)
    files: list[str] = []
    for name in floors or TOGETHER.get(floor, (floor,)):
        own = [path for path in (PACKAGE / name, PACKAGE / f"{name}.py") if path.is_dir() or _fits(path, floor)]
        tests = [*sorted(TESTS.glob(f"{name}/**/test_*.py")), TESTS / f"test_{name}.py"]
        files += [f"tinygrad_lab/{path.name}" for path in own]
        files += [f"tests/{path.relative_to(TESTS)}" for path in tests if _fits(path, floor)]
        for path in PACKAGE.glob(f"{name}/**/*.py"):  # an example may use what is above
            files += [] if _fits(path, floor) else [f"--ignore=tinygrad_lab/{path.relative_to(PACKAGE)}"]
    if not files:
        return "nothing to run: its examples and tests use what is above"
    printed = run(
        folder, "-m", "pytest", "-q", "-x", "-m", "not slow", "-p", "no:cacheprovider", "--rootdir", str(folder),
        "-c", str(TESTS.parent / "pyproject.toml"), *files,
    )  # fmt: skip
    return printed.strip().splitlines()[-1]


def _fits(path: Path, floor: str) -> bool:
    """Whether a file is there and, with the tests and pages that it names, uses nothing above a floor."""
    if not path.exists():
        return False
    there = up_to(floor)
    above = "|".join(FLOORS[len(there) :]) or "nothing"
    absent = re.compile(rf"\b(?:tl|tinygrad_lab)\.({above})\b")
    seen: list[Path] = [path]
    for file in seen:  # which grows meanwhile
        text = file.read_text(encoding="utf-8")
        if absent.search(text):
            return False
        if file.suffix == ".py":
            if not set(imports_of(file)) <= {*there, ROOT}:
                return False
            seen += [name for name in _named(file, text) if name.exists() and name not in seen]
    return True


def _named(file: Path, text: str) -> Iterator[Path]:
    """Yield the helpers of tests that a file imports, and the programs and pages that it names."""
    for module in re.findall(r"\btests(?:\.\w+)+", text):
        yield TESTS.parent / f"{module.replace('.', '/')}.py"
    for folder, names in re.findall(r"^from tests\.(\w+) import (.+)", text, re.MULTILINE):
        yield from (TESTS / folder / f"{name}.py" for name in re.findall(r"\w+", names))
    if file.is_relative_to(TESTS):
        yield from (file.with_name(name) for name in re.findall(r"\w+\.py\b", text))
        yield from (TESTS.parent / "docs" / name for name in re.findall(r"\w+\.md\b", text))


if __name__ == "__main__":
    fell = []
    for asked in sys.argv[1:] or HOUSES:
        since = time.perf_counter()
        with tempfile.TemporaryDirectory() as place:
            try:
                outcome = run_tests(asked, Path(place))
            except AssertionError as error:
                outcome = str(error)
                fell.append(asked)
        print(f"{asked}: {outcome} ({time.perf_counter() - since:.0f} s)", flush=True)
    sys.exit(f"fell: {', '.join(fell)}" if fell else 0)
