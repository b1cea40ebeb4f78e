"""The page of what `others.py` found: every finding with a program that shows it, which is run as the page is made."""

from __future__ import annotations

import datetime
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import mpmath
import numpy as np

from tests.testing.elsewhere.libraries import LIBRARIES, Library

PAGE = Path(__file__).parents[3] / "docs" / "other_libraries.md"
KINDS = {"wrong": "error", "inexact": "digits lost", "convention": "convention"}
ORDERS: dict[int | str, str] = {
    1: "first derivative",
    2: "second derivative",
    "forward": "forward mode",
    "forward over reverse": "second derivative, forward over reverse",
}
REMARKS = {
    ("PyTorch", name): " `backward()` refuses, saying that there is no gradient; `torch.func.grad` gives 0."
    for name in ("j0", "j1")
}


def evaluated(
    library: Library,
    namespace: Any,
    text: str,
    args: tuple[Any, ...],
    positions: tuple[int, ...],
    forward: bool = False,
) -> Any:
    """Return what a program of `Library.program` prints."""
    scope = dict(namespace)
    for name, arg in zip("xyz", args, strict=False):
        scope[name] = eval(library.array.format(arg), scope)
    *_, last = library.program(text, args, positions, forward).split("\n")
    before, _, shown = last.rpartition("print(")
    exec(before, scope)
    found = eval(shown[:-1], scope)
    return np.zeros(np.shape(args[positions[0]])) if found is None else found


def write(found: list[dict[str, Any]]) -> None:
    """Write the page."""
    by_title = {library.title: library for library in LIBRARIES}
    parts = [_head(found), *(_section(by_title[part["title"]], part) for part in found)]
    PAGE.write_text("\n".join(parts), encoding="utf-8")


def _head(found: list[dict[str, Any]]) -> str:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    rows = []
    for part in found:
        findings = [_grouped(result) for result in part["results"]]
        kinds = [verdict for groups in findings for _, verdict, _ in groups]
        points = sum(result["points"] for result in part["results"])
        alarms = sum(f["verdict"] == "alarm" for result in part["results"] for f in result["findings"])
        missed = sum(
            finding["by"] == "mpmath" for group in findings for _, _, found in group for finding in _points(found)
        )
        cells = [
            part["title"],
            part["version"],
            sum("error" not in result for result in part["results"]),
            points,
            *(kinds.count(kind) for kind in KINDS),
            alarms,
            missed,
        ]
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, mpmath {mpmath.__version__}"
    return f"""# Derivatives in other libraries

The gradient checker was run on the derivatives of PyTorch, JAX, autograd and MyGrad, as installed on {today}
({versions}, double precision). These libraries are good: nearly all of
their derivatives are right to the last digits, nearly everywhere. This page is about the rest, because somebody's
training run may meet it. Each finding was confirmed by mpmath at 50 digits, and three lines of Python show it. They
ran when the page was made. `python -m tests.testing.others --write` makes it again.

| | version | functions | points | errors | digits lost | conventions | other alarms | not found |
|---|---|---:|---:|---:|---:|---:|---:|---:|
{chr(10).join(rows)}

- **points**: arguments where the library's value of the function agrees with mpmath's; where it does not, derivatives
  are not judged.
- **error**: the function has a derivative there, and the library gives another number, NaN or infinity: it is off by
  more than 1 %, and by more than a millionth of the function's own size.
- **digits lost**: it is off by less, but by more than a millionth, or than 1e-9 where the checker noticed. What
  would be right for arguments a few units in the last place away counts as right, so that nobody is blamed for
  ill-conditioned functions.
- **convention**: the function has a kink there or a tie, so that there is no derivative, and the library gives a number
  outside of what the slopes on both sides allow, or NaN. People may have good reasons to.
- **other alarms**: points where the checker called a derivative wrong, and this script could not confirm it:
  differences step over the end of a domain and over poles that are close, nothing is said of exponents of negative
  bases, and where slopes jump, what a second backward pass gives for its cotangent may be NaN. They stand at the end
  of each section.
- **not found**: points where mpmath finds an error or digits lost in a first derivative, and the checker, which sees
  only values in double precision, does not: so the checker proves nothing by its silence.

mpmath takes difference quotients with a step of 1e-30 of the argument at 200 digits, from both sides. Where they agree
there is a derivative, and their mean has more than 50 digits of it, of which 20 are printed here. PyTorch's gradient of
a complex function is the conjugate of JAX's and autograd's, a convention of which neither is wrong; only real functions
are on this page.
"""


def _grouped(result: dict[str, Any]) -> list[tuple[int | str, str, list[dict[str, Any]]]]:
    """Return findings by order and kind."""
    kinds = [(order, verdict) for order in ORDERS for verdict in KINDS]
    groups = [(o, v, [f for f in result["findings"] if (f["order"], f["verdict"]) == (o, v)]) for o, v in kinds]
    return [group for group in groups if group[2]]


def _section(library: Library, part: dict[str, Any]) -> str:
    lines = [f"## {part['title']} {part['version']}", ""]
    clean = [f"`{r['name']}`" for r in part["results"] if not r["findings"] and "error" not in r]
    refused = [f"`{r['name']}`" for r in part["results"] if "error" in r]
    for result in part["results"]:
        for order, verdict, group in _grouped(result):
            lines += _finding(library, result, order, verdict, group)
    alarms = [_alarms(result) for result in part["results"] if _alarms(result)]
    if alarms:
        lines += [f"Other alarms: {'; '.join(alarms)}.", ""]
    lines += [f"Nothing was found in {len(clean)} others: {', '.join(clean)}.", ""]
    if refused:
        lines += [f"Not looked at, since a derivative is missing or something raised: {', '.join(refused)}.", ""]
    return "\n".join(lines)


def _alarms(result: dict[str, Any]) -> str:
    """Say at which points the checker raised an alarm that was not confirmed."""
    alarms = [finding for finding in result["findings"] if finding["verdict"] == "alarm"]
    if not alarms:
        return ""
    orders = " and ".join(ORDERS[order] for order in ORDERS if order in {finding["order"] for finding in alarms})
    if any(isinstance(arg, list) for finding in alarms for arg in finding["args"]):
        return f"`{result['name']}` at {len(alarms)} arrays, {orders}"
    places = ", ".join(str(f["args"][0]) if len(f["args"]) == 1 else str(tuple(f["args"])) for f in alarms)
    return f"`{result['name']}` at {places}, {orders}"


def _finding(
    library: Library, result: dict[str, Any], order: int | str, verdict: str, group: list[dict[str, Any]]
) -> list[str]:
    shown = min(group, key=_plainness)
    points = _points(group)
    alone = sum(finding["by"] == "mpmath" for finding in points)
    by = f", {alone} of which mpmath alone found" if alone else ""
    second = order in (2, "forward over reverse")
    places = shown["where"] if second else shown["where"][:1]
    element = tuple(index for place in places for index in place[1:]) if second else ()
    program = library.program(
        library.functions[result["name"]],
        shown["args"],
        tuple(place[0] for place in places),
        order in ("forward", "forward over reverse"),
        element,
    )
    sides = [_short(side) for side in shown["truth"]]
    exact = f"is {' from the left and '.join(sides)}" + " from the right" * (len(sides) > 1)
    exact = exact if sides else "does not exist, for the slope there jumps"
    what = (
        "derivative"
        if not shown.get("tie")
        else "derivative as the equal ones move together, and so their gradients' sum,"
    )
    return [
        f"### `{result['name']}`: {KINDS[verdict]}, {ORDERS[order]}",
        "",
        f"At {len(points)} of {result['points']} points{by}, for example",
        "",
        "```python",
        program,
        "```",
        "",
        f"prints `{_printed(program)}`; the {what}{_element(shown)} {exact}."
        + REMARKS.get((library.title, result["name"]), ""),
        "",
    ]


def _points(group: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one finding for each point."""
    return list({repr(finding["args"]): finding for finding in group}.values())


def _plainness(finding: dict[str, Any]) -> tuple[Any, ...]:
    """Put arguments of usual size that are quickly written before others."""
    numbers = np.abs(np.concatenate([np.ravel(arg) for arg in finding["args"]]))
    unusual = sum(x != 0 and not 1e-3 <= x <= 100 for x in numbers)
    return finding["by"], unusual, len(repr(finding["args"])), repr(finding["args"])


def _element(finding: dict[str, Any]) -> str:
    places = [list(place[1:]) for place in finding["where"] if len(place) > 1]
    if not places or finding.get("tie"):
        return ""
    return f" for element{'s' * (len(places) > 1)} {' and '.join(map(str, places))}"


def _short(number: str) -> str:
    with mpmath.workdps(60):
        exact = mpmath.mpf(number)
        return mpmath.nstr(exact, 20) if abs(exact) > 1e-25 else "0"


def _printed(program: str) -> str:
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=False)
    text = " ".join((run.stdout.strip() or run.stderr.strip().split("\n")[-1]).split())
    return text.replace("`", "'")
