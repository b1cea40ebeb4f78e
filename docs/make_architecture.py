"""Write the figures of `docs/architecture.md`: `python docs/make_architecture.py`, or only the exact ones: `--lines`.

Lines of code are those that are neither blank, comment nor docstring. Times are ratios of interleaved medians in one
process and one thread, of the least disturbed of several runs; they differ by a few hundredths from run to run.
"""

from __future__ import annotations

import os

# One thread, set before any numerical library is loaded.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import ast
import io
import platform
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
PACKAGE = ROOT / "tinygrad_lab"
CORE = PACKAGE / "core"
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def lines_of_code(source: str) -> int:
    """Count the lines that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines.difference(*docstrings(source)))


def docstrings(source: str) -> Iterator[range]:
    """Yield the lines of each docstring."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            first = node.body[0]
            yield range(first.lineno, (first.end_lineno or first.lineno) + 1)


def size() -> str:
    """Return the sentence on the engine's size."""
    lines = {path.stem: lines_of_code(path.read_text(encoding="utf-8")) for path in CORE.glob("*.py")}
    shown = ", ".join(f"`{name}` {count}" for name, count in sorted(lines.items(), key=lambda x: -x[1]) if count)
    return f"The engine has {sum(lines.values())} lines of code: {shown}."


def types() -> str:
    """Return the sentence on annotations."""
    shares = {floor: round(100 * shown.count("Any") / len(shown)) for floor, shown in annotations().items()}
    lacking = ", ".join(f"`{floor}` {share}" for floor, share in sorted(shares.items(), key=lambda x: -x[1]) if share)
    none = ", ".join(f"`{floor}`" for floor, share in sorted(shares.items()) if not share)
    return (
        f"The share of bare `Any` among the annotations of public functions and methods, in per cent: {lacking}; none, "
        f"or hardly any, in {none}."
    )


def annotations() -> dict[str, list[str]]:
    """Return the annotations of public functions and methods, by floor; none of tiny ones."""
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        floor = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if floor != "typing":  # it says what arrays of any kind share
            found.setdefault(floor, []).extend(_annotations(ast.parse(path.read_text(encoding="utf-8")).body))
    return {floor: shown for floor, shown in found.items() if len(shown) >= 20}


def _annotations(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _annotations(node.body)
        elif isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or node.name.endswith("__")):
            arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)  # *args are passed on
            shown = (*(argument.annotation for argument in arguments), node.returns)
            yield from (ast.unparse(annotation) for annotation in shown if annotation is not None)


def times() -> str:
    """Measure, and return the sentence on times."""
    sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))
    import import_time
    import small_step
    from harness import compare

    runs = [compare({"by hand": small_step.hand_written(), "ours": small_step.ours()}) for _ in range(5)]
    _, ours = min(runs, key=lambda rows: rows[0].microseconds)  # the run that other programs disturbed least
    numpy, package = import_time.seconds()
    return (
        f"A training step of a small network (`python tests/benchmarks small_step`) takes "
        f"{ours.ratio:.2f} times as long as the same step written by hand in NumPy, "
        f"and `import tinygrad_lab` {1000 * (package - numpy):.0f} ms more than `import numpy` "
        f"(Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()})."
    )


def put(page: str, name: str, text: str) -> str:
    """Return the page with another text between the marks of that name."""
    before, start, rest = page.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"\n<!-- end of {name} -->")
    assert start, f"{PAGE.name} has no mark for {name}"
    assert end, f"{PAGE.name} has no end mark for {name}"
    return before + start + text + end + after


def main() -> None:
    """Write the page."""
    page = put(PAGE.read_text(encoding="utf-8"), "size", size())
    page = put(page, "types", types())
    if "--lines" not in sys.argv[1:]:
        page = put(page, "times", times())
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
