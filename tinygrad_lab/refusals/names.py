"""What is said of names that there are not: for those that PyTorch's users write, what to write here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import getattr_static
from typing import Any

import numpy as np

from tinygrad_lab.refusals.nearest import nearest

_NO_DEVICE = "leave it out: arrays live in NumPy's memory"
_IN_PLACE = "Values are never written in place: write v = v + x, v.at[i].set(x), or p.data = x for a parameter"
_DTYPE = {"double": "float64", "float": "float32", "half": "float16"}

#: Of Values, where NumPy's function or method has another name.
OF_VALUES = {
    **dict.fromkeys(("cpu", "cuda", "to", "contiguous", "pin_memory"), _NO_DEVICE),
    **{name: f'write v.astype("{dtype}")' for name, dtype in _DTYPE.items()},
    "unsqueeze": "write np.expand_dims(v, axis), or v[:, None]", "view": "write v.reshape(...)",
    "permute": "write v.transpose(...)", "t": "write v.T", "numpy": "write v.data", "clamp": "write v.clip(min, max)",
    "norm": "write np.linalg.norm(v)", "pow": "write v ** p", "expand": "write np.broadcast_to(v, shape)",
    "gather": "write np.take_along_axis(v, index, axis)", "masked_fill": "write np.where(mask, x, v)",
    "index_select": "write np.take(v, index, axis)", "index_add": "write v.at[index].add(x)",
    "scatter_add": "write tl.functional.segment_sum, or v.at[index].add(x)", "dim": "write v.ndim",
    "numel": "write v.size", "chunk": "write np.split(v, n, axis)", "bmm": "write v @ w", "mm": "write v @ w",
    "topk": "write np.sort(v)[::-1][:k], or np.argsort(v.data) for the places", "eq": "write v == x",
    "type": "write v.astype(dtype)", "grad_fn": "write v.op", "new_zeros": "write np.zeros(shape)",
    "new_ones": "write np.ones(shape)", "device": _NO_DEVICE,
    **{name: f"write tl.functional.{name}(v)" for name in ("relu", "sigmoid", "softmax", "log_softmax", "softplus")},
    "unbind": "write np.unstack(v)", "cat": "write np.concatenate", "logsumexp": "write tl.functional.logsumexp(v)",
}  # fmt: skip
OF_MODULES = {
    "register_parameter": "write self.name = tl.Value(x)",
    "register_buffer": "write self.name = tl.nn.Buffer(x)",
    "add_module": "write self.name = module",
    "append": "write tl.nn.Sequential(*layers, another)",
    "device": _NO_DEVICE,
    "compile": "write tl.compile(model)",
    "share_memory": "send model.state_dict()",
    **dict.fromkeys(("cpu", "cuda", "to"), _NO_DEVICE),
    **{name: f'write model.astype("{dtype}")' for name, dtype in _DTYPE.items()},
}
OF_OPTIMIZERS = {
    "param_groups": "write optimizer.lr, or optimizer.groups[i].lr",
    "add_param_group": "give all groups when the optimizer is made, as dicts with params",
    "defaults": "write repr(optimizer), or its attributes",
}
OF_DISTRIBUTIONS = {
    "rsample": "write sample(rng): where draws have gradients, it gives them",
    "stddev": "write np.sqrt(d.variance)", "expand": "give parameters of that shape",
}  # fmt: skip
#: Of the package and its parts, by their last names.
OF_PACKAGES = {
    "tinygrad_lab": {
        "Tensor": "write tl.Value", "jit": "write tl.compile", "stop_gradient": "write v.detach()",
        "vmap": "write the function for a batch, as NumPy broadcasts, or tl.scan for a loop",
        "lax": "write tl.scan for a loop, np.where for a choice", "inference_mode": "write tl.no_grad",
        **dict.fromkeys(("jacrev", "jacfwd"), "write tl.jacobian"), "jnp": "write np",
        **dict.fromkeys(("tree_map", "tree_util"), "write tl.tree.map"),
        **dict.fromkeys(("rand", "randn"), "write np.random.default_rng(seed).normal(size=shape)"),
        "tensor": "write tl.Value(x), or x itself for a constant", "from_numpy": "write tl.Value(x)",
        "cat": "write np.concatenate", "manual_seed": "write rng=np.random.default_rng(seed) where something is drawn",
        "autograd": "write tl.grad, tl.vjp, or v.backward()", "set_default_tensor_type": "write tl.set_default_dtype",
        "device": _NO_DEVICE, "cuda": _NO_DEVICE, "func": "write tl.grad, tl.vjp, tl.jvp, tl.jacobian, tl.hessian",
    },
    "nn": {
        "Parameter": "write tl.Value(x)", "functional": "write tl.functional",
        "utils": "write tl.optim.clip_grad_norm, or tl.tree.ravel",
        **dict.fromkeys(("ParameterList", "ParameterDict"), "keep a list or dict of Values as an attribute"),
        **{f"{kind}Pad{n}{d}": "write tl.functional.pad in forward, or as nn.Lambda" for d in "dD" for n in (1, 2, 3)
           for kind in ("Zero", "Constant", "Reflection", "Replication", "Circular")},
        **{f"Upsampling{kind}2{d}": "write nn.Upsample" for kind in ("Nearest", "Bilinear") for d in "dD"},
        **{f"Lazy{theirs}": f"write nn.{ours} with its sizes" for theirs, ours in {"Linear": "Linear",
           "Conv1d": "Conv1D", "Conv2d": "Conv2D", "BatchNorm1d": "BatchNorm1D", "BatchNorm2d": "BatchNorm2D"}.items()},
        "EmbeddingBag": "write tl.functional.segment_sum or segment_mean of an Embedding's rows",
        "Softmin": "write nn.Softmax of −x", "Unfold": "write tl.functional.unfold",
        "DataParallel": "write tl.cluster.backward",
    },
    "optim": {"lr_scheduler": "write tl.optim.schedules", "LBFGS": 'write tl.optim.minimize(..., method="L-BFGS-B")'},
    "init": {
        name: f"write init={ours!r} where the layer is made, or p.data = tl.nn.init.{ours}(p.shape, rng, p.dtype)"
        for theirs, ours in {"xavier_uniform": "xavier_uniform", "xavier_normal": "xavier_normal", "zeros": "zeros",
            "kaiming_uniform": "he_uniform", "kaiming_normal": "he_normal", "uniform": "uniform", "normal": "normal",
        }.items()
        for name in ({theirs + "_", theirs} - {ours})
    },
    "schedules": {
        "CosineAnnealingLR": "write tl.optim.schedules.cosine", "StepLR": "write tl.optim.schedules.step",
        "ExponentialLR": "write tl.optim.schedules.exponential", "OneCycleLR": "write tl.optim.schedules.one_cycle",
        "CosineAnnealingWarmRestarts": "write tl.optim.schedules.warm_restarts",
        "ReduceLROnPlateau": "write tl.optim.schedules.Plateau", "LinearLR": "write tl.optim.schedules.linear_warmup",
        "PolynomialLR": "write tl.optim.schedules.polynomial", "LambdaLR": "write lr=lambda step: ...",
    },
    "data": {
        "random_split": "shuffle with rng.permutation, and index the arrays, or make lists of the samples",
        "TensorDataset": "pass arrays: tl.data.DataLoader(x, y)",
        **dict.fromkeys(("Subset", "ConcatDataset"), "index the arrays, or make a list of the samples"),
        "IterableDataset": "write tl.data.StreamLoader",
    },
    "functional": {"clip_grad_norm_": "write tl.optim.clip_grad_norm"},
}  # fmt: skip


_CHANGED = ("add", "sub", "mul", "div", "pow", "zero", "fill", "copy", "clamp", "exp", "sqrt", "neg", "abs", "uniform",
            "normal", "masked_fill", "index_add", "scatter_add", "unsqueeze", "squeeze", "t", "detach")  # fmt: skip
_OF_NUMPY = [
    name for name, thing in vars(np).items() if name[0] != "_" and callable(thing) and not isinstance(thing, type)
]


class Absent:
    """A name that a class has not: who looks it up is told what to write; `hasattr` says no, `dir` leaves it out.

    It stands in the class, because a `__getattr__` there makes every attribute's look-up slower: 7 % of a small step.
    """

    __slots__ = ("advice", "name", "owner")

    def __init__(self, owner: str, name: str, advice: str) -> None:
        self.owner, self.name, self.advice = owner, name, advice

    def __get__(self, instance: object, kind: type) -> Any:
        owner = self.owner or kind.__name__
        raise missing(owner, self.name, {self.name: self.advice})


class Told(type):
    """The class of classes whose absent names `dir`, and so `help`, leave out."""

    def __dir__(cls) -> list[str]:
        return [name for name in super().__dir__() if not isinstance(getattr_static(cls, name, None), Absent)]


def tell_values(kind: type) -> None:
    """Let a class, that of Values or a base of it, tell what to write instead of names that it has not."""
    in_place = {f"{name}_": _IN_PLACE for name in _CHANGED}
    _tell(kind, "Value", {name: f"write np.{name}(v)" for name in _OF_NUMPY} | in_place | OF_VALUES)


def tell_distributions(kind: type) -> None:
    """Do the same for the class of distributions."""
    _tell(kind, "", OF_DISTRIBUTIONS)


def tell_optimizers(kind: type) -> None:
    """Do the same for the class of optimizers."""
    _tell(kind, "", OF_OPTIMIZERS)


def tell_modules(kind: type) -> None:
    """Do the same for the class of modules."""
    _tell(kind, "", OF_MODULES)


def _tell(kind: type, owner: str, table: dict[str, str]) -> None:
    there = set().union(*map(vars, kind.__mro__))
    for name, advice in table.items():
        if name not in there:
            setattr(kind, name, Absent(owner, name, advice))


def present(instance: object, names: Iterable[str]) -> list[str]:
    """Return the names that are not absent: what `dir` is to show."""
    return [name for name in names if not isinstance(getattr_static(type(instance), name, None), Absent)]


def missing(owner: str, name: str, table: dict[str, str], known: Iterable[str] = ()) -> AttributeError:
    """Describe a name that `owner` does not have.

    Example:
        >>> missing("Value", "unsqueeze", OF_VALUES)
        AttributeError('Value has no unsqueeze; write np.expand_dims(v, axis), or v[:, None]')
        >>> missing("nn", "Conv2d", {}, ["Conv2D", "Conv1D"])
        AttributeError('nn has no Conv2d; write Conv2D')
    """
    advice = table.get(name) or _advice(name, owner == "Value", list(known))
    return AttributeError(f"{owner} has no {name}" + (f"; {advice}" if advice else ""))


def _advice(name: str, of_value: bool, known: list[str]) -> str:
    if name.startswith("_"):
        return ""
    if of_value and name.endswith("_"):
        return _IN_PLACE
    same = [other for other in known if other.lower() == name.lower()]
    if same:
        return f"write {same[0]}"
    if callable(getattr(np, name, None)):
        return f"write np.{name}" + "(v)" * of_value
    near = nearest(name, known, 0.8)
    return f"did you mean {near[0]}?" if near else ""


def of_package(module: str, known: Callable[[], Iterable[str]]) -> Callable[[str], Any]:
    """Return what a module may call `__getattr__`: it raises, with advice."""
    short = module.rpartition(".")[2]

    def refuse(name: str) -> Any:
        raise missing(module, name, OF_PACKAGES.get(short, {}), known())

    return refuse
