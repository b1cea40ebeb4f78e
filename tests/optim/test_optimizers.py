from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab import optim
from tinygrad_lab.errors import ArgumentTypeError, GradientLostError, GraphError

KINDS = [
    optim.SGD,
    lambda params, lr: optim.SGD(params, lr, momentum=0.9),
    lambda params, lr: optim.SGD(params, lr, momentum=0.9, nesterov=True),
    optim.Adagrad,
    optim.RMSprop,
    lambda params, lr: optim.RMSprop(params, lr, centered=True, momentum=0.5),
    optim.Adam,
    optim.AdamW,
    optim.NAdam,
    optim.RAdam,
    optim.Lion,
]
each = pytest.mark.parametrize("make", KINDS)


def train(optimizer, parameter, steps):
    """Minimise the sum of squares, and return the parameter's path."""
    path = []
    for _ in range(steps):
        optimizer.zero_grad()
        np.sum(parameter * parameter).backward()
        optimizer.step()
        path.append(parameter.data)
    return path


@each
def test_descends_and_never_writes_into_an_array(make):
    start = np.array([1.0, -2.0, 0.5])
    start.flags.writeable = False
    w = tl.Value(start)
    path = train(make([w], 0.02), w, 60)
    for array in path:
        array.flags.writeable = False
    assert np.sum(path[-1] ** 2) < np.sum(start**2)
    assert len({id(array) for array in path}) == 60
    np.testing.assert_array_equal(start, [1.0, -2.0, 0.5])


@each
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("lr", [0.01, np.float64(0.01), lambda step: np.float64(0.01)])
def test_the_dtype_stays(make, dtype, lr):
    w = tl.Value(np.ones(3, dtype))
    optimizer = make([w], lr)
    train(optimizer, w, 3)
    assert w.data.dtype == dtype
    assert all(item.dtype == dtype for name, item in optimizer.states[0].items() if name != "step")


@each
def test_update_is_pure(make):
    w, g = np.array([1.0, -2.0]), np.array([0.5, 0.25])
    optimizer = make([tl.Value(w)], 0.1)
    _, state = optimizer.update(w, g, {})
    frozen = {name: np.array(item) for name, item in state.items()}
    first, second = optimizer.update(w, g, state), optimizer.update(w, g, state)
    np.testing.assert_array_equal(first[0], second[0])
    for name, item in frozen.items():
        np.testing.assert_array_equal(state[name], item)
    assert first[1].keys() == second[1].keys() == state.keys()
    assert optimizer.states == [{}]


@each
def test_a_parameter_without_gradient_stays_as_it_is(make):
    w, frozen = tl.Value([1.0]), tl.Value([1.0])
    optimizer = make([w, frozen], 0.1)
    data = frozen.data
    train(optimizer, w, 2)
    assert frozen.data is data
    assert optimizer.states[1] == {}


@each
def test_a_zero_gradient_moves_nothing_and_divides_nothing(make):
    w = tl.Value([1.0, 2.0])
    optimizer = make([w], 0.1)
    optimizer.weight_decay = 0.0
    if hasattr(optimizer, "eps"):
        optimizer.eps = 0.0
    w.grad = np.zeros(2)
    optimizer.step()
    np.testing.assert_array_equal(w.data, [1.0, 2.0])


@each
def test_training_goes_on_from_a_saved_state(make):
    w = tl.Value([1.0, -2.0])
    optimizer = make([w], optim.schedules.exponential(0.1, 0.9))
    train(optimizer, w, 5)
    other = tl.Value(w.data)
    resumed = make([other], optim.schedules.exponential(0.1, 0.9))
    resumed.load_state_dict(optimizer.state_dict())
    np.testing.assert_array_equal(train(optimizer, w, 5), train(resumed, other, 5))


def test_a_state_of_other_parameters_is_refused():
    optimizer = optim.Adam([tl.Value(1.0)])
    with pytest.raises(ValueError, match=r"Adam: the state has an entry '1.mean', .*; load it into"):
        optimizer.load_state_dict({"1.mean": np.zeros(1)})


def test_gradients_that_are_values_leave_the_graph():
    w = tl.Value([1.0, 2.0])
    np.sum(w * w).backward(create_graph=True)
    optim.SGD([w], 0.5).step()
    assert isinstance(w.data, np.ndarray)
    np.testing.assert_array_equal(w.data, [0.0, 0.0])


def test_a_graph_recorded_before_a_step_keeps_its_own_arrays():
    w = tl.Value(3.0)
    y = w * w
    y.backward()
    optim.SGD([w], 0.5).step()
    w.grad = None
    y.backward()
    assert w.grad == 6


def test_a_learning_rate_can_be_assigned():
    w = tl.Value(1.0)
    optimizer = optim.SGD([w], 0.1)
    optimizer.lr = 0.0
    train(optimizer, w, 1)
    assert w.data == 1


@given(gradients=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20))
@settings(max_examples=30)
def test_adam_steps_are_bounded_by_the_learning_rate_at_first(gradients):
    w = tl.Value(np.zeros(len(gradients)))
    w.grad = np.array(gradients)
    optim.Adam([w], 0.1).step()
    assert np.all(abs(w.data) <= 0.1)
    assert np.all(w.data * w.grad <= 0)


# -- other people's optimizers, in a few lines -------------------------------------------------------------------------


class AdagradInsideTheRoot(optim.Optimizer):
    """s ← s + g²; w ← w − lr · g / √(s + ε)"""

    def update(self, parameter, gradient, state):
        step = state.get("step", 0)
        squares = state.get("squares", 0.0) + gradient**2
        parameter = parameter - self.rate(step) * gradient / np.sqrt(squares + 1e-8)
        return parameter, {"step": step + 1, "squares": squares}


class MovingAverage(optim.Optimizer):
    """v ← β v + (1 − β) g; w ← w − lr · v, from v = 0"""

    def update(self, parameter, gradient, state):
        step = state.get("step", 0)
        velocity = 0.9 * state.get("velocity", 0.0) + 0.1 * gradient
        return parameter - self.rate(step) * velocity, {"step": step + 1, "velocity": velocity}


class HeavyBall(optim.Optimizer):
    """v ← β v − lr · g; w ← w + v"""

    def update(self, parameter, gradient, state):
        step = state.get("step", 0)
        velocity = 0.9 * state.get("velocity", 0.0) - self.rate(step) * gradient
        return parameter + velocity, {"step": step + 1, "velocity": velocity}


def test_adagrad_with_eps_inside_the_root():
    w = tl.Value(2.0)
    path = train(AdagradInsideTheRoot([w], 0.5), w, 2)
    first = 2 - 0.5 * 4 / np.sqrt(16 + 1e-8)
    second = first - 0.5 * 2 * first / np.sqrt(16 + 4 * first**2 + 1e-8)
    np.testing.assert_allclose(path, [first, second], rtol=1e-14)


def test_momentum_of_the_reports_is_sgd_with_constant_rate():
    w, v = tl.Value(2.0), tl.Value(2.0)
    ours = train(optim.SGD([w], 0.1, momentum=0.9), w, 20)
    np.testing.assert_allclose(train(HeavyBall([v], 0.1), v, 20), ours, rtol=1e-12)


def test_a_moving_average_is_dampened_sgd_whose_first_velocity_is_a_tenth():
    w, v = tl.Value(2.0), tl.Value(2.0)
    own, dampened = MovingAverage([w], 0.1), optim.SGD([v], 0.1, momentum=0.9, dampening=0.9)
    w.grad = v.grad = np.float64(4.0)
    own.step()
    dampened.step()
    np.testing.assert_allclose([w.data, v.data], [2 - 0.04, 2 - 0.4])
    v.data = w.data  # from equal positions and velocities on they are the same
    dampened.states[0]["velocity"] = own.states[0]["velocity"]
    np.testing.assert_allclose(train(own, w, 20), train(dampened, v, 20), rtol=1e-12)


# -- what is refused ---------------------------------------------------------------------------------------------------

W = tl.Value(1.0)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: optim.SGD([], 0.1), ValueError, "SGD: params is empty; pass a model's"),
        (
            lambda: optim.SGD(tl.nn.Tanh(), 0.1),
            TypeError,
            "SGD: params must be Values, got Tanh; pass model.parameters",
        ),
        (
            lambda: optim.SGD(W, 0.1),
            TypeError,
            "SGD: params must be Values, got Value; pass model.parameters() or a li",
        ),
        (
            lambda: optim.Adam([np.ones(2)]),
            TypeError,
            "Adam: params must be Values, but one is of type ndarray; pass model.parameters(), or wrap",
        ),
        (
            lambda: optim.SGD([W, tl.Value(2.0), W], 0.1),
            ValueError,
            "SGD: params repeats 1 of its Values, which a step would update twice; drop the rep",
        ),
        (lambda: optim.SGD([W], -1), ValueError, "SGD: lr must be at least 0, got -1; see the formula in help(SGD)"),
        (lambda: optim.SGD([W], float("nan")), ValueError, "SGD: lr must be at least 0, got nan"),
        (lambda: optim.SGD([W], 1, momentum=-1), ValueError, "SGD: momentum must be at least 0, got -1"),
        (lambda: optim.SGD([W], 1, dampening=-1), ValueError, "SGD: dampening must be at least 0, got -1"),
        (lambda: optim.SGD([W], 1, weight_decay=-1), ValueError, "SGD: weight_decay must be at least 0, got -1"),
        (
            lambda: optim.SGD([W], 1, nesterov=True),
            ValueError,
            "SGD: nesterov needs a momentum and no dampening, got",
        ),
        (lambda: optim.Adagrad([W], lr_decay=-1), ValueError, "Adagrad: lr_decay must be at least 0, got -1"),
        (lambda: optim.RMSprop([W], alpha=-1), ValueError, "RMSprop: alpha must be at least 0, got -1"),
        (lambda: optim.Adam([W], betas=(0.9, 1)), ValueError, "Adam: betas must be in [0, 1), got 1"),
        (lambda: optim.AdamW([W], eps=-1), ValueError, "AdamW: eps must be at least 0, got -1"),
    ],
)
def test_what_makes_no_optimizer_is_refused(make, error, text):
    with pytest.raises(error, match=re.escape(text)):
        make()


def test_an_optimizer_without_update_says_so():
    w = tl.Value(1.0)
    w.grad = 1.0
    with pytest.raises(NotImplementedError, match="Optimizer: has no update method"):
        optim.Optimizer([w], 0.1).step()


@pytest.mark.parametrize("name", ["adam", "sgd", "lion", "adagrad"])
def test_updates_are_differentiated_with_respect_to_the_learning_rate(name):
    def trained(lr):
        w, state = np.array([3.0, -2.0]), {}
        optimizer = tl.optim.OPTIMIZERS[name]([tl.Value(w)], lr=lr)
        for _ in range(3):
            w, state = optimizer.update(w, 2 * w, state)
        return np.sum(w * w)

    tl.testing.check_gradients(trained, 0.01)


def test_a_step_refuses_a_parameter_whose_data_was_made_a_value():
    w = tl.Value([3.0])
    optimizer = tl.optim.SGD([w], lr=0.1)
    (w * w).sum().backward()
    w.data = w - 0.1 * w.grad
    with pytest.raises(GraphError, match=r"SGD: an input holds .* the data of another Value; .* assign arrays"):
        optimizer.step()


def test_a_step_refuses_a_learning_rate_whose_gradient_it_would_lose():
    w = tl.Value([3.0])
    optimizer = tl.optim.SGD([w], lr=tl.Value(0.1))
    (w * w).sum().backward()
    message = r"SGD: step\(\) cannot keep a graph, but the learning rate Value\(0.1\) requires a gradient; pass arrays"
    with pytest.raises(GradientLostError, match=message):
        optimizer.step()
    assert w.data == 3


@pytest.mark.parametrize("make", KINDS)
def test_a_complex_parameter_is_its_two_parts(make):
    rng = np.random.default_rng(0)
    matrix, goal = rng.normal(size=(4, 3)) + 1j * rng.normal(size=(4, 3)), rng.normal(size=4) + 1j
    z, x, y = tl.Value(np.zeros(3, complex)), tl.Value(np.zeros(3)), tl.Value(np.zeros(3))
    one, two = make([z], lr=0.05), make([x, y], lr=0.05)
    for _ in range(5):
        for optimizer, point in ((one, lambda: z), (two, lambda: x + 1j * y)):
            optimizer.zero_grad()
            np.sum(np.abs(matrix @ point() - goal) ** 2).backward()
            optimizer.step()
    np.testing.assert_allclose(z.data, x.data + 1j * y.data, rtol=1e-12)
    again = make([z], lr=0.05)
    again.load_state_dict(one.state_dict())
    assert again.state_dict().keys() == one.state_dict().keys()


def test_a_compiled_step_updates_complex_parameters_too():
    z, w = tl.Value(np.ones(3, np.complex64)), tl.Value(np.ones(3, np.complex64))
    for parameter, wrap in ((z, lambda f, state: f), (w, lambda f, state: tl.compile(f, state=state))):
        optimizer = optim.Adam([parameter], lr=0.1)

        def step(parameter=parameter, optimizer=optimizer):
            optimizer.zero_grad()
            np.sum(np.abs(parameter - (2 - 3j)) ** 2).backward()
            optimizer.step()

        run = wrap(step, (parameter, optimizer))
        for _ in range(3):
            run()
    assert z.dtype == w.dtype == np.complex64
    np.testing.assert_allclose(w.data, z.data, rtol=1e-6)
    assert z.data[0].imag < 0


def test_an_optimizer_says_its_settings_and_refuses_words():
    optimizer = optim.SGD([tl.Value(1.0)], lr=0.5, momentum=0.9)
    assert repr(optimizer).startswith("SGD(1 parameter, lr=0.5, momentum=0.9, ")
    with pytest.raises(ArgumentTypeError, match=r"Adam: lr must be a number, got '0\.1'; see the formula"):
        optim.Adam([tl.Value(1.0)], lr="0.1")
