"""Count false alarms, inconclusive examples and missed planted errors on inputs that upset gradient checkers.

Run by hand: `python tests/testing/false_alarms.py [seeds] [order]`. It prints every false alarm's report.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

import numpy as np

import tinygrad_lab.functional as F
from tinygrad_lab.testing import GradientError, adapters, check_gradients

INPUTS = {
    "normal": lambda rng: rng.normal(size=5),
    "about 1e-8": lambda rng: rng.normal(size=5) * 1e-8,
    "about 1e6": lambda rng: rng.normal(size=5) * 1e6,
    "quarters": lambda rng: rng.integers(-2, 3, size=5) / 4,
    "all sizes": lambda rng: rng.normal(size=5) * 10.0 ** rng.uniform(-8, 3, size=5),
    "zeros": lambda rng: np.where(rng.random(5) < 0.5, 0, rng.normal(size=5)),
    "float32": lambda rng: rng.normal(size=5).astype(np.float32),
    "float16": lambda rng: rng.normal(size=5).astype(np.float16),
    "saturating": lambda rng: rng.normal(size=5) * 20,
    "saturating float32": lambda rng: (rng.normal(size=5) * 20).astype(np.float32),
    "near ties": lambda rng: 1 + rng.choice([0, 1e-9, 1e-7, 1e-5, 1e-3], 5) * rng.normal(size=5),
}
ONE = [np.sin, np.cos, np.tanh, np.exp, np.expm1, np.sinh, np.square, np.absolute, np.cbrt, np.arctan, np.arcsinh,
       F.sigmoid, F.relu, F.leaky_relu, F.elu, F.gelu, F.silu, F.softplus, F.softmax, F.log_softmax, F.logsumexp,
       np.sum, np.mean, np.prod, np.max, np.sort, np.std, np.var, np.cumsum]  # fmt: skip
POSITIVE = [np.sqrt, np.log, np.log1p, np.reciprocal]
TWO = [np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.hypot, np.arctan2, np.logaddexp, np.outer,
       F.mse_loss, F.l1_loss, F.huber_loss]  # fmt: skip


def examples(seeds):
    for kind, draw in INPUTS.items():
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            for function in ONE:
                yield kind, function, (draw(rng),)
            for function in POSITIVE if kind not in ("quarters", "zeros") else ():
                yield kind, function, (np.abs(draw(rng)),)
            for function in TWO:
                yield kind, function, (draw(rng), draw(rng))


class Planted(adapters.Adapter):
    """The function with one element of its gradient off by a thousandth."""

    def linear(self, leaves, rebuild):
        right = super().linear(leaves, rebuild)

        def pull(cotangents):
            gradients = [np.array(g) for g in right.pull(cotangents)]
            largest = np.argmax(np.abs(gradients[0]))  # of the others a kink may hide some
            gradients[0].ravel()[largest] *= gradients[0].dtype.type(1.001)
            return gradients

        return right._replace(pull=pull)


def main(seeds=3, order=1):
    count, alarms, undecided, planted, missed, seconds = 0, Counter(), Counter(), 0, Counter(), 0.0
    with np.errstate(all="ignore"):
        for kind, function, args in examples(seeds):
            cell, start = (function.__name__, kind), time.process_time()
            count += 1
            try:
                report = check_gradients(function, *args, order=order)
            except GradientError as error:
                alarms[cell] += 1
                print(error)
                continue
            finally:
                seconds += time.process_time() - start
            undecided[cell] += report.count("inconclusive") > 0
            # A planted error can show only where the gradient is neither 0 nor infinite, and the function smooth.
            if report.count("pass") < sum(part.status.size for part in report.findings):
                continue
            if not (np.all(np.isfinite(report.findings[0].analytic)) and np.any(report.findings[0].analytic)):
                continue
            planted += 1
            try:
                check_gradients(Planted(function), *args)
                missed[cell] += 1
            except GradientError:
                pass
    print(f"{count} examples, {1e3 * seconds / count:.1f} ms each")
    print(f"false alarms: {alarms.total()}  {dict(alarms)}")
    print(f"examples with an inconclusive element: {undecided.total() / count:.1%}  {undecided.most_common(6)}")
    print(f"one element off by 1e-3: {1 - missed.total() / planted:.2%} of {planted} found  missed {dict(missed)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
