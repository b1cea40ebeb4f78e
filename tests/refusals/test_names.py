"""Names that PyTorch's users write: what is not here says what to write."""

from __future__ import annotations

import copy
import pickle
import pydoc

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import functional, nn, optim
from tinygrad_lab.errors import CallError

V = tl.Value([[1.0, 2.0]])

MISSING = [
    (V, "unsqueeze", "Value has no unsqueeze; write np.expand_dims(v, axis), or v[:, None]"),
    (V, "numpy", "Value has no numpy; write v.data"),
    (V, "tanh", "Value has no tanh; write np.tanh(v)"),
    (V, "cuda", "Value has no cuda; leave it out: arrays live in NumPy's memory"),
    (V, "add_", "Value has no add_; Values are never written in place: write v = v + x"),
    (V, "double", 'Value has no double; write v.astype("float64")'),
    (tl, "tensor", "tinygrad_lab has no tensor; write tl.Value(x), or x itself for a constant"),
    (tl, "exp", "tinygrad_lab has no exp; write np.exp"),
    (tl, "value", "tinygrad_lab has no value; write Value"),
    (tl, "jit", "tinygrad_lab has no jit; write tl.compile"),
    (tl, "randn", "tinygrad_lab has no randn; write np.random.default_rng(seed).normal(size=shape)"),
    (V, "sigmoid", "Value has no sigmoid; write tl.functional.sigmoid(v)"),
    (V, "topk", "Value has no topk; write np.sort(v)[::-1][:k], or np.argsort(v.data) for the places"),
    (nn.Sequential(), "append", "Sequential has no append; write tl.nn.Sequential(*layers, another)"),
    (nn.Linear(2, 1), "register_buffer", "Linear has no register_buffer; write self.name = tl.nn.Buffer(x)"),
    (nn, "Conv2d", "tinygrad_lab.nn has no Conv2d; write Conv2D"),
    (nn, "Parameter", "tinygrad_lab.nn has no Parameter; write tl.Value(x)"),
    (nn, "ReflectionPad2d", "tinygrad_lab.nn has no ReflectionPad2d; write tl.functional.pad in forward, or as nn.Lam"),
    (nn, "LazyConv2d", "tinygrad_lab.nn has no LazyConv2d; write nn.Conv2D with its sizes"),
    (nn.init, "kaiming_normal_", "tinygrad_lab.nn.init has no kaiming_normal_; write init='he_normal' where the layer"),
    (optim, "lr_scheduler", "tinygrad_lab.optim has no lr_scheduler; write tl.optim.schedules"),
    (functional, "cross_entropi", "tinygrad_lab.functional has no cross_entropi; did you mean cross_entropy?"),
    (functional, "tanh", "tinygrad_lab.functional has no tanh; write np.tanh"),
    (optim.schedules, "StepLR", "tinygrad_lab.optim.schedules has no StepLR; write tl.optim.schedules.step"),
    (tl.data, "random_split", "tinygrad_lab.data has no random_split; shuffle with rng.permutation, and index the arr"),
    (tl.distributions, "Nurmal", "tinygrad_lab.distributions has no Nurmal; did you mean Normal?"),
    (nn.Linear(2, 1), "cuda", "Linear has no cuda; leave it out"),
]


@pytest.mark.parametrize(("owner", "name", "message"), MISSING, ids=lambda x: x if isinstance(x, str) else None)
def test_what_is_missing_says_what_to_write(owner, name, message):
    assert not hasattr(owner, name)
    with pytest.raises(AttributeError) as caught:
        getattr(owner, name)
    assert str(caught.value).startswith(message)


def test_what_is_advised_exists():
    for table in (tl.refusals.names.OF_VALUES, *tl.refusals.names.OF_PACKAGES.values()):
        for advice in table.values():
            for word in advice.replace("(", " ").replace(",", " ").split():
                if word.startswith(("np.", "tl.")):
                    thing = {"np": np, "tl": tl}[word[:2]]
                    for part in word.split(".")[1:]:
                        thing = getattr(thing, part)


def test_protocols_that_ask_for_names_are_answered_as_before():
    assert not hasattr(V, "__cuda_array_interface__")
    assert copy.deepcopy(V).shape == pickle.loads(pickle.dumps(V)).shape == (1, 2)
    layer = nn.Linear(2, 1)
    assert copy.deepcopy(layer).state_dict().keys() == layer.state_dict().keys()


def test_the_keyword_dim_is_axis():
    with pytest.raises(CallError, match="there is no keyword 'dim'; write axis"):
        V.sum(dim=1)


def test_attributes_of_values_and_modules_are_looked_up_as_fast_as_ever():
    """A `__getattr__` in a class makes every look-up slower: 7 % of a small step."""
    for kind in (V.__class__, nn.Module):
        assert not hasattr(kind, "__getattr__")
    assert "cuda" not in dir(V)
    assert "cuda" not in dir(tl.Value)
    assert "genfromtxt" not in pydoc.render_doc(tl.Value)
    assert "cuda" not in dir(nn.Linear(2, 1))
    assert not hasattr(V, "cuda")
