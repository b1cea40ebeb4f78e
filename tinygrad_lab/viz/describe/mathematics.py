"""Derivatives as a textbook writes them, with the reader's own names: `∂f/∂a += ∂f/∂m · b`.

A template holds places: {y} for the result, {0}, {1}, … for the arguments, and, in a whole contribution, {g} for the
gradient of the result. Where there is no {g}, it is the local derivative of an elementwise operation, to be multiplied
by that gradient. What the tables do not know is written with the transposed Jacobian, which is what a rule is.
"""

from __future__ import annotations

import re

from tinygrad_lab.core.registry import Op, VariadicRules

# fmt: off
_LOCAL: dict[str, tuple[str, ...]] = {
    "positive": ("1",), "negative": ("−1",), "add": ("1", "1"), "subtract": ("1", "−1"), "multiply": ("{1}", "{0}"),
    "divide": ("1 / {1}", "−{y} / {1}"), "remainder": ("1", "−⌊{0} / {1}⌋"), "fmod": ("1", "−trunc({0} / {1})"),
    "reciprocal": ("−{y}²",), "copysign": ("sign({0}) sign({1})", "0"), "ldexp": ("2^{1}",), "nextafter": ("1", "0"),
    "square": ("2 {0}",), "sqrt": ("1 / (2 {y})",), "cbrt": ("1 / (3 {y}²)",),
    "power": ("{1} · {0}^({1} − 1)", "{y} · ln {0}"), "float_power": ("{1} · {0}^({1} − 1)", "{y} · ln {0}"),
    "hypot": ("{0} / {y}", "{1} / {y}"),
    "exp": ("{y}",), "exp2": ("{y} · ln 2",), "expm1": ("exp {0}",),
    "log": ("1 / {0}",), "log2": ("1 / ({0} · ln 2)",), "log10": ("1 / ({0} · ln 10)",), "log1p": ("1 / (1 + {0})",),
    "logaddexp": ("exp({0} − {y})", "exp({1} − {y})"), "logaddexp2": ("2^({0} − {y})", "2^({1} − {y})"),
    "absolute": ("sign({0})",), "fabs": ("sign({0})",), "fraction": ("1",), "mantissa": ("{y} / {0}",),
    "real": ("Re",), "imag": ("Im",), "conjugate": ("conjugation",), "astype": ("1",), "copy": ("1",),
    "ratio": ("1 / {1}", "−{y} / {1}"), "direction": ("1 / {1}", "−{y} / {1}"),
    "side": ("0, none at 0",), "where_defined": ("1, where {1} is defined",),
    "partial": ("∂ / ∂{0} of {y}", "∂ / ∂{1} of {y}"),
    "sin": ("cos {0}",), "cos": ("−sin {0}",), "tan": ("1 + {y}²",), "arcsin": ("1 / √(1 − {0}²)",),
    "arccos": ("−1 / √(1 − {0}²)",), "arctan": ("1 / (1 + {0}²)",),
    "arctan2": ("{1} / ({0}² + {1}²)", "−{0} / ({0}² + {1}²)"),
    "sinh": ("cosh {0}",), "cosh": ("sinh {0}",), "tanh": ("1 − {y}²",), "arcsinh": ("1 / √(1 + {0}²)",),
    "arccosh": ("1 / √({0}² − 1)",), "arctanh": ("1 / (1 − {0}²)",),
    "cosine_of_arcsine": ("−{0} / {y}",), "secant_of_arctangent": ("{0} / {y}",), "sinh_of_arccosh": ("{0} / {y}",),
    "one_minus_square": ("−2 {0}",),
    "deg2rad": ("π / 180",), "radians": ("π / 180",), "rad2deg": ("180 / π",), "degrees": ("180 / π",),
    "relu": ("1 where {0} > 0, else 0",), "leaky_relu": ("1 where {0} > 0, else the slope",),
    "elu": ("1 where {0} > 0, else α exp {0}",), "celu": ("1 where {0} > 0, else exp({0} / α)",),
    "sigmoid": ("{y} (1 − {y})",), "softplus": ("σ({0})",), "logsigmoid": ("σ(−{0})",),
    "silu": ("s + {0} s (1 − s), s = σ({0})",),
    "mish": ("t + {0} (1 − t²) σ({0}), t = tanh(softplus {0})",), "softsign": ("1 / (1 + |{0}|)²",),
    "tanhshrink": ("tanh² {0}",), "normal_cdf": ("φ({0})",), "_gelu_exact": ("Φ({0}) + {0} φ({0})",),
    "_gelu_tanh": ("(1 + t) / 2 + {0} (1 − t²) u′ / 2, t = tanh u",),
    "hardtanh": ("1 between the bounds, else 0",), "hardsigmoid": ("1/6 where |{0}| < 3, else 0",),
    "hardswish": ("{0} / 3 + 1/2 where |{0}| < 3, else 1 where {0} > 0, else 0",),
    "softshrink": ("1 where |{0}| > λ, else 0",), "hardshrink": ("1 where |{0}| > λ, else 0",),
    "where": ("0", "1 where {0}, else 0", "0 where {0}, else 1"),
    "maximum": ("1 where {0} > {1}, ½ where equal", "1 where {1} > {0}, ½ where equal"),
    "minimum": ("1 where {0} < {1}, ½ where equal", "1 where {1} < {0}, ½ where equal"),
    "fmax": ("1 where {0} > {1}, ½ where equal", "1 where {1} > {0}, ½ where equal"),
    "fmin": ("1 where {0} < {1}, ½ where equal", "1 where {1} < {0}, ½ where equal"),
    "nan_to_num": ("1 where {0} is finite, else 0",),
}
_WHOLE: dict[str, tuple[str, ...]] = {
    "linear": ("{g} {1}", "{g}ᵀ {0}", "Σ {g} over the rows"),
    "matmul": ("{g} {1}ᵀ", "{0}ᵀ {g}"), "tensordot": ("{g} · {1} over the other axes", "{0} · {g} over the other axes"),
    "einsum": ("einsum of {g} and the other arguments, with the indices of this one as the result",),
    "sum": ("{g} to every element",), "mean": ("{g} / n to every element",),
    "cumsum": ("sums of {g} from the end",), "var": ("2 ({0} − mean {0}) · {g} / n",),
    "std": ("({0} − mean {0}) · {g} / (n {y})",),
    **dict.fromkeys(("max", "amax"), ("{g} to the largest elements, shared equally",)),
    **dict.fromkeys(("min", "amin"), ("{g} to the smallest elements, shared equally",)),
    "mse_loss": ("2 ({0} − {1}) · {g} / n", "2 ({1} − {0}) · {g} / n"),
    "l1_loss": ("sign({0} − {1}) · {g} / n", "sign({1} − {0}) · {g} / n"),
    "huber_loss": ("({0} − {1}), kept within ±δ, · {g} / n", "({1} − {0}), kept within ±δ, · {g} / n"),
    "smooth_l1_loss": ("({0} − {1}) / β, kept within ±1, · {g} / n", "({1} − {0}) / β, kept within ±1, · {g} / n"),
    "kl_div": ("−{1} · {g} / n", "(1 + ln {1} − {0}) · {g} / n"),
    "binary_cross_entropy": ("({0} − {1}) / ({0} (1 − {0})) · {g} / n", "(ln(1 − {0}) − ln {0}) · {g} / n"),
    "binary_cross_entropy_with_logits": ("(σ({0}) − {1}) · {g} / n", "−{0} · {g} / n"),
    "nll_loss": ("−{g} / n at the target classes, else 0",),
    "cross_entropy": ("(softmax({0}) − {1} as 0 and 1) · {g} / n", "−ln softmax({0}) · {g} / n"),
    "softmax": ("{y} · ({g} − Σ {g} {y})",), "log_softmax": ("{g} − softmax({0}) Σ {g}",),
    "logsumexp": ("softmax({0}) · {g}",),
    "standardise": (
        "(h − mean h − n · mean(h n)) / √(var {0} + ε), where h = {g} · weight and n is {0} standardised",
        "{g} · n, where n is {0} standardised", "{g}",
    ),
    "rescale": (
        "(h − n · mean(h n)) / √(mean {0}² + ε), where h = {g} · weight and n is {0} rescaled",
        "{g} · n, where n is {0} rescaled", "{g}",
    ),
    "norm": ("{g} · {0} / {y}",), "p_norm": ("{g} · sign({0}) (|{0}| / {y})^(p − 1)",),
    "det": ("{g} · adj({0})ᵀ",), "log_abs_det": ("{g} · {0}⁻ᵀ",), "inv": ("−{y}ᵀ {g} {y}ᵀ",),
    "solve": ("−{0}⁻ᵀ {g} {y}ᵀ", "{0}⁻ᵀ {g}"),
    **dict.fromkeys(("reshape", "ravel", "squeeze", "expand_dims"), ("{g} in the shape of {0}",)),
    **dict.fromkeys(("transpose", "matrix_transpose", "swapaxes", "moveaxis"), ("{g} with its axes back in place",)),
    **dict.fromkeys(("flip", "flipud", "fliplr", "rot90", "roll"), ("{g}, turned or moved back",)),
    **dict.fromkeys(("fftshift", "ifftshift"), ("{g}, moved back",)),
    "tril": ("the lower triangle of {g}",), "triu": ("the upper triangle of {g}",),
    "broadcast_to": ("Σ {g} over the copies",),
    "getitem": ("{g} where {0} was read, 0 elsewhere",), "scatter": ("{g} where {0} was put",),
    "add_at": ("{g}", "{g} where {1} was added"), "set_at": ("{g}, 0 where it was replaced", "{g} where {1} was put"),
    "concatenate": ("the part of {g} that came from here",), "stack": ("the part of {g} that came from here",),
    **dict.fromkeys(("windows", "sliding_window_view"), ("overlapping windows of {g} added up",)),
    "overlap_add": ("windows of {g}",), "constant_pad": ("{g} without its border",),
    "window_max": ("{g} to the largest elements of each window",),
    "window_sum": ("{g} to every element of its window",), "hand_back": ("{g} of the windows that chose an element",),
    "fft": ("the transposed transform of {g}",), "ifft": ("the transposed transform of {g}",),
    "rfft": ("the transposed transform of {g}",), "irfft": ("the transposed transform of {g}",),
    "unwrap": ("{g}",), "full_convolution": ("correlation of {g} and {1}", "correlation of {g} and {0}"),
}
# fmt: on
_WORDS = {"_filter": "convolution", "_maxima": "segment maxima"}


def templates(op: Op, arity: int) -> list[str]:
    """Return the derivative by each argument as a template.

    Arguments:
        op: an operation with rules.
        arity: how many arguments it was given.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> templates(tl.OPS[np.multiply], 2), templates(tl.OPS[np.sum], 1)
        (['{1}', '{0}'], ['{g} to every element'])
    """
    known = _LOCAL.get(op.name, ()) if op.elementwise else ()
    known = known or _WHOLE.get(op.name, ())
    if isinstance(op.rules, VariadicRules) and known:
        return [known[0]] * arity
    return [known[i] if i < len(known) else _jacobian(op.name, i) for i in range(arity)]


def _jacobian(name: str, position: int) -> str:
    words = _WORDS.get(name) or re.sub(r"[{}]", "", name.strip("_").replace("_", " "))
    return f"(∂ {words} / ∂{{{position}}})ᵀ {{g}}"


def written(template: str, gradient: str, result: str, arguments: list[str]) -> str:
    """Return a contribution in words: the template with names in its places.

    Arguments:
        template: as from `templates`.
        gradient: what the gradient of the result is called, such as ∂f/∂m.
        result: what the result is called.
        arguments: what the arguments are called.

    Example:
        >>> written("{1}", "∂f/∂m", "m", ["a", "b"]), written("{g}ᵀ {0}", "∂L/∂z", "z", ["x", "W"])
        ('∂f/∂m · b', '(∂L/∂z)ᵀ x')
        >>> written("1", "∂f/∂m", "m", ["a", "b"]), written("−1", "∂f/∂m", "m", ["a", "b"])
        ('∂f/∂m', '−∂f/∂m')
    """
    if "{g}" not in template:
        if template in ("1", "−1"):
            return gradient if template == "1" else f"−{gradient}"
        plain = re.fullmatch(r"(\w+ )?\{\w\}²?|\S+", template)
        template = f"{{g}} · {template}" if plain else f"{{g}} · ({template})"
    names = {"g": gradient, "y": result, **{str(i): name for i, name in enumerate(arguments)}}
    template = template.replace("{g}ᵀ", "({g})ᵀ")
    return re.sub(r"\{(\w+)\}", lambda match: names.get(match[1], "?"), template)
