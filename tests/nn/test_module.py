from __future__ import annotations

import copy
import pickle
import re
from collections import OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import nn, tree
from tinygrad_lab.errors import OperationError


class Autoencoder(nn.Module):
    """Parameters and children everywhere an attribute can hold them."""

    def __init__(self, rng=None):
        self.scale = tl.Value(2.0)
        self.encoder = nn.Sequential(nn.Linear(3, 2, rng=rng), nn.Tanh())
        self.heads = {"mean": nn.Linear(2, 1, rng=rng), "spread": [nn.Linear(2, 1, bias=False, rng=rng)]}
        self.offsets = [tl.Value(np.zeros(1)), (tl.Value(np.ones(1)),)]
        self.note = "not a parameter"

    def forward(self, x):
        code = self.encoder(x)
        return self.scale * self.heads["mean"](code) + self.heads["spread"][0](code) + self.offsets[0]


NAMES = [
    "scale",
    "offsets.0",
    "offsets.1.0",
    "encoder.0.weight",
    "encoder.0.bias",
    "heads.mean.weight",
    "heads.mean.bias",
    "heads.spread.0.weight",
]


Pair = namedtuple("Pair", ["weight", "bias"])


class Listed(list):
    """A list of a class of its own."""


@dataclass
class Block:
    """A user's own container, which knows the one above it."""

    weight: Any
    layers: Any = ()
    above: Any = None


@dataclass(frozen=True)
class Frozen:
    """One that cannot be changed."""

    weight: Any


CONTAINERS = {
    "namedtuple": (Pair, ["weight", "bias"]),
    "OrderedDict": (lambda a, b: OrderedDict(first=a, second=b), ["first", "second"]),
    "defaultdict": (lambda a, b: defaultdict(list, first=a, second=b), ["first", "second"]),
    "deque": (lambda a, b: deque([a, b], maxlen=2), ["0", "1"]),
    "list of a class": (lambda a, b: Listed([a, b]), ["0", "1"]),
    "dataclass": (lambda a, b: Block(a, [b]), ["weight", "layers.0"]),
    "frozen dataclass": (lambda a, b: Frozen(Pair(a, (b,))), ["weight.weight", "weight.bias.0"]),
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_whatever_holds_parameters_and_modules_is_looked_into(kind):
    """Nothing stays untrained in silence: they are found, trained, saved, copied, differentiated and compiled."""
    make, names = CONTAINERS[kind]

    class Model(nn.Module):
        def __init__(self):
            self.held = make(tl.Value(np.array([0.5, -1.0])), nn.Linear(2, 1, rng=np.random.default_rng(0)))

        def forward(self, x):
            weight, linear = self.parameters()[0], self.children()[0]
            return linear(x * weight)

    model, x = Model(), np.array([[1.0, 2.0], [3.0, -1.0]])
    first, second = (f"held.{name}" for name in names)
    assert [name for name, _ in model.named_parameters()] == [first, f"{second}.weight", f"{second}.bias"]
    np.sum(model(x) ** 2).backward()
    gradients = [p.grad for p in model.parameters()]
    inside = tl.grad(lambda model: np.sum(model(x) ** 2))(model)
    assert type(inside.held) is type(model.held)
    for other, gradient in zip(inside.parameters(), gradients, strict=True):
        np.testing.assert_allclose(other.data, gradient)
    other = Model()
    other.load_state_dict({name: array + 1 for name, array in model.state_dict().items()})
    assert np.sum(other(x).data) != np.sum(model(x).data)
    twin = copy.deepcopy(model)
    np.testing.assert_array_equal(twin(x).data, model(x).data)
    assert twin.parameters()[0] is not model.parameters()[0]
    optimizer = tl.optim.SGD(twin.parameters(), lr=0.1)

    @tl.compile(state=(twin, optimizer))
    def step(x):
        optimizer.zero_grad()
        loss = np.sum(twin(x) ** 2)
        loss.backward()
        optimizer.step()
        return loss

    losses = [step(x), step(x)]
    assert losses[1] < losses[0]
    for before, after, gradient in zip(model.parameters(), twin.parameters(), gradients, strict=True):
        assert not np.array_equal(before.data, after.data), gradient


def test_what_holds_itself_is_looked_into_once():
    class Model(nn.Module):
        def __init__(self):
            self.block = Block(tl.Value(1.0))
            self.block.above = self.block

    model = Model()
    assert list(model.state_dict()) == ["block.weight"]
    assert tl.grad(lambda model: model.block.weight**2)(model).block.weight.data == 2
    assert copy.deepcopy(model).block.weight.data == 1


class Tied(nn.Module):
    """The same parameter, and the same child, under two names."""

    def __init__(self):
        self.first = nn.Linear(2, 2)
        self.second = nn.Linear(2, 2)
        self.second.weight = self.first.weight
        self.again = self.first

    def forward(self, x):
        return self.again(self.second(self.first(x)))


def test_what_is_shared_loads_under_each_of_its_names_as_pytorch_saves_it():
    model, other = Tied(), Tied()
    state = model.state_dict()
    everywhere = state | {"second.weight": state["first.weight"], "again.weight": state["first.weight"]}
    everywhere |= {"again.bias": state["first.bias"]}
    other.load_state_dict(everywhere)
    np.testing.assert_array_equal(other.second.weight.data, model.first.weight.data)
    assert other.second.weight is other.first.weight
    different = everywhere | {"second.weight": state["first.weight"] + 1}
    with pytest.raises(ValueError, match=r"unexpected: second.weight; load it into a module built like"):
        other.load_state_dict(different)


@pytest.mark.parametrize("held", [{"a": {"b": 1.0}, "a.b": 2.0}, {0: 1.0, "0": 2.0}])
def test_two_of_one_name_are_refused_rather_than_one_of_them_lost(held):
    model = nn.Module()
    model.held = tree.map(tl.Value, held)
    assert len(model.parameters()) == 2
    with pytest.raises(ValueError, match=r"state_dict: two parameters or buffers are called 'held.*'; rename a key"):
        model.state_dict()
    with pytest.raises(ValueError, match="two parameters or buffers are called"):
        model.load_state_dict({})


def test_names_come_from_the_attribute_path():
    model = Autoencoder()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert all(type(parameter) is tl.Value for parameter in model.parameters())
    assert [name for name, _ in model.named_children()] == ["encoder", "heads.mean", "heads.spread.0"]
    assert [name for name, _ in model.named_modules()] == [
        "",
        "encoder",
        "encoder.0",
        "encoder.1",
        "heads.mean",
        "heads.spread.0",
    ]
    assert model.children()[0] is model.encoder
    assert model.modules()[0] is model


def test_shared_parameters_and_modules_count_once():
    model = Tied()
    assert [name for name, _ in model.named_parameters()] == ["first.weight", "first.bias", "second.bias"]
    assert [name for name, _ in model.named_children()] == ["first", "second"]


def test_a_dataclass_can_be_a_module():
    @dataclass
    class Affine(nn.Module):
        slope: tl.Value
        layers: list

        def forward(self, x):
            return self.slope * self.layers[0](x)

    model = Affine(tl.Value(2.0), [nn.Identity()])
    assert model(3.0).item() == 6
    assert [name for name, _ in model.named_modules()] == ["", "layers.0"]


def test_a_module_that_holds_itself_is_walked_once():
    model = Autoencoder()
    model.heads["self"] = model
    assert len(model.parameters()) == len(NAMES)
    rebuilt = model.tree_flatten()[1](model.parameters())
    assert rebuilt.heads["self"] is rebuilt


def test_state_dict_round_trip():
    model, other = Autoencoder(np.random.default_rng(0)), Autoencoder(np.random.default_rng(1))
    state = model.state_dict()
    assert list(state) == NAMES
    other.load_state_dict(state)
    x = np.ones((4, 3))
    np.testing.assert_array_equal(model(x).data, other(x).data)
    state["encoder.0.weight"][:] = 0  # the state is a copy on both sides
    np.testing.assert_array_equal(model(x).data, other(x).data)


def test_load_state_dict_keeps_the_parameter_and_its_dtype():
    layer = nn.Linear(3, 2, dtype=np.float32)
    weight = layer.weight
    layer.load_state_dict({"weight": np.ones((2, 3)), "bias": np.zeros(2)})
    assert layer.weight is weight
    assert weight.dtype == np.float32


def test_load_state_dict_lists_all_that_differs_and_changes_nothing():
    layer = nn.Linear(3, 2)
    before = layer.weight.data
    text = (
        "load_state_dict: the state does not fit the module's parameters and buffers, missing: bias; "
        "unexpected: b, c; misshapen: weight (3, 2) for (2, 3); load it into a module built like the one that was saved"
    )
    with pytest.raises(ValueError, match=re.escape(text)):
        layer.load_state_dict({"weight": np.ones((3, 2)), "b": np.ones(2), "c": np.ones(2)})
    assert layer.weight.data is before


def test_train_and_eval_reach_every_module():
    model = nn.Sequential(nn.Sequential(nn.Dropout(0.5, rng=np.random.default_rng(0))), nn.Tanh())
    assert all(module.training for module in model.modules())
    assert model.eval() is model
    assert not any(module.training for module in model.modules())
    assert model.train() is model
    assert all(module.training for module in model.modules())


def test_zero_grad_forgets():
    model = Autoencoder()
    model(np.ones((2, 3))).sum().backward()
    assert model.encoder[0].weight.grad is not None
    model.zero_grad()
    assert all(parameter.grad is None for parameter in model.parameters())


def test_repr_shows_the_tree():
    assert repr(Autoencoder()) == (
        "Autoencoder()  scale (), offsets.0 (1,), offsets.1.0 (1,), 16 parameters\n"
        "  encoder: Sequential()  8 parameters\n"
        "    0: Linear(3, 2)  weight (2, 3), bias (2,), 8 parameters\n"
        "    1: Tanh()\n"
        "  heads.mean: Linear(2, 1)  weight (1, 2), bias (1,), 3 parameters\n"
        "  heads.spread.0: Linear(2, 1, bias=False)  weight (1, 2), 2 parameters"
    )


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (nn.Conv1D(2, 4, 3), "Conv1D(2, 4, 3)  weight (4, 2, 3), bias (4,), 28 parameters"),
        (
            nn.Conv1D(4, 4, 3, 2, 1, 3, 2, bias=False),
            "Conv1D(4, 4, 3, stride=2, padding=1, dilation=3, groups=2, bias=False)  weight (4, 2, 3), 24 parameters",
        ),
        (nn.Dropout(0.25, rng=np.random.default_rng(0)), "Dropout(p=0.25)"),
        (nn.LeakyReLU(), "LeakyReLU(negative_slope=0.01)"),
        (nn.ELU(), "ELU(alpha=1.0)"),
        (nn.GELU(), "GELU()"),
        (nn.GELU("tanh"), "GELU(approximate='tanh')"),
        (nn.Softmax(0), "Softmax(axis=0)"),
        (nn.MSELoss(), "MSELoss()"),
        (nn.HuberLoss(reduction="sum"), "HuberLoss(reduction='sum')"),
        (nn.Linear(1, 1, bias=False), "Linear(1, 1, bias=False)  weight (1, 1), 1 parameter"),
    ],
)
def test_repr_shows_the_arguments(module, text):
    assert repr(module) == text


# -- a shape error names the layer -------------------------------------------------------------------------------------

FEATURES = "input must be (..., 4), got (100, 3); its last axis holds the 4 features"


def test_a_shape_error_names_the_layer_once_as_the_outermost_model_sees_it():
    layer = nn.Linear(4, 2)
    x = np.zeros((100, 3))
    inner = nn.Sequential(nn.Identity(), layer)
    for model, where in ((layer, ""), (inner, ' at "1"'), (nn.Sequential(nn.Tanh(), nn.Tanh(), inner), ' at "2.1"')):
        with pytest.raises(OperationError) as caught:
            model(x)
        assert str(caught.value) == f"Linear{where}: {FEATURES}"


def test_a_shape_error_is_named_by_attribute_path_and_by_class():
    model = Autoencoder()
    with pytest.raises(OperationError, match=r'^Linear at "encoder.0": input must be \(\.\.\., 3\), got \(5, 2\)'):
        model(np.zeros((5, 2)))
    model.heads["mean"] = nn.Sequential(nn.Conv1D(3, 1, 1))
    with pytest.raises(OperationError, match=r'^Conv1D at "heads.mean.0": input must be \(batch, 3, length\), got \(5'):
        model(np.zeros((5, 3)))


def test_an_error_of_an_operation_in_a_users_layer_keeps_the_operations_name():
    class Bilinear(nn.Module):
        def __init__(self):
            self.w = tl.Value(np.ones((2, 2)))

        def forward(self, x):
            return x @ self.w

    with pytest.raises(OperationError, match=r'^Bilinear at "0": matmul: failed for inputs of shapes \(5, 3\)'):
        nn.Sequential(Bilinear())(np.ones((5, 3)))


def test_losses_are_named_too():
    with pytest.raises(OperationError, match=r"^MSELoss: target has shape \(3,\), but the prediction has \(2,\)"):
        nn.MSELoss()(np.zeros(2), np.zeros(3))
    with pytest.raises(OperationError, match=r"^BCELoss: target has shape"):
        nn.BCELoss()(np.zeros(2), np.zeros(3))


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="Module: has no forward method; write def forward"):
        nn.Module()(1)


# -- modules as containers ---------------------------------------------------------------------------------------------


def loss(model, x):
    return np.sum(np.tanh(model(x)) ** 2)


def test_rebuilding_gives_a_copy_with_other_parameters():
    model = Autoencoder()
    children, rebuild = model.tree_flatten()
    assert children == model.parameters() or all(a is b for a, b in zip(children, model.parameters(), strict=True))
    copied = rebuild([np.zeros(child.shape) for child in children])
    assert type(copied) is Autoencoder
    assert copied.note is model.note
    assert [name for name, _ in copied.named_parameters()] == NAMES
    assert not any(parameter.requires_grad or np.any(parameter.data) for parameter in copied.parameters())
    assert copied.encoder[1] is not model.encoder[1]
    assert np.any(model.encoder[0].weight.data)


def test_rebuilding_keeps_the_random_stream_of_dropout():
    model = nn.Sequential(nn.Dropout(0.5, rng=np.random.default_rng(0)))
    copied = model.tree_flatten()[1]([])
    assert copied[0].rng is model[0].rng


@pytest.mark.parametrize("make", [Autoencoder, Tied])
def test_the_gradient_with_respect_to_a_module_is_that_of_backward(make):
    model = make()
    x = np.random.default_rng(0).normal(size=(5, 3 if make is Autoencoder else 2))
    gradient = tl.grad(loss)(model, x)
    loss(model, x).backward()
    assert type(gradient) is make
    for name, parameter in model.named_parameters():
        expected = np.zeros(parameter.shape) if parameter.grad is None else parameter.grad
        np.testing.assert_allclose(dict(gradient.named_parameters())[name].data, expected, atol=1e-14)


def test_shared_parameters_stay_shared_after_rebuilding():
    gradient = tl.grad(loss)(Tied(), np.ones((1, 2)))
    assert gradient.second.weight is gradient.first.weight
    assert gradient.again is gradient.first


def test_a_functional_training_step_with_tree_map():
    model, x = Autoencoder(), np.random.default_rng(0).normal(size=(5, 3))
    gradient = tl.grad(loss)(model, x)
    with tl.no_grad():
        better = tree.map(lambda p, g: p - 1e-3 * g, model, gradient)
    assert loss(better, x).item() < loss(model, x).item()


def test_second_order_through_a_module():
    model, x = nn.Linear(2, 1, init="he_normal", rng=np.random.default_rng(0)), np.array([[1.0, 2.0]])
    direction = tree.map(lambda p: np.ones(p.shape), model)
    product = tl.hvp(lambda model: np.sum(model(x) ** 3), model, direction)
    y = model(x).item()
    rate = 1.0 + 2.0 + 1.0  # how fast the output changes along the direction
    np.testing.assert_allclose(product.weight.data, [[6 * y * rate * 1.0, 6 * y * rate * 2.0]])


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_models_can_be_copied_and_pickled(duplicate):
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    copied = duplicate(model)
    x = np.ones((4, 2))
    np.testing.assert_array_equal(model(x).data, copied(x).data)
    copied[0].weight.data = copied[0].weight.data + 1
    assert not np.array_equal(model(x).data, copied(x).data)


def test_sequential_is_a_sequence_of_layers_and_may_hold_more():
    class Scaled(nn.Sequential):
        def __init__(self, *layers):
            super().__init__(*layers)
            self.scale = tl.Value(1.0)

    model = Scaled(nn.Linear(2, 2), nn.Tanh())
    assert len(model) == 2
    assert list(model) == [model[0], model[1]]
    assert list(model[:1]) == [model[0]]
    assert [name for name, _ in model.named_parameters()] == ["scale", "0.weight", "0.bias"]


# -- results that forward keeps ----------------------------------------------------------------------------------------


class Remembering(nn.Module):
    """Keeps its hidden state, a constant, and a result inside a container."""

    def __init__(self):
        self.layer = nn.Linear(2, 2, rng=np.random.default_rng(0))
        self.frozen = tl.Value(np.ones(2), requires_grad=False)
        self.kept = {"all": []}

    def forward(self, x):
        self.h = np.tanh(self.layer(x))
        self.kept["all"].append(self.h)
        return self.h * self.frozen


def test_results_and_constants_are_no_parameters():
    model = Remembering()
    before = [name for name, _ in model.named_parameters()], repr(model)
    model(np.ones((1, 2)))
    assert ([name for name, _ in model.named_parameters()], repr(model)) == before
    assert list(model.state_dict()) == ["layer.weight", "layer.bias"]
    model.load_state_dict(model.state_dict())


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_model_that_keeps_results_can_be_copied_without_their_graph(duplicate):
    model = Remembering()
    model(np.ones((1, 2)))
    copied = duplicate(model)
    assert model.h.op is not None
    assert copied.h.op is None
    assert copied.kept["all"][0] is copied.h or duplicate is not copy.copy
    np.testing.assert_array_equal(copied.h.data, model.h.data)
    np.testing.assert_array_equal(copied(np.ones((1, 2))).data, model.h.data)


def test_a_parameter_that_is_frozen_is_saved_and_not_trained():
    model = nn.Linear(2, 2)
    model.bias.requires_grad = False
    assert list(model.state_dict()) == ["weight", "bias"]
    np.sum(model(np.ones((1, 2)))).backward()
    assert (model.weight.grad is None, model.bias.grad is None) == (False, True)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_gradient_with_the_models_shape_keeps_its_parameters_through_copies(duplicate):
    gradient = duplicate(tl.grad(loss)(Autoencoder(np.random.default_rng(0)), np.ones((1, 3))))
    assert [name for name, _ in gradient.named_parameters()] == NAMES


def test_a_model_adapted_within_a_gradient_still_has_its_parameters():
    model, x = nn.Linear(2, 1, rng=np.random.default_rng(0)), np.ones((1, 2))

    def adapted(model):
        better = tree.map(lambda p, g: p - 0.1 * g, model, tl.grad(loss)(model, x))
        assert [name for name, _ in better.named_parameters()] == ["weight", "bias"]
        return loss(better, x)

    assert np.any(tl.grad(adapted)(model).weight.data)


def test_an_error_in_a_grandchild_called_past_its_parent_has_its_path():
    class Shortcut(nn.Module):
        def __init__(self):
            self.inner = nn.Sequential(nn.Linear(4, 2))

        def forward(self, x):
            return self.inner[0](x)

    with pytest.raises(OperationError, match=r'^Linear at "inner.0": input must be'):
        Shortcut()(np.zeros((1, 3)))


def test_an_error_names_the_layer_once():
    with pytest.raises(OperationError, match=r"^GRU: input must be"):
        nn.GRU(3, 4)(np.ones(3))
    with pytest.raises(OperationError, match=r'^Embedding at "0": input must be integers'):
        nn.Sequential(nn.Embedding(3, 4))(np.ones(3))


def test_a_loss_shows_the_options_that_are_not_usual():
    assert repr(nn.CrossEntropyLoss()) == "CrossEntropyLoss()"
    assert repr(nn.CrossEntropyLoss(label_smoothing=0.1)) == "CrossEntropyLoss(label_smoothing=0.1)"
