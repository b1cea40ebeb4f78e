"""What computes here what an operation of PyTorch computes: the same name, or a row of a table."""

from __future__ import annotations

import functools

import numpy as np
from scipy import special

from tinygrad_lab import functional

KEYWORDS = {"dim": "axis", "keepdim": "keepdims", "correction": "ddof", "dims": "axis", "interpolation": "method"}
LEFT_OUT = {  # where they are these, they say nothing
    "return_indices": False, "recompute_scale_factor": None, "divisor_override": None, "alpha": 1, "out_int32": False,
    "descending": False, "stable": None, "rounding_mode": None, "training": True, "momentum": 0.5, "driver": None,
}  # fmt: skip


def _first(function):
    return lambda *args, **kwargs: function(*args, **kwargs)[0]


def _axes_as_tuple(function):
    """NumPy takes several axes in a tuple, where PyTorch takes them one after the other."""

    @functools.wraps(function)
    def call(x, *axes, **kwargs):
        return function(x, axes[0] if len(axes) == 1 else axes, **kwargs)

    return call


def _spread(function):
    """PyTorch subtracts 1 from the number of elements where nobody says otherwise."""

    @functools.wraps(function)
    def call(x, axis=None, *, unbiased=True, ddof=None, **kwargs):
        if isinstance(axis, bool):
            axis, unbiased = None, axis
        axis = tuple(axis) if isinstance(axis, list | tuple) and axis else axis or (None if axis != 0 else 0)
        return function(x, axis, ddof=unbiased * 1 if ddof is None else ddof, **kwargs)

    return call


def _along(function):
    """PyTorch's axes of a Fourier transform and of shifts are called dim, NumPy's axes."""
    return lambda *args, axis=None, **kwargs: function(*args, **kwargs, **({} if axis is None else {"axes": axis}))


def _diagonal(x, offset=0, dim1=0, dim2=1, **kwargs):
    return np.diagonal(x, offset, kwargs.get("axis1", dim1), kwargs.get("axis2", dim2))


def _gradient(x, spacing=1.0, axis=None, edge_order=1):
    spacing = list(spacing) if isinstance(spacing, list | tuple) else [spacing]
    axis = tuple(axis) if isinstance(axis, list | tuple) else axis
    return np.gradient(x, *spacing, axis=axis, edge_order=edge_order)


def _diff(x, n=1, axis=-1, prepend=None, append=None):
    ends = {name: end for name, end in (("prepend", prepend), ("append", append)) if end is not None}
    return np.diff(x, n, axis, **ends)


def _of_last(function):
    """NumPy sorts and counts along the last axis if nobody says otherwise, and gives no places."""
    return lambda x, axis=-1, **kwargs: function(x, axis, **kwargs)


def _clamp(x, low=None, high=None, **limits):
    return np.clip(x, limits.get("min", low), limits.get("max", high))


TWINS = {
    "__getitem__": lambda x, index: x[tuple(index) if isinstance(index, list) else index],
    "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh, "atan": np.arctan,
    "atan2": np.arctan2, "atanh": np.arctanh, "amax": np.max, "amin": np.min, "addmm": lambda c, a, b: c + a @ b,
    "baddbmm": lambda c, a, b: c + a @ b, "bmm": np.matmul, "mm": np.matmul, "mv": np.matmul, "cat": np.concatenate,
    "clamp": _clamp,
    "clamp_max": np.minimum, "clamp_min": np.maximum, "max": np.max, "min": np.min, "conj_physical": np.conj,
    "deg2rad": np.deg2rad, "diagonal": _diagonal, "diagonal_copy": _diagonal, "linalg.diagonal": _diagonal,
    "diff": _diff, "digamma": special.digamma, "div": np.divide, "erf": special.erf, "erfc": special.erfc,
    "erfinv": special.erfinv, "expand": _axes_as_tuple(np.broadcast_to), "frac": lambda x: np.modf(x)[0],
    "gradient": _gradient, "igamma": special.gammainc, "igammac": special.gammaincc, "lgamma": special.gammaln,
    "lerp": lambda a, b, w=None, weight=None: a + (weight if w is None else w) * (b - a),
    "log_softmax": functional.log_softmax, "softmax": functional.softmax, "logsumexp": functional.logsumexp,
    "logdet": lambda x: np.linalg.slogdet(x)[1], "logcumsumexp": np.logaddexp.accumulate, "logit": special.logit,
    "masked_select": lambda x, mask: np.broadcast_arrays(x, mask)[0][np.broadcast_to(mask, np.broadcast_shapes(
        np.shape(x), np.shape(mask)
    ))],
    "masked_fill": lambda x, mask, value: np.where(mask, value, x), "mul": np.multiply, "neg": np.negative,
    "movedim": np.moveaxis, "outer": np.outer, "permute": _axes_as_tuple(np.transpose), "pinverse": np.linalg.pinv,
    "polygamma": special.polygamma, "pow": np.power, "repeat": _axes_as_tuple(np.tile),
    "repeat_interleave": np.repeat, "reshape": _axes_as_tuple(np.reshape), "view": _axes_as_tuple(np.reshape),
    "roll": np.roll, "rot90": lambda x, k=1, axes=(0, 1): np.rot90(x, k, axes), "rsqrt": lambda x: x**-0.5,
    "rsub": lambda a, b: b - a, "sigmoid": functional.sigmoid, "sort": _first(lambda x, axis=-1: (np.sort(x, axis),)),
    "squeeze": np.squeeze, "std": _spread(np.std), "var": _spread(np.var), "sub": np.subtract,
    "swapaxes": np.swapaxes, "t": np.transpose, "take": np.take, "take_along_dim": np.take_along_axis,
    "tensordot": lambda a, b, axis=2: np.tensordot(a, b, axis), "tile": _axes_as_tuple(np.tile),
    "transpose": np.swapaxes, "trapz": np.trapezoid, "true_divide": np.divide, "unfold": None,
    "unsqueeze": np.expand_dims, "where": lambda x, condition, y: np.where(condition, x, y), "xlogy": special.xlogy,
    "einsum": lambda operands, subscripts: np.einsum(subscripts, *operands),
    "fft.fftn": _along(np.fft.fftn), "fft.ifftn": _along(np.fft.ifftn), "fft.fft2": _along(np.fft.fft2),
    "fft.ifft2": _along(np.fft.ifft2), "fft.rfftn": _along(np.fft.rfftn), "fft.rfft2": _along(np.fft.rfft2),
    "fft.irfftn": _along(np.fft.irfftn), "fft.irfft2": _along(np.fft.irfft2),
    "fft.fftshift": _along(np.fft.fftshift), "fft.ifftshift": _along(np.fft.ifftshift),
    "special.ndtri": special.ndtri, "special.entr": special.entr, "kron": np.kron, "cumprod": _of_last(np.cumprod),
    "nn.functional.max_pool1d": functional.max_pool1d, "nn.functional.max_pool2d": functional.max_pool2d,
    "nn.functional.embedding": lambda weight, x, **kwargs: functional.embedding(x, weight, **kwargs),
    "unbind": lambda x, axis=0: np.unstack(x, axis=axis), "select": lambda x, axis, i: np.take(x, i, axis),
    "index_select": lambda x, axis, i: np.take(x, i, axis), "narrow": lambda x, axis, start, n: np.take(
        x, np.arange(start, start + n), axis
    ),
    "addcmul": lambda x, a, b, value=1: x + value * a * b, "addcdiv": lambda x, a, b, value=1: x + value * a / b,
    "dist": lambda a, b, p=2: np.linalg.norm(np.ravel(a - b), p), "linalg.tensorsolve": lambda a, b, axis=None: (
        np.linalg.tensorsolve(a, b, axis)
    ),
    "matrix_exp": functional.expm, "nansum": np.nansum, "linalg.vander": lambda x, N=None: np.vander(
        x, N, increasing=True
    ),
    "linalg.svd": lambda x, full_matrices=True: np.linalg.svd(x, full_matrices),
    "linalg.matrix_norm": lambda x, kind="fro", axis=(-2, -1), keepdims=False, **kwargs: np.linalg.norm(
        x, kwargs.get("ord", kind), tuple(axis), keepdims
    ),
    "cov": lambda x, ddof=1, fweights=None, aweights=None: np.cov(x, ddof=ddof, fweights=fweights, aweights=aweights),
}  # fmt: skip
_BINARY = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
    "mod": np.remainder,
}
TWINS |= {f"__r{name}__": lambda a, b, function=function: function(b, a) for name, function in _BINARY.items()}


@functools.cache
def _named(name):
    """Return the function with the name of PyTorch's, from where PyTorch's namespace would be here."""
    if name in TWINS:
        return TWINS[name]
    places = {"linalg": [np.linalg], "fft": [np.fft], "special": [special], "nn.functional": [functional]}
    space, _, last = name.rpartition(".")
    for place in places.get(space, [np, np.linalg, special] if not space else []):
        if callable(getattr(place, last, None)):
            return getattr(place, last)
    return None


def twin(op):
    """Return a function that takes the operation's arguments, or None."""
    function = _named(op.name)
    if function is None:
        return None

    def call(*args, **kwargs):
        given = {
            KEYWORDS.get(name, name): x for name, x in kwargs.items() if name not in LEFT_OUT or x != LEFT_OUT[name]
        }
        return function(*args, **given)

    return call
