"""What was found, element by element, and the text that a failure shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.testing.differences import Array
from tinygrad_lab.testing.problem import Leaf, Problem
from tinygrad_lab.testing.verdict import FAIL, INCONCLUSIVE, PASS, Verdict


@dataclass(frozen=True)
class Findings:
    """What was found for one differentiated array.

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
    """What `check_gradients` found: one entry per differentiated array."""

    name: str
    findings: tuple[Findings, ...]

    @classmethod
    def of(cls, problem: Problem, weights: Any, gradients: Any, found: list[dict[int, Verdict]]) -> GradientReport:
        """Build the report; an element's worst verdict over the cotangents counts."""
        worst = [_worst(found, i) for i in range(problem.x.size)]
        status = np.array([v.status for v in worst], dtype="<U12")
        numbers = np.array([(v.analytic, v.numeric, v.bound) for v in worst], float).reshape(-1, 3)
        findings = tuple(
            Findings(leaf.argument, leaf.shaped(status), *(leaf.shaped(n) for n in numbers.T)) for leaf in problem.leaves
        )
        return cls(problem.adapter.name, findings)

    def joined(self, other: GradientReport) -> GradientReport:
        """Return one report of both."""
        return GradientReport(self.name, self.findings + other.findings)

    def count(self, status: str) -> int:
        """Return how many elements have a status."""
        return sum(int(np.sum(f.status == status)) for f in self.findings)

    @property
    def ok(self) -> bool:
        """Whether no element failed."""
        return self.count(FAIL) == 0


_ORDER = (PASS, "kink-ok", INCONCLUSIVE, FAIL)


def _worst(found: list[dict[int, Verdict]], i: int) -> Verdict:
    missing = Verdict(INCONCLUSIVE, np.nan, np.nan, np.nan, np.nan, np.nan)
    return max((f.get(i, missing) for f in found), key=lambda v: _ORDER.index(v.status))


def explain(problem: Problem, weights: Any, gradients: Any, found: list[dict[int, Verdict]]) -> str:
    """Return the text of a GradientError."""
    for f in found:
        for i, v in f.items():
            if v.status == FAIL:
                return f"{problem.adapter.name}: {i} {v}"
    return ""
