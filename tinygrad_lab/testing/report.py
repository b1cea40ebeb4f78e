"""What was found, element by element, and the text that a failure shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import Literal, NamedTuple

import numpy as np

from tinygrad_lab.testing.differences import Array, Slope
from tinygrad_lab.testing.patterns import Evidence, recognise
from tinygrad_lab.testing.problem import Leaf, Problem
from tinygrad_lab.testing.reproduction import call
from tinygrad_lab.testing.verdict import FAIL, INCONCLUSIVE, KINK, PASS, Verdict

_BY_GRAVITY = (PASS, KINK, INCONCLUSIVE, FAIL)


@dataclass(frozen=True)
class Findings:
    """What was found for one differentiated array; all fields but `argument` have its shape.

    A complex array has a further axis of length 2: the slopes along its real and imaginary parts.

    Attributes:
        argument: its position among the arguments.
        status: "pass", "fail", "kink-ok" or "inconclusive" for each element.
        analytic: the rule's gradient.
        numeric: the differences' value, NaN for elements that passed together along a direction.
        bound: the error bound of `numeric`, NaN likewise.
    """

    argument: int
    status: Array
    analytic: Array
    numeric: Array
    bound: Array


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradients` found.

    Attributes:
        name: the function's name.
        findings: one entry per differentiated array; with `order=2` those of the gradient follow.
        outcome: "pass", "fail" if anything is wrong, or "undecided" if nothing could be decided.
        text: what is wrong, or why nothing could be decided.
        notes: what could not be looked at, and why: a forward mode that there is none of, and the like.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab.testing import check_gradients
        >>> report = check_gradients(np.abs, np.array([-1.0, 0.0, 2.0]))
        >>> report
        <GradientReport of absolute: 2 pass, 1 kink-ok>
        >>> report.findings[0].status.tolist()
        ['pass', 'kink-ok', 'pass']
    """

    name: str
    findings: tuple[Findings, ...]
    outcome: Literal["pass", "fail", "undecided"] = "pass"
    text: str = ""
    notes: tuple[str, ...] = ()

    def count(self, status: str) -> int:
        """Return how many elements have a status."""
        return sum(int(np.sum(part.status == status)) for part in self.findings)

    @property
    def ok(self) -> bool:
        """Whether something could be decided, and nothing is wrong."""
        return self.outcome == "pass"

    def joined(self, other: GradientReport) -> GradientReport:
        """Return one report of both, with the worse outcome."""
        worse = max(self, other, key=lambda report: ("pass", "undecided", "fail").index(report.outcome))
        return GradientReport(self.name, self.findings + other.findings, worse.outcome, worse.text)

    def _repr_html_(self) -> str:
        """Return the report as a notebook shows it: how many elements have which status, and what is wrong."""
        color = {"pass": "#00795a", "fail": "#b3001b", "undecided": "#9a5b00"}[self.outcome]
        rows = "".join(
            f'<tr><td style="text-align:left">{status}</td><td>{self.count(status)}</td></tr>'
            for status in _BY_GRAVITY
            if self.count(status)
        )
        notes = "\n".join([self.text, *(f"not looked at: {note}" for note in self.notes)]).strip()
        title = f'<b style="color:{color}">{self.outcome}</b>: gradients of {escape(self.name)}'
        return f"<div>{title}<table>{rows}</table><pre>{escape(notes)}</pre></div>"

    def __repr__(self) -> str:
        counts = [f"{self.count(status)} {status}" for status in _BY_GRAVITY if self.count(status)]
        return f"<GradientReport of {self.name}: {', '.join(counts) or 'no elements'}>"


class Outcome(NamedTuple):
    """Everything a check found: per cotangent its flat weights, the gradient and the verdicts by coordinate."""

    problem: Problem
    weights: list[Array]
    gradients: list[Array]
    found: list[dict[int, Verdict]]
    slopes: dict[int, Slope]

    def report(self, forward: str = "") -> GradientReport:
        """Return the report; of an element's verdicts for the cotangents the worst counts.

        Arguments:
            forward: what is wrong with forward mode, if anything is.
        """
        worst = [self.worst(i)[1] for i in range(self.problem.x.size)]
        status = np.array([verdict.status for verdict in worst], dtype="<U12")
        numbers = np.array([(v.analytic, v.numeric, v.bound) for v in worst], float).reshape(-1, 3).T
        findings = tuple(
            Findings(leaf.argument, leaf.shaped(status), *(leaf.shaped(column) for column in numbers))
            for leaf in self.problem.leaves
        )
        report = GradientReport(self.problem.adapter.name, findings)
        if report.count(FAIL) or forward:
            return replace(report, outcome="fail", text=self.explanation() if report.count(FAIL) else forward)
        if report.count(PASS) + report.count(KINK) == 0:
            return replace(report, outcome="undecided", text=self._undecided())
        return report

    def _undecided(self) -> str:
        """Say why nothing could be decided."""
        name = self.problem.adapter.name
        if not self.problem.outputs:
            return (
                f"{name}: must return floating-point numbers, got none; is a `return` missing, "
                f"or is the result made of integers?"
            )
        if not self.problem.x.size or not self.problem.y.size:
            what = "arguments" if not self.problem.x.size else "results"
            return f"{name}: {what} must have elements, got shapes {self._shapes()}; nothing could be compared"
        return (
            f"{name}: at least one element must be decided, got {self.problem.x.size} that are inconclusive; "
            f"differences tell nothing here: choose a point where the function is finite and smooth"
        )

    def _shapes(self) -> list[tuple[int, ...]]:
        arrays = [leaf.array for leaf in self.problem.leaves] if not self.problem.x.size else self.problem.outputs
        return [array.shape for array in arrays]

    def worst(self, i: int) -> tuple[int, Verdict]:
        """Return which cotangent an element did worst with, and the verdict."""
        verdicts = [found.get(i, _UNSEEN) for found in self.found]
        k = max(range(len(verdicts)), key=lambda k: _BY_GRAVITY.index(verdicts[k].status))
        return k, verdicts[k]

    def explanation(self) -> str:
        """Return the text of a GradientError, on the first array with a wrong element."""
        leaf, i = next((leaf, i) for leaf in self.problem.leaves for i in _numbers(leaf) if self._failed(i))
        k, verdict = self.worst(i)
        place = np.unravel_index(i - leaf.coordinates.start, leaf.shaped(self.problem.x).shape)
        element = f", element {[int(n) for n in place]}" if place else ""
        wrong = [j for j in _numbers(leaf) if self.found[k].get(j, _UNSEEN).status == FAIL]
        lines = [
            f"{self.problem.adapter.name}, gradient of argument {leaf.argument}{element}: "
            f"{verdict.reason or recognise(self._evidence(leaf, k))}",
            f"  analytic {verdict.analytic:+.10g}   {_numeric(verdict)}",
            f"  {self._tally(leaf, k, wrong)}",
            f"  {call(self.problem, self.weights[k])}",
        ]
        return "\n".join(lines)

    def _failed(self, i: int) -> bool:
        return any(found.get(i, _UNSEEN).status == FAIL for found in self.found)

    def _tally(self, leaf: Leaf, k: int, wrong: list[int]) -> str:
        """Say how many elements are wrong, by what, and how well the others agree."""
        verdicts = [self.found[k][i] for i in wrong]
        parts = [f"{_elements(leaf, wrong)} of {_elements(leaf, self._looked_at(leaf, k))} elements wrong"]
        if len(self._looked_at(leaf, k)) < len(_numbers(leaf)):
            parts[0] += f" that were looked at, of {leaf.array.size}"
        ratios = [v.analytic / v.numeric for v in verdicts if v.numeric and np.isfinite(v.analytic)]
        if len(ratios) == len(verdicts):
            low, high = min(ratios), max(ratios)
            parts.append(
                f"ratio {low:.4g}" if high - low <= 1e-4 * abs(low) else f"ratios from {low:.4g} to {high:.4g}"
            )
        others = [v for i in _numbers(leaf) if (v := self.found[k].get(i, _UNSEEN)).status == PASS]
        known = [abs(v.analytic - v.numeric) / max(abs(v.analytic), 1e-300) for v in others if np.isfinite(v.numeric)]
        if known:
            parts.append(f"the others agree to {max(known):.0e}")
        return "; ".join(parts)

    def _looked_at(self, leaf: Leaf, k: int) -> list[int]:
        return [i for i in _numbers(leaf) if i in self.found[k]]

    def _evidence(self, leaf: Leaf, k: int) -> Evidence:
        """Return what is known of a leaf, in its shape if all of its elements have been looked at, else flat."""
        numbers = [i for i in _numbers(leaf) if i in self.slopes]
        shape = leaf.shaped(self.problem.x).shape if len(numbers) == len(_numbers(leaf)) else (len(numbers),)
        verdicts = [self.found[k].get(i, _UNSEEN) for i in numbers]
        unknown = np.full(self.problem.y.size, np.nan)
        rows = [np.asarray(self.slopes[i].value if i in self.slopes else unknown, float) for i in numbers]
        kinks = [i in self.slopes and bool(np.any(self.slopes[i].kink)) for i in numbers]
        return Evidence(
            analytic=self.gradients[k][numbers].reshape(shape).astype(float),
            wrong=np.array([v.status == FAIL for v in verdicts]).reshape(shape),
            kinked=np.array(kinks).reshape(shape),
            jacobian=np.array(rows).reshape(len(numbers), self.problem.y.size),
            cotangent=self.weights[k].astype(float),
            outputs=tuple(output.shape for output in self.problem.outputs),
            others=tuple(
                (gradient[numbers].reshape(shape).astype(float), weights.astype(float))
                for other, (gradient, weights) in enumerate(zip(self.gradients, self.weights, strict=True))
                if other != k
            ),
        )


def _elements(leaf: Leaf, numbers: list[int]) -> int:
    """Return how many elements these coordinates belong to: complex ones have two."""
    return len({i // 2 for i in numbers}) if np.iscomplexobj(leaf.array) else len(numbers)


_UNSEEN = Verdict(INCONCLUSIVE, np.nan, np.nan, np.nan, np.nan, np.nan)


def _numbers(leaf: Leaf) -> range:
    return range(leaf.coordinates.start, leaf.coordinates.stop)


def _numeric(verdict: Verdict) -> str:
    if verdict.high - verdict.low <= 10 * verdict.bound + 1e-6 * abs(verdict.numeric):
        return f"numeric {verdict.numeric:+.10g} ± {verdict.bound:.0e}   (left = right: smooth)"
    return f"numeric from {verdict.low:+.10g} to {verdict.high:+.10g} ± {verdict.bound:.0e}   (left ≠ right: a kink)"
