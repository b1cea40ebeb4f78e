"""What people write who come from elsewhere: each mistake is told in one line with what to do, and nothing is lost."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import data, distributions, lab, nn, optim
from tinygrad_lab.errors import TinygradError

RNG = np.random.default_rng(0)


def leaf():
    return tl.Value(np.ones(3))


def layer():
    return nn.Linear(2, 1, rng=RNG)


def assigned(gradient):
    parameter = leaf()
    parameter.grad = gradient
    optim.SGD([parameter], lr=0.1).step()


MISTAKES = [
    (lambda: optim.Adam([leaf()], learning_rate=0.1), "Adam: there is no keyword 'learning_rate'; it takes betas, eps"),
    (lambda: optim.SGD([leaf()], lr=1.0, momentun=0.9), "SGD: there is no keyword 'momentun'; write momentum"),
    (lambda: optim.SGD([leaf()]), "SGD: lr is missing; pass it"),
    (lambda: nn.Linear(2, 1, biaz=False), "Linear: there is no keyword 'biaz'; write bias"),
    (lambda: nn.Linear(2, 1, True, 3), "Linear: takes at most 3 arguments by position, not 4; give the others by"),
    (lambda: nn.Linear(2, 1, in_features=2), "Linear: in_features was given twice, by position and by keyword"),
    (lambda: nn.ReLU(inplace=True), "ReLU: there is no keyword 'inplace'; it takes none"),
    (lambda: nn.Linear(), "Linear: in_features and out_features are missing; pass them"),
    (lambda: nn.Dropout(0.5), "Dropout: rng is missing; pass it, such as rng=np.random.default_rng(0)"),
    (lambda: distributions.Normal(0.0, 1.0, scle=2.0), "Normal: there is no keyword 'scle'; write scale"),
    (lambda: data.DataLoader(np.ones(3), num_workers=2), "DataLoader: there is no keyword 'num_workers'; it takes bat"),
    (lambda: nn.Linear(3.0, 2), "Linear: in_features must be a whole number, got 3.0; use 1 or more"),
    (lambda: nn.Linear(2, "3"), "Linear: out_features must be a whole number, got '3'; use 1 or more"),
    (lambda: nn.Linear(2, 1, rng=0), "rng must be a random generator, got 0; write np.random.default_rng(0)"),
    (lambda: nn.Dropout(0.5, rng=7), "rng must be a random generator, got 7; write np.random.default_rng(7)"),
    (lambda: data.DataLoader(np.ones(3), rng=1), "rng must be a random generator, got 1; write np.random"),
    (lambda: distributions.Normal(0.0, 1.0).sample((3,)), "rng must be a random generator, got (3,); write np.ran"),
    (lambda: optim.Adam([leaf() * 2]), "Adam: params must be leaves, but one is the result of multiply; pass the"),
    (lambda: optim.Adam([leaf()], betas=0.9), "Adam: betas must be a pair of numbers, got 0.9; (0.9, 0.999) is usual"),
    (lambda: optim.schedules.cosine(optim.SGD([leaf()], lr=1.0), 10),
     "schedules.cosine: lr must be a number, got SGD; give the schedule to the optimizer: SGD(params, lr=sched"),
    (lambda: optim.schedules.step("0.1", 10), "schedules.step: lr must be a number, got '0.1'; give the schedule to"),
    (lambda: optim.Adam([leaf()]).param_groups, "Adam has no param_groups; write optimizer.lr, or optimizer.grou"),
    (lambda: optim.clip_grad_norm([leaf()], "1"), "clip_grad_norm: max_norm must be a number, got '1'; see the f"),
    (lambda: assigned(np.ones(2)), "SGD: the gradient of parameter 0 has shape (2,), but the parameter has (3,);"),
    (lambda: assigned(np.ones((1, 3))), "SGD: the gradient of parameter 0 has shape (1, 3), but the parameter ha"),
    (lambda: optim.minimize(lambda p: np.sum(p * p), np.ones(2), jac=True),
     "minimize: with jac=True the loss must return a pair, value and gradient, got float64; leave jac out"),
    (lambda: distributions.Normal(np.zeros(3), np.ones(2)), "Normal: the parameters do not broadcast, loc (3,) a"),
    (lambda: distributions.Beta(np.ones(3), np.ones(2)), "Beta: the parameters do not broadcast, a (3,) and b (2"),
    (lambda: lab.sweep(activation="relu"), "sweep: activation must be a list of values, got 'relu'; write activa"),
    (lambda: lab.sweep(lr=0.1), "sweep: lr must be a list of values, got 0.1; write lr=[0.1]"),
    (lambda: lab.run({"epochs": 3}), "run: config must be a Config, got dict; write Config(epochs=100)"),
    (lambda: lab.Config(data=np.ones((3, 2))), "config: data must be a text, got array([[1., 1.], [1., 1.], [1.,"),
    (lambda: lab.run(lab.Config(epochs=1)).predict([["a", "b"]]), "predict: x must be numbers, one row for each "),
    (lambda: layer().load_state_dict([1.0]), "load_state_dict: state must be a dict of arrays by name, got list; a fi"),
    (lambda: layer().load_state_dict("model.pt"), "load_state_dict: state must be a dict of arrays by name, got str"),
    (lambda: tl.hessian(lambda model: np.sum(model(np.ones((1, 2))) ** 2))(layer()),
     "hessian: a Linear cannot hold a matrix of modules; use hvp, or differentiate by a vector: x, unravel = tl.tree"),
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "told"), MISTAKES, ids=[told[:40] for _, told in MISTAKES])
def test_a_mistake_is_told_in_one_line_with_what_to_do(mistake, told):
    with pytest.raises((TinygradError, AttributeError)) as caught:
        mistake()
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


BASES = (nn.Module, optim.Optimizer, distributions.Distribution)
NAMED = [getattr(part, name) for part in (nn, optim, distributions) for name in part.__all__]
MADE = [kind for kind in NAMED if isinstance(kind, type) and issubclass(kind, BASES) and kind not in BASES]


@pytest.mark.parametrize("kind", [*MADE, data.DataLoader], ids=lambda kind: kind.__name__)
def test_every_class_refuses_names_that_it_has_not(kind):
    with pytest.raises(TinygradError, match=f"{kind.__name__}: there is no keyword 'qqqq'"):
        kind(qqqq=1)


def test_what_fails_inside_a_constructor_is_told_as_it_is():
    with pytest.raises(TypeError, match="not iterable"):
        nn.ModuleList(3)


def test_classes_of_users_are_left_as_they_are():
    class Own(nn.Module):
        def __init__(self):
            self.part = nn.ReLU()

    with pytest.raises(TypeError, match=r"Own.__init__\(\) got an unexpected keyword"):
        Own(qqqq=1)
    assert Own.__init__.__code__.co_filename == __file__


def test_the_advice_for_the_hessian_of_a_module_works():
    model, inputs = layer(), np.ones((1, 2))
    x, unravel = tl.tree.ravel(model)
    found = tl.hessian(lambda x: np.sum(unravel(x)(inputs) ** 2))(x.data)
    np.testing.assert_allclose(found, 2 * np.ones((3, 3)))


def test_a_jacobian_by_a_module_is_a_module_that_shows_itself():
    found = tl.jacobian(lambda model: model(np.ones((4, 2)))[:, 0])(layer())
    assert found.weight.shape == (4, 1, 2)
    assert repr(found).startswith("Linear()  weight (4, 1, 2), bias (4, 1)")
    assert "Linear" in tl.viz.show(found)["text/html"]


def test_a_path_is_a_name_of_data():
    assert lab.Config(data=pathlib.Path("a.csv"), test=pathlib.Path("b.csv")) == lab.Config(data="a.csv", test="b.csv")
