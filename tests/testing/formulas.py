"""Formulas as users write them, numerically poor ones among them: is right code called wrong? Run by hand:

python -m tests.testing.formulas --examples 50 --seed 1
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

import hypothesis
import numpy as np

import tinygrad_lab.functional as F
from tests.testing.visiting import visited
from tinygrad_lab.testing import Domain, strategies
from tinygrad_lab.testing.calls import Call
from tinygrad_lab.testing.examples import check_call

REAL, POSITIVE, UNIT = Domain(), Domain(low=0), Domain(0, 1)
SHAPES = ((3,), (2, 3), (5,), (4, 2), (1,))


def softmax(x):
    return np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)


def normalised(x):
    return (x - np.mean(x, axis=-1, keepdims=True)) / np.sqrt(np.var(x, axis=-1, keepdims=True) + 1e-5)


ONE = {
    "log(1 + exp(-x))": (lambda x: np.log(1 + np.exp(-x)), REAL),
    "log(1 + exp(x))": (lambda x: np.log(1 + np.exp(x)), REAL),
    "-log(1 / (1 + exp(-x)))": (lambda x: -np.log(1 / (1 + np.exp(-x))), REAL),
    "x log(x)": (lambda x: x * np.log(x), POSITIVE),
    "log(p / (1 - p))": (lambda p: np.log(p / (1 - p)), UNIT),
    "focal loss": (lambda p: -((1 - p) ** 2) * np.log(p), UNIT),
    "binary entropy": (lambda p: -p * np.log(p) - (1 - p) * np.log(1 - p), UNIT),
    "softmax by hand": (softmax, REAL),
    "entropy of a softmax": (lambda x: -np.sum(softmax(x) * np.log(softmax(x) + 1e-12), axis=-1), REAL),
    "softmax-weighted mean": (lambda x: np.sum(softmax(x) * x, axis=-1), REAL),
    "log-sum-exp shifted by hand": (lambda x: np.max(x) + np.log(np.sum(np.exp(x - np.max(x)))), REAL),
    "log-sum-exp": (lambda x: np.log(np.sum(np.exp(x), axis=-1)), REAL),
    "InfoNCE": (lambda s: -np.log(np.exp(s[..., 0] / 0.1) / np.sum(np.exp(s / 0.1), axis=-1)), UNIT),
    "acosh(1 + x)": (lambda x: np.arccosh(1 + x), POSITIVE),
    "sqrt(x² + 1) - 1": (lambda x: np.sqrt(x * x + 1) - 1, REAL),
    "(1 - cos x) / x²": (lambda x: (1 - np.cos(x)) / x**2, Domain(without=(0.0,))),
    "(exp(x) - 1) / x": (lambda x: (np.exp(x) - 1) / x, Domain(without=(0.0,))),
    "log(1 + x)": (lambda x: np.log(1 + x), POSITIVE),
    "1 - tanh²": (lambda x: 1 - np.tanh(x) ** 2, REAL),
    "tanh by exponentials": (lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)), REAL),
    "logistic by hand": (lambda x: 1 / (1 + np.exp(-x)), REAL),
    "E[x²] - E[x]²": (lambda x: np.mean(x * x, axis=-1) - np.mean(x, axis=-1) ** 2, REAL),
    "layer norm": (normalised, REAL),
    "unit vector": (lambda x: x / np.sqrt(np.sum(x * x, axis=-1, keepdims=True) + 1e-12), REAL),
    "(x - 1)³, expanded": (lambda x: x**3 - 3 * x**2 + 3 * x - 1, REAL),
    "median": (lambda x: np.median(x, axis=-1), REAL),
    "quantile": (lambda x: np.quantile(x, 0.3, axis=-1), REAL),
    "gelu": (lambda x: 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3))), REAL),
    "swish": (lambda x: x / (1 + np.exp(-x)), REAL),
    "hinge": (lambda x: np.mean(np.maximum(0, 1 - x)), REAL),
    "Huber by hand": (lambda x: np.where(np.abs(x) < 1, 0.5 * x * x, np.abs(x) - 0.5), REAL),
    "far from 0": (lambda x: (x + 1e6) ** 2 - 1e12, REAL),
    "softplus difference": (lambda x: F.softplus(x + 1e-3) - F.softplus(x), REAL),
    "geometric mean": (lambda x: np.exp(np.mean(np.log(x), axis=-1)), POSITIVE),
    "power by logarithms": (lambda x: np.exp(2.5 * np.log(x)), POSITIVE),
    "range": (lambda x: np.max(x, axis=-1) - np.min(x, axis=-1), REAL),
    "log of a product": (lambda x: np.log(np.prod(x, axis=-1)), POSITIVE),
    "differences by hand": (lambda x: ((x + 1e-4) ** 3 - (x - 1e-4) ** 3) / 2e-4, REAL),
    "median of deviations": (lambda x: np.median(np.abs(x - np.median(x))), REAL),
    "likelihood of a logit": (lambda x: np.log(1 - 1 / (1 + np.exp(-x)) + 1e-7), REAL),
    "standardised moments": (lambda x: np.mean(normalised(x) ** 3, axis=-1), REAL),
}
TWO = {
    "KL divergence of softmaxes": lambda a, b: np.sum(softmax(a) * np.log(softmax(a) / softmax(b)), axis=-1),
    "cosine similarity": lambda a, b: np.sum(a * b, -1) / np.sqrt(np.sum(a * a, -1) * np.sum(b * b, -1) + 1e-9),
    "distance": lambda a, b: np.sqrt(np.sum((a - b) ** 2, -1) + 1e-12),
    "hypot by hand": lambda a, b: np.sqrt(a * a + b * b + 1e-30),
    "Gaussian": lambda a, b: 0.5 * b + 0.5 * (a * a) / np.exp(b),
    "difference of squares": lambda a, b: a * a - b * b,
    "ratio": lambda a, b: (a - b) / (np.abs(a) + np.abs(b) + 1e-6),
    "relative error": lambda a, b: np.abs(a - b) / (np.abs(b) + 1e-12),
    "contrastive": lambda a, b: np.maximum(0, 1 - np.sqrt((a - b) ** 2 + 1e-9)) ** 2,
    "determinant": lambda a, b: (a * b + 1) * (a * b - 1) - (a * b) ** 2,
    "hyperbolic distance": lambda a, b: np.arccosh(1 + 2 * (a - b) ** 2 / ((1 + a * a) * (1 + b * b)) + 1e-9),
    "a pole where equal": lambda a, b: 1 / (a - b + 1e-6),
}
OUTER = {
    "{}": lambda y: y,
    "sum({})": lambda y: np.sum(y),
    "mean({})²": lambda y: np.mean(y) ** 2,
    "tanh({})": lambda y: np.tanh(y),
    "log(1 + {}²)": lambda y: np.log(1 + y * y),
}


def formulas():
    """Yield names, functions, and strategies for their arguments."""
    for name, (function, domain) in ONE.items():
        for outer, wrap in OUTER.items():
            args = drawn((domain,))
            yield outer.format(name), lambda x, f=function, w=wrap: w(f(x)), args
    for name, function in TWO.items():
        for outer, wrap in OUTER.items():
            args = drawn((REAL, REAL)) | drawn((REAL,)).map(lambda args: args * 2)
            yield outer.format(name), lambda a, b, f=function, w=wrap: w(f(a, b)), args


def drawn(domains):
    st = hypothesis.strategies

    def fill(shape_and_dtype):
        shape, dtype = shape_and_dtype
        return st.tuples(*(strategies.tensors(shape, domain, dtype) for domain in domains))

    return st.tuples(st.sampled_from(SHAPES), strategies.dtypes()).flatmap(fill)


def main(examples, seed, chosen):
    total, began = Counter(), time.process_time()
    for number, (name, function, args) in enumerate(formulas()):
        if chosen not in name:
            continue
        function.__name__ = name
        found = Counter()

        def visit(args, function=function, found=found, name=name):
            found["examples"] += 1
            try:
                report = check_call(Call(function, args))
            except AssertionError as error:
                found["alarms"] += 1
                if found["alarms"] <= 1:
                    print(f"ALARM {name}: {error}\n", flush=True)
                return
            found["elements"] += sum(part.status.size for part in report.findings)
            found["inconclusive"] += report.count("inconclusive")
            found["overflow"] += report.count("overflow")

        visited(args, examples, 1000 * seed + number, visit)
        if found["inconclusive"] > 0.05 * found["elements"]:
            print(f"{name}: {dict(found)}")
        total += found
        total["formulas"] += 1
    print(
        f"{dict(total)}: {1e4 * total['alarms'] / total['examples']:.1f} alarms in 10,000 examples, "
        f"{total['inconclusive'] / total['elements']:.2%} of elements inconclusive, "
        f"{total['overflow'] / max(total['elements'], 1):.2%} overflow, "
        f"{1e3 * (time.process_time() - began) / total['examples']:.1f} ms an example"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="for each formula")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="formulas whose name has this in it")
    options = parser.parse_args()
    main(options.examples, options.seed, options.only)
