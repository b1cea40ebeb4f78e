"""Write `docs/operations.md` from the registry: `python docs/make_operations.py`."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import numpy_coverage

import tinygrad_lab as tl
from tinygrad_lab.core.registry import COMPOSED, OPS, REFUSED, ZERO, Op
from tinygrad_lab.viz.describe.formula import formulas

HEAD = """# Operations

Every operation that a `Value` differentiates, as the registry lists it. This page is made by
`python docs/make_operations.py`; a test fails when it and the registry disagree.

A rule gives the gradient of one argument from `g`, the gradient of the result, `y`, the result, and the arguments.
The sweep undoes broadcasting and returns to the argument's dtype afterwards, so rules do neither.

What holds for all of them:

- The gradient of a real function of z = a + bi is df/da - i df/db, as in JAX and autograd; for a holomorphic function
  it is the complex derivative, without a conjugate.
- Equal elements share the gradient of `max`, `min`, `maximum` and `minimum`; sorting keeps its permutation, and
  quantiles are taken between two elements of it. At a kink the gradient lies between the one-sided derivatives.
- Where a limit is finite the gradient is: products with zeros, the determinant of a singular matrix. Where the limit is
  infinite so is the gradient, where there is none it is NaN; at the origin a norm's gradient is 0, its Hessian NaN.
- `cholesky`, `eigh`, `eigvalsh` and `pinv(hermitian=True)` read one triangle of a Hermitian matrix; their gradient is
  Hermitian.
- Eigenvectors and singular vectors are determined up to a phase: gradients are right for functions that do not depend
  on it. Where a value is repeated its vectors are not determined at all, and their gradient is NaN; that of the values
  is finite. The pseudo-inverse and `lstsq` have the derivative at constant rank. An inverse that does not exist raises.
- Creation through `np.array([v, w])` is refused aloud, since NumPy does not ask a Value; `np.stack([v, w])` or
  `np.array([v, w], like=v)` keeps the graph. Counts, files and writing in place are refused with advice.
- SciPy's ufuncs reach a Value by themselves. `scipy.special.logsumexp` and `softmax` are no ufuncs and refuse aloud:
  use `tinygrad_lab.functional`.
"""


def public_name(op: Op) -> str:
    """Return the name under which users call an operation, or a layer's internal step is known."""
    function = op.function
    if hasattr(function, "__objclass__"):
        return f"np.{function.__qualname__}"
    module = "numpy" if isinstance(function, np.ufunc) else function.__module__
    if module == "numpy.lib.stride_tricks":
        return f"np.lib.stride_tricks.{op.name}"
    if op.family == "special" and isinstance(function, np.ufunc):
        return f"scipy.special.{op.name.strip('_')}"
    if module in ("numpy.linalg", "numpy.fft"):
        return f"np.{module.partition('.')[2]}.{op.name}"
    if module == "numpy" or module.startswith("numpy."):
        return f"np.{op.name}"
    home = "functional." if ".functional." in module and not op.name.startswith("_") else ""
    return home + op.name.strip("_")


def is_ours(op: Op) -> bool:
    """Whether an operation is of this package, and not declared by a program that happens to run in this process."""
    module = getattr(op.function, "__module__", None) or "numpy"
    return module.partition(".")[0] in ("numpy", "scipy", "tinygrad_lab")


def derivative(op: Op) -> str:
    """Describe how an operation is differentiated."""
    if op.kind == COMPOSED:
        return "written with other operations"
    return "<br>".join(map(row, formulas(op)))


def row(formula: str | None) -> str:
    """Format the rule of one argument."""
    if formula is None:
        return "—"
    if formula.isidentifier() and formula.startswith("_"):
        return f"in several lines: `{formula}`"
    return "`" + formula.replace("|", "\\|") + "`"


def page() -> str:
    """Return the whole page."""
    ops = sorted(
        (op for op in OPS.values() if op.kind != ZERO and is_ours(op)),
        key=lambda op: (op.family, op.name, public_name(op)),
    )
    parts = [HEAD, f"{len(ops)} operations have a derivative.\n"]
    for family, members in groupby(ops, key=lambda op: op.family):
        rows = [f"| `{public_name(op)}` | {derivative(op)} |" for op in members]
        parts.append("\n".join([f"## {family.capitalize()}\n", "| operation | derivative |", "|---|---|", *rows, ""]))
    zero = sorted(public_name(op) for op in OPS.values() if op.kind == ZERO)
    parts.append(
        "## Zero derivative\n\nThese return plain arrays, since their derivative is zero wherever it exists:\n"
    )
    parts.append(", ".join(f"`{name}`" for name in zero) + ".\n")
    parts.append(
        "## Refused\n\nThese raise a `GradientLostError` when a Value is passed to them, and say what to do:\n"
    )
    advice = sorted((text, function.__name__) for function, text in REFUSED.items())
    for text, functions in groupby(advice, key=lambda pair: pair[0]):
        parts.append(f"- {', '.join(f'`{name}`' for _, name in functions)}: {text}.")
    parts.append("\n## Compared with others\n\nFunctions of NumPy and `scipy.special` that have a derivative:\n")
    parts.append(numpy_coverage.comparison())
    return "\n".join(parts)


if __name__ == "__main__":
    assert tl.nn, "the layers' primitives are listed too"
    Path(__file__).with_name("operations.md").write_text(page(), encoding="utf-8")
