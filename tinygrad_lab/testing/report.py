"""What was found, element by element: what the checks return, and what the error of a failure carries."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np

from tinygrad_lab.errors import GradientError, VacuousTestError
from tinygrad_lab.testing.differences import Array
from tinygrad_lab.testing.verdict import BY_GRAVITY, INCONCLUSIVE, OVERFLOW


@dataclass(frozen=True)
class Findings:
    """What was found for one differentiated array; all fields but `argument` have its shape.

    A complex array has a further axis of length 2: the slopes along its real and imaginary parts.

    Attributes:
        argument: its position among the arguments.
        status: "pass", "fail", "kink-ok", "inconclusive" or "overflow" for each element, the last where the function
            or its gradient is too large to be compared, even in the widest dtype, or divides by 0.
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
    def undecided(self) -> int:
        """How many elements nothing can be said about: those that are inconclusive, and those that overflow."""
        return self.count(INCONCLUSIVE) + self.count(OVERFLOW)

    @property
    def ok(self) -> bool:
        """Whether something could be decided, and nothing is wrong."""
        return self.outcome == "pass"

    def error(self) -> GradientError:
        """Return what is raised about a report that is not `ok`."""
        return (VacuousTestError if self.outcome == "undecided" else GradientError)(self.text, self)

    def joined(self, other: GradientReport) -> GradientReport:
        """Return one report of both, with the worse outcome."""
        worse = max(self, other, key=lambda report: ("pass", "undecided", "fail").index(report.outcome))
        return GradientReport(self.name, self.findings + other.findings, worse.outcome, worse.text)

    def _repr_html_(self) -> str:
        """Return the report as a notebook shows it: how many elements have which status, and what is wrong."""
        color = {"pass": "#00795a", "fail": "#b3001b", "undecided": "#9a5b00"}[self.outcome]
        rows = "".join(
            f'<tr><td style="text-align:left">{status}</td><td>{self.count(status)}</td></tr>'
            for status in BY_GRAVITY
            if self.count(status)
        )
        notes = "\n".join([self.text, *(f"not looked at: {note}" for note in self.notes)]).strip()
        title = f'<b style="color:{color}">{self.outcome}</b>: gradients of {escape(self.name)}'
        return f"<div>{title}<table>{rows}</table><pre>{escape(notes)}</pre></div>"

    def __repr__(self) -> str:
        counts = [f"{self.count(status)} {status}" for status in BY_GRAVITY if self.count(status)]
        return f"<GradientReport of {self.name}: {', '.join(counts) or 'no elements'}>"
