"""One valid call of every NumPy function of the registry, with all its parameters, and the forms it may be written in.

A parameter's sample is found by its name; by the function, where that is not enough. A sample that is an array of
floating numbers is what becomes a Value; whatever else is passed as it is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tinygrad_lab.calls.binding import parameters
from tinygrad_lab.core.registry import OPS

RNG = np.random.default_rng(8)
X, Y, Z = RNG.uniform(0.2, 0.8, (3, 2, 3))
V, W, U = RNG.uniform(0.2, 0.8, (3, 3))
SQUARE = np.eye(3) * 2 + RNG.uniform(0, 0.4, (3, 3))
SYMMETRIC = SQUARE + SQUARE.T
CUBE = RNG.uniform(0.2, 0.8, (2, 3, 2))
MASK = np.array([[True, False, True], [True, True, False]])
RISING = np.array([0.5, 1.0, 2.5, 4.0])


class Unset:
    """An optional parameter that is not tried, for the reason given."""

    def __init__(self, reason):
        self.reason = reason


OUT = Unset("None is tried for it everywhere, an array in a test of its own")
FILES = Unset("no array enters these")

REQUIRED = {
    "a": X,
    "x": X,
    "m": X,
    "arr": X,
    "array": X,
    "ary": X,
    "p": V,
    "v": V,
    "u": V,
    "filt": V,
    "ar": V,
    "z": X,
    "b": Y,
    "x1": X,
    "x2": Y,
    "a1": V,
    "a2": W,
    "ar1": V,
    "ar2": W,
    "y": Y,
    "A": X,
    "B": V,
    "val": X,
    "f": X,
    "arrays": [X, Y],
    "tup": [X, Y],
    "object": X,
    "operands": Unset(""),
    "shape": (3, 2),
    "axis": 0,
    "dtype": np.float32,
    "indices": [0, 1],
    "indices_or_sections": 1,
    "n": 2,
    "obj": 1,
    "values": X,
    "condition": [True, False],
    "start": V,
    "stop": W,
    "fill_value": 2.0,
    "choices": [X, Y],
    "condlist": [MASK],
    "choicelist": [X],
    "q": 0.3,
    "kth": 1,
    "source": 0,
    "destination": 1,
    "axis1": 0,
    "axis2": 1,
    "shift": 1,
    "reps": 2,
    "repeats": 2,
    "new_shape": (3, 2),
    "pad_width": 1,
    "window_shape": 2,
    "func": np.sum,
    "func1d": np.cumsum,
    "axes": [0],
    "funclist": [np.sin],
    "seq_of_zeros": V,
    "deg": 1,
    "xp": RISING,
    "fp": RISING**2,
    "element": X,
    "test_elements": V,
    "bins": [0.3, 0.6],
    "prototype": X,
    "keys": [V, W],
    "from_": V,
    "to": "f4",
    "self": np.add,
}
OPTIONAL = {
    "axis": 0,
    "out": OUT,
    "dtype": np.float32,
    "keepdims": True,
    "order": "C",
    "where": MASK,
    "axes": (1,),
    "initial": 2.0,
    "subok": True,
    "device": "cpu",
    "like": Unset("given in every call: NumPy asks a Value then"),
    "copy": True,
    "norm": "ortho",
    "k": 1,
    "s": (2,),
    "n": 2,
    "offset": 1,
    "weights": Y,
    "overwrite_input": False,
    "casting": "unsafe",
    "mode": "same",
    "ddof": 1,
    "kind": "stable",
    "mean": np.array(0.5),
    "correction": 1,
    "rtol": 1e-6,
    "atol": 1e-6,
    "equal_nan": True,
    "assume_unique": True,
    "method": "weibull",
    "period": 2.0,
    "num": 3,
    "endpoint": False,
    "hermitian": True,
    "ord": 1,
    "rcond": 1e-9,
    "y": Y,
    "right": 5.0,
    "UPLO": "U",
    "optimize": True,
    "tol": 10,
    "axis1": 1,
    "axis2": 0,
    "m": 2,
    "include_initial": True,
    "stable": True,
    "decimals": 1,
    "max_work": None,
    "prepend": V[:2, None],
    "append": 1.0,
    "to_end": np.array([1.0, 2.0]),
    "to_begin": 3.0,
    "dx": 0.5,
    "edge_order": 2,
    "discont": 0.3,
    "left": -5.0,
    "sorted": True,
    "retstep": True,
    "base": 2.0,
    "sparse": True,
    "indexing": "ij",
    "N": 2,
    "increasing": True,
    "upper": True,
    "full_matrices": False,
    "compute_uv": False,
    "deg": True,
    "writeable": False,
    "minlength": 5,
    "start": 1,
    "axisa": 0,
    "axisb": 0,
    "axisc": 0,
    "p": "fro",
    "full": True,
    "w": W,
    "cov": True,
    "returned": True,
    "nan": 1.0,
    "posinf": 2.0,
    "neginf": 3.0,
    "a_min": 0.3,
    "a_max": 0.6,
    "min": 0.3,
    "max": 0.6,
    "default": Y,
    "ind": 1,
    "trim": "f",
    "return_index": True,
    "return_inverse": True,
    "return_counts": True,
    "ndmin": 3,
    "ndmax": 2,
    "return_indices": True,
    "rowvar": False,
    "bias": True,
    "fweights": [1, 2, 3],
    "aweights": W,
    "side": "right",
    "sorter": [0, 1, 2],
    "invert": True,
    "requirements": "C",
    "max_line_width": 50,
    "precision": 3,
    "x": V,
    "suppress_small": True,
    "separator": ";",
    "prefix": ">",
    "formatter": None,
    "threshold": 5,
    "edgeitems": 2,
    "sign": "+",
    "floatmode": "fixed",
    "suffix": "<",
    "legacy": False,
    "einsum_call": False,
    "stop": 3,
    "step": 1,
    "shape": (3, 2),
    "signature": None,
    "reflect_type": "odd",
    "constant_values": 2.0,
    "kwargs": Unset(""),
}

_SQUARE = {"a": SQUARE, "x": SQUARE}
_COMPLEX = SQUARE + 0.5j
OF = {
    np.asarray: {"order": "C"},
    np.require: {"requirements": "C"},
    np.array: {"a": X, "ndmax": Unset("of NumPy 2.4")},
    np.append: {"axis": 1},
    np.insert: {"values": V, "axis": 0},
    np.delete: {"axis": 1},
    np.argpartition: {"axis": 1, "kind": "introselect"},
    np.apply_along_axis: {"arr": X},
    np.apply_over_axes: {"a": X},
    np.average: {"a": X},
    np.astype: {"copy": False},
    np.bincount: {"x": [0, 2, 2], "weights": V},
    np.block: {"arrays": [[X, Y], [Y, X]]},
    np.broadcast_to: {"array": V, "shape": (2, 3)},
    np.column_stack: {"tup": [V, X.T]},
    np.compress: {"condition": [True, False, True], "axis": 1},
    np.choose: {"a": [[0, 1, 1], [1, 0, 0]], "mode": "clip"},
    np.clip: {"kwargs": Unset("of the ufunc behind it")},
    np.convolve: {"a": V, "v": W},
    np.correlate: {"a": V, "v": W[:2]},
    np.cross: {"a": SQUARE, "b": SYMMETRIC},
    np.cov: {"fweights": [1, 2, 3], "aweights": W, "dtype": np.float32, "y": Z},
    np.corrcoef: {"y": Z},
    np.cumulative_sum: {"x": V},
    np.cumulative_prod: {"x": V},
    np.diff: {"prepend": X[:1]},
    np.digitize: {"right": True},
    np.dot: {"a": X, "b": V},
    np.dsplit: {"ary": CUBE},
    np.expand_dims: {"axis": 1},
    np.extract: {"condition": MASK},
    np.einsum: {"operands": ("ij,kj->ik", X, Y)},
    np.einsum_path: {"operands": ("ij,kj->ik", X, Y), "optimize": "optimal"},
    np.fft.fft: {"axis": 0},
    np.full_like: {"shape": (3,), "fill_value": V, "order": "F", "dtype": np.float32},
    np.full: {"fill_value": V, "shape": (2, 3)},
    np.gradient: {"varargs": (0.5,), "f": SQUARE, "edge_order": 2},
    np.interp: {"x": V, "period": 3.0},
    np.lexsort: {"axis": 0, "keys": (V, W)},
    np.isin: {"kind": "sort", "assume_unique": False},
    np.meshgrid: {"xi": (V, W[:2])},
    np.nan_to_num: {"copy": False},
    np.pad: {"array": X, "mode": "edge"},
    np.partition: {"kind": "introselect"},
    np.piecewise: {"x": X, "condlist": [MASK], "args": (), "kw": Unset("of the user's own")},
    np.polyval: {"x": X},
    np.polydiv: {"u": V, "v": W[:2]},
    np.polyfit: {"x": RISING, "y": np.sin(RISING), "w": RISING + 1, "rcond": 1e-8},
    np.polyint: {"k": 0.5},
    np.quantile: {"weights": Unset("takes the method inverted_cdf alone")},
    np.percentile: {"q": 30, "weights": Unset("likewise")},
    np.nanquantile: {"weights": Unset("likewise")},
    np.nanpercentile: {"q": 30, "weights": Unset("likewise")},
    np.ravel: {"order": "F"},
    np.reshape: {"order": "F", "copy": True},
    np.copy: {"order": "F"},
    np.rot90: {"axes": (1, 0)},
    np.searchsorted: {"a": RISING[:3], "v": V, "sorter": [0, 1, 2]},
    np.size: {"axis": 1},
    np.sort: {"order": None, "kind": "stable", "stable": None},
    np.split: {"axis": 1},
    np.argsort: {"order": None, "kind": "stable", "stable": None},
    np.squeeze: {"a": X[None], "axis": 0},
    np.take: {"mode": "wrap"},
    np.take_along_axis: {"indices": np.zeros((1, 3), int), "axis": 0},
    np.tensordot: {"a": SQUARE, "b": SYMMETRIC, "axes": 1},
    np.trapezoid: {"y": SQUARE, "x": RISING[:3]},
    np.trace: {"a": SQUARE, "axis1": 1, "axis2": 0},
    np.diagonal: {"axis1": 1, "axis2": 0},
    np.transpose: {"axes": (1, 0)},
    np.trim_zeros: {"axis": 0},
    np.unwrap: {"p": X},
    np.vander: {"x": V},
    np.vdot: {"a": X, "b": Y},
    np.where: {"condition": MASK, "x": X, "y": Y},
    np.result_type: {"arrays_and_dtypes": (X, "f4")},
    np.common_type: {"arrays": (X, Y)},
    np.broadcast_arrays: {"args": (X, V)},
    np.array_split: {"axis": 1},
    np.atleast_1d: {"arys": (V,)},
    np.atleast_2d: {"arys": (V, X)},
    np.atleast_3d: {"arys": (V,)},
    np.roll: {"axis": 1},
    np.rollaxis: {"axis": 1, "start": 0},
    np.unique: {"axis": 0, "sorted": True},
    np.shares_memory: {"max_work": -1},
    np.may_share_memory: {"max_work": 0},
    np.can_cast: {"from_": np.float32},
    np.lib.stride_tricks.sliding_window_view: {"axis": 1},
    np.fft.fftshift: {"axes": 1},
    np.fft.ifftshift: {"axes": 1},
    np.tril_indices_from: {"arr": SQUARE, "k": 1},
    np.triu_indices_from: {"arr": SQUARE, "k": 1},
    np.diag_indices_from: {"arr": SQUARE},
    np.logspace: {"base": W},
    np.diag: {"v": V},
    np.ufunc.reduce: {"kwargs": Unset("in the calls written out")},
    np.ufunc.reduceat: {"indices": [0, 1]},
    np.concatenate: {"axis": 1},
    np.roots: {"p": np.array([1.0, -3.0, 1.5])},
    np.linalg.norm: {"ord": 1, "axis": 0},
    np.linalg.cond: {"x": SQUARE},
    np.linalg.matrix_norm: {"ord": "nuc"},
    np.linalg.multi_dot: {"arrays": [X, X.T, Y]},
    np.linalg.matmul: {"x2": Y.T},
    np.linalg.solve: {"a": SQUARE, "b": V},
    np.linalg.lstsq: {"a": SQUARE[:, :2], "b": V},
    np.linalg.tensorsolve: {"a": SQUARE, "b": V, "axes": (0,)},
    np.linalg.tensorinv: {"a": SQUARE[:2, None, :2, None], "ind": 1},
    np.linalg.matrix_power: {"a": SQUARE, "n": 2},
    np.linalg.qr: {"mode": "r"},
    np.linalg.cross: {"x1": SQUARE, "x2": SYMMETRIC, "axis": 0},
    np.linalg.tensordot: {"x1": SQUARE, "x2": SYMMETRIC, "axes": 1},
    np.linalg.svd: {"hermitian": Unset("needs one"), "a": SQUARE},
    np.linalg.pinv: {"hermitian": Unset("likewise"), "a": SQUARE},
    np.linalg.matrix_rank: {"hermitian": False, "tol": 1e-3, "A": SQUARE},
    np.linalg.cholesky: {"a": SYMMETRIC},
    np.linalg.eigh: {"a": SYMMETRIC},
    np.linalg.eigvalsh: {"a": SYMMETRIC},
    np.linalg.eig: {"a": SYMMETRIC + np.triu(SQUARE)},
    np.linalg.eigvals: {"a": SYMMETRIC + np.triu(SQUARE)},
    np.linalg.slogdet: _SQUARE,
    np.linalg.det: _SQUARE,
    np.linalg.inv: _SQUARE,
    np.linalg.vector_norm: {"ord": 3, "axis": 0},
    np.linalg.trace: {"x": SQUARE},
    np.linalg.outer: {"x1": V, "x2": W},
    np.matvec: {"x1": SQUARE, "x2": V},
    np.vecmat: {"x1": V, "x2": SQUARE},
    np.matmul: {"x2": Y.T},
    np.arccosh: {"x": X + 1},
    np.ldexp: {"x2": [1, 2, 3]},
    np.stack: {"axis": 1},
}
for name in ("ifft", "rfft", "hfft", "ihfft", "irfft"):
    OF[getattr(np.fft, name)] = {"n": 4, "axis": 0} if name in ("hfft", "irfft") else {"axis": 0}
for name in ("fft2", "fftn", "ifft2", "ifftn", "rfft2", "rfftn", "irfft2", "irfftn"):
    OF[getattr(np.fft, name)] = {"s": (2, 4), "axes": (0, 1)}


class Sample(NamedTuple):
    """A function with a value for each of its parameters."""

    function: object
    name: str
    positional: tuple[str, ...]  # what may be given by position, in order
    keywords: frozenset[str]  # what may be given by keyword
    required: dict[str, object]
    optional: dict[str, object]
    more: tuple[object, ...]  # of a function of any number of arguments: those
    defaults: dict[str, object]
    exact: bool  # whether it refuses other keywords than its own


def sample(op):
    """Return a function's sample; None for one that says nothing of its parameters, or that no array enters."""
    found = parameters(op.function)
    if found is None or (op.kind == "zero derivative" and "like" in {p.name for p in found}):
        return None
    own = OF.get(op.function, {})
    required, optional, more = {}, {}, ()
    for p in found:
        if p.kind is p.VAR_POSITIONAL:
            more = own.get(p.name, ())
        elif p.kind is not p.VAR_KEYWORD:
            into, table = (required, REQUIRED) if p.default is p.empty else (optional, OPTIONAL)
            into[p.name] = own[p.name] if p.name in own else table[p.name]
    if isinstance(op.function, np.ufunc):
        apart = Unset("in tests of their own")
        optional.update(
            (name, apart) for name in ("where", "axes", "axis", "keepdims", "signature") if name in optional
        )
    named = [p for p in found if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return Sample(
        op.function,
        f"{op.family}.{op.name}",
        tuple(p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)),
        frozenset(p.name for p in named),
        required,
        optional,
        more,
        {p.name: p.default for p in found if p.default is not p.empty},
        not any(p.kind is p.VAR_KEYWORD for p in found),
    )


def samples():
    """Return the samples of every function of NumPy's in the registry."""
    for op in list(OPS.values()):
        module = getattr(op.function, "__module__", None) or "numpy"
        scipy = isinstance(op.function, np.ufunc) and getattr(np, op.function.__name__, None) is not op.function
        if module.startswith("numpy") and not scipy and op.family != "special" and (one := sample(op)) is not None:
            yield one


def forms(one):
    """Yield legal forms of calls, grouped by what they mean: `[(args, kwargs), ...]` of which all are the same call."""
    yield [_form(one, {}, by) for by in ("position", "keyword", "none")]
    for name, x in one.optional.items():
        if not isinstance(x, Unset):
            yield [_form(one, {name: x}, by) for by in ("position", "keyword", "none")]


def _form(one, chosen, by):
    """Return a call: arguments by position as far as it goes, or by keyword, or so with None for `out` as well."""
    given = one.required | chosen | ({n: one.optional[n] for n in ("x", "y")} if one.function is np.where else {})
    like = {"like": X} if "like" in one.optional else {}
    if one.more:
        args = (*(one.required[n] for n in one.positional if n in one.required), *one.more)
        return args, dict(chosen)
    if by == "position":
        last = max((i for i, name in enumerate(one.positional) if name in given), default=-1)
        args = tuple(given.get(n, one.defaults.get(n)) for n in one.positional[: last + 1])
        return args, {n: x for n, x in given.items() if n not in one.positional} | like
    args = tuple(one.required[n] for n in one.positional if n in one.required and n not in one.keywords)
    kwargs = {n: x for n, x in given.items() if n in one.keywords and n not in one.positional[: len(args)]}
    if by == "none" and "out" in one.optional and "out" in one.keywords:
        kwargs["out"] = None
    return args, kwargs | like
