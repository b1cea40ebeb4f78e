"""The floors of the house, from the ground up: each may import those before it. This is the one list of them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import tinygrad_lab

PACKAGE = Path(tinygrad_lab.__file__).parent
FLOORS = (
    "errors", "version", "deprecation", "extras", "later", "typing", "generators", "vectors", "tree", "drafts", "numpy",
    "memory", "refusals", "calls", "core", "rules", "functional", "random", "distributions", "compiler",
    "nn", "optim", "data", "export", "saving", "cluster",
    "testing", "viz", "lab", "play", "cli", "__main__",
)  # fmt: skip
STRANGERS = {"optim": {"nn"}, "data": {"nn", "optim"}, "testing": {"nn", "optim", "data"}, "viz": {"testing"}}
ROOT = ""  # what a module imports that imports the package itself, and so everything


def floor_of(path: Path) -> str:
    """Return the floor that a file of the package stands on; `__init__` for the package's own."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def known_to(floor: str) -> set[str]:
    """Return the floors that one may import."""
    return {*FLOORS[: FLOORS.index(floor) + 1]} - STRANGERS.get(floor, set())


def imports_of(path: Path) -> Iterator[str]:
    """Yield the floors that a file imports, at its top level, inside functions or by name; ROOT for the package."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module == "__future__" or all(alias.name != "*" for alias in node.names), f"{path}: star import"
            if node.module == "tinygrad_lab":
                yield from (alias.name if alias.name in FLOORS else ROOT for alias in node.names)
            else:
                yield from _floor(node.module or "")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from _floor(alias.name)
        elif isinstance(node, ast.Call) and _name(node.func) in ("import_module", "__import__", "later") and node.args:
            for part in getattr(node.args[0], "values", [node.args[0]]):
                if isinstance(part, ast.Constant):
                    yield from _floor(str(part.value))


def _floor(module: str) -> Iterator[str]:
    package, _, rest = module.partition(".")
    if package == "tinygrad_lab":
        yield rest.partition(".")[0] or ROOT


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
