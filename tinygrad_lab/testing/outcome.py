"""From verdicts to a report: what is wrong with which element, by how much, why, and how to see it again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tinygrad_lab.testing.differences import Array, Slope
from tinygrad_lab.testing.layouts import described
from tinygrad_lab.testing.leaves import Leaf
from tinygrad_lab.testing.mistakes import Diagnosis, Mistake
from tinygrad_lab.testing.patterns import Evidence, Factor, recognise
from tinygrad_lab.testing.problem import Problem
from tinygrad_lab.testing.report import Findings, GradientReport
from tinygrad_lab.testing.reproduction import call
from tinygrad_lab.testing.table import place_of, table
from tinygrad_lab.testing.verdict import BY_GRAVITY, FAIL, INCONCLUSIVE, KINK, OVERFLOW, PASS, SHARP, Verdict

NAMED = 4  # so many arrays are described, with their dtypes and layouts


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
            return replace(report, outcome="undecided", text=f"{self._undecided()}\n{Mistake.UNDECIDED.line}")
        return report

    def _undecided(self) -> str:
        """Say why nothing could be decided."""
        name = self.problem.adapter.name
        if not self.problem.outputs:
            return (
                f"{name}: returned no floating-point numbers; is a `return` missing, or is the result made of integers?"
            )
        if not self.problem.x.size or not self.problem.y.size:
            what = "arguments" if not self.problem.x.size else "results"
            return f"{name}: the {what} of shapes {self._shapes()} are empty, and nothing is compared; pass larger ones"
        found = {self.worst(i)[1].status for i in range(self.problem.x.size)}
        if found == {OVERFLOW}:
            why = "overflow, even in the widest dtype, or divide by 0; choose a point of ordinary size"
        else:
            why = f"are {' or '.join(sorted(found))}, because differences tell nothing here; choose a point where the "
            why += "function is finite and smooth"
        return f"{name}: all {self.problem.x.size} elements {why}"

    def _shapes(self) -> list[tuple[int, ...]]:
        arrays = [leaf.array for leaf in self.problem.leaves] if not self.problem.x.size else self.problem.outputs
        return [array.shape for array in arrays]

    def worst(self, i: int) -> tuple[int, Verdict]:
        """Return which cotangent an element did worst with, and the verdict."""
        verdicts = [found.get(i, _UNSEEN) for found in self.found]
        if all(verdict.status == PASS for verdict in verdicts):  # as nearly all of them
            return 0, verdicts[0]
        k = max(range(len(verdicts)), key=lambda k: BY_GRAVITY.index(verdicts[k].status))
        return k, verdicts[k]

    def explanation(self) -> str:
        """Return the text of a GradientError, on the first array with a wrong element."""
        leaf, i = next((leaf, i) for leaf in self.problem.leaves for i in leaf.numbers if self._failed(i))
        k, verdict = self.worst(i)
        place = place_of(leaf, i)
        diagnosis = verdict.reason or self._random(leaf, k) or recognise(self._evidence(leaf, k))
        wrong = {j: found for j in leaf.numbers if (found := self.found[k].get(j, _UNSEEN)).status == FAIL}
        mistake = diagnosis.mistake if self.problem.origin is None else Mistake.SECOND_ORDER
        return "\n".join(
            [
                f"{self.problem.adapter.name}, gradient of argument {leaf.argument}{place and f', element {place}'}: "
                f"{diagnosis.words}",
                f"  analytic {verdict.analytic:+.10g}   {_numeric(verdict)}",
                f"  {self._tally(leaf, k, list(wrong.values()), _elements(leaf, list(wrong)))}",
                *table(leaf, wrong),
                f"  at {self._arguments()}",
                mistake.line,
                f"  {call(self.problem, self.weights[k])}",
            ]
        )

    def _random(self, leaf: Leaf, k: int) -> Diagnosis | None:
        """Ask for the gradient again: what is another each time has no pattern."""
        first = self.gradients[k][leaf.coordinates]
        again = self.problem.gradient(self.weights[k])[0][leaf.coordinates]
        if not np.any(np.abs(again - first) > SHARP * np.abs(first)):
            return None
        return Diagnosis(Mistake.RANDOM, "another each time")

    def _failed(self, i: int) -> bool:
        return any(found.get(i, _UNSEEN).status == FAIL for found in self.found)

    def _arguments(self) -> str:
        """Name the arrays: dtype, shape and layout of each."""
        arrays = [described(leaf.array) for leaf in self.problem.leaves]
        more = f" and {len(arrays) - NAMED} more" if len(arrays) > NAMED else ""
        return "; ".join(arrays[:NAMED]) + more

    def _tally(self, leaf: Leaf, k: int, verdicts: list[Verdict], wrong: int) -> str:
        """Say how many elements are wrong, by what, and how well the others agree."""
        looked_at = [i for i in leaf.numbers if i in self.found[k]]
        parts = [f"{wrong} of {_elements(leaf, looked_at)} elements wrong"]
        if len(looked_at) < len(leaf.numbers):
            parts[0] += f" that were looked at, of {leaf.array.size}"
        smooth = [v for v in verdicts if v.high - v.low <= v.tolerance or v.high == v.low]
        ratios = [v.analytic / v.numeric for v in smooth if v.numeric and np.isfinite(v.analytic)]
        if len(ratios) == len(verdicts):
            low, high = min(ratios), max(ratios)
            parts.append(
                f"ratio {low:.4g}" if high - low <= 1e-4 * abs(low) else f"ratios from {low:.4g} to {high:.4g}"
            )
        others = [v for i in leaf.numbers if (v := self.found[k].get(i, _UNSEEN)).status == PASS]
        off = max((abs(v.off) for v in others if np.isfinite(v.numeric)), default=np.nan)
        size = max((abs(v.numeric) for v in others if np.isfinite(v.numeric)), default=0)
        if size:
            parts.append(f"the others agree to {off / size:.0e}")
        return "; ".join(parts)

    def _evidence(self, leaf: Leaf, k: int) -> Evidence:
        """Return what is known of a leaf, in its shape if all of its elements have been looked at, else flat."""
        numbers = [i for i in leaf.numbers if i in self.slopes]
        shape = leaf.shaped(self.problem.x).shape if len(numbers) == len(leaf.numbers) else (len(numbers),)
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
            factors=self._factors(leaf, numbers, shape),
            neighbours=self._neighbours(leaf, k) if len(numbers) == len(leaf.numbers) else (),
            paired=np.iscomplexobj(leaf.array) and len(numbers) == len(leaf.numbers),
        )

    def _neighbours(self, leaf: Leaf, k: int) -> tuple[tuple[int, Array], ...]:
        """Return the gradients of other arrays of the same shape: the differences', where they were looked at."""
        found = []
        for other in self.problem.leaves:
            if other is not leaf and np.shape(other.array) == np.shape(leaf.array):
                gradient = self.gradients[k].astype(float)
                for i in self.slopes.keys() & set(other.numbers):
                    gradient[i] = float(self.slopes[i].value @ self.weights[k])
                found.append((other.argument, other.shaped(gradient)))
        return tuple(found)

    def _factors(self, leaf: Leaf, numbers: list[int], shape: tuple[int, ...]) -> tuple[Factor, ...]:
        """Return what the chain rule and the product rule may multiply by: elements, results, the other arguments."""
        leaves, outputs = self.problem.leaves, self.problem.outputs
        if len(outputs) != 1 or any(map(np.iscomplexobj, [*outputs, *(other.array for other in leaves)])):
            return ()
        wide = self.problem.x.astype(float)
        found = [
            Factor(f"argument {leaf.argument}", wide[numbers].reshape(shape), False),
            Factor("the result", self.problem.y.astype(float), True),
        ]
        for other in leaves:
            with suppress(ValueError):  # it does not broadcast
                array = np.broadcast_to(other.shaped(wide), outputs[0].shape)
                found.append(Factor(f"argument {other.argument}", array.ravel(), True))
        return tuple(found)


_UNSEEN = Verdict(INCONCLUSIVE, np.nan, np.nan, np.nan, np.nan, np.nan)


def _elements(leaf: Leaf, numbers: list[int]) -> int:
    """Return how many elements these coordinates belong to: complex ones have two."""
    return len({(i - leaf.coordinates.start) // 2 for i in numbers}) if np.iscomplexobj(leaf.array) else len(numbers)


def _numeric(verdict: Verdict) -> str:
    if verdict.high - verdict.low <= 10 * verdict.bound + 1e-6 * abs(verdict.numeric):
        return f"numeric {verdict.numeric:+.10g} ± {verdict.bound:.0e}   (left = right: smooth)"
    return f"numeric from {verdict.low:+.10g} to {verdict.high:+.10g} ± {verdict.bound:.0e}   (left ≠ right: a kink)"
