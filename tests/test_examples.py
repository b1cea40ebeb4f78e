"""The examples run, learn and have right gradients; `python -m examples` runs them in full."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.testing import check_gradients

FOLDER = Path(__file__).parents[1] / "examples"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("__"))


def example(name):
    return importlib.import_module(f"examples.{name}")


@pytest.fixture(scope="module", autouse=True)
def _found():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER.parent))
        yield


GOALS = example("__main__").GOALS


# How many steps show that a program learns: from the first figure to the second it must get better.
STEPS = {
    "cnn_digits": (2, 25),
    "gru_characters": (1, 6),
    "gpt": (1, 3),
    "vae": (1, 40),
    "maml": (1, 60),
    "pinn_burgers": (1, 12),
    "siren": (1, 12),
    "gaussian_process": (1, 12),
    "neural_ode": (1, 12),
    "realnvp": (2, 60),
    "hmc": (5, 200),
    "fixed_point": (1, 60),
    "inverse_kinematics": (1, 12),
    "conv1d_classifier": (1, 30),
    "gcn": (1, 12),
    "wgan_gp": (1, 30),
    "own_optimizers": (20, 100),
    "pandas_inputs": (1, 30),
}


def test_every_program_has_a_goal_and_a_place_in_the_readme():
    assert set(NAMES) == set(GOALS) == set(STEPS)
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"[{name}]({name}.py)" not in page] == []
    assert "missed" not in page


@pytest.mark.parametrize("name", NAMES)
def test_programs_fit_on_a_few_screens(name):
    assert len((FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines()) < 120


SMALLER = {"inverse_kinematics": {"places": 15}}
SLOW = ("gpt", "inverse_kinematics", "cnn_digits")


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in NAMES])
def test_programs_learn(name):
    first, more = (example(name).main(steps=steps, quiet=True, **SMALLER.get(name, {})) for steps in STEPS[name])
    assert isinstance(more, float)
    if GOALS[name][1] == "≥":
        first, more = -first, -more
    assert more < first


def points(name):  # noqa: C901  a table, a program a case
    """Return a function of the program and arguments to check its gradient at, small enough for differences."""
    module, rng = example(name), np.random.default_rng(0)
    match name:
        case "cnn_digits":
            model = module.network(rng, 3, np.float64).eval()
            return module.loss, model, rng.normal(size=(2, 1, 8, 8)), np.array([3, 7])
        case "gru_characters":
            return module.loss, module.Reader(5, 4, rng, np.float64), *module.windows(np.arange(12) % 5, 4, 2, rng)
        case "gpt":
            model = module.GPT(5, 6, 4, 2, 1, rng, np.float64)
            return module.loss, model, *module.windows(np.arange(20) % 5, 6, 2, rng)
        case "vae":
            x = rng.random((3, 6))
            return lambda model: module.loss(model, x, np.random.default_rng(1)), module.VAE(6, 5, 2, rng)
        case "maml":
            return module.loss, module.network(rng), *module.tasks(2, rng, points=3)
        case "pinn_burgers":
            return module.loss, module.network(rng), rng.random(3), rng.uniform(-1, 1, 3)
        case "siren":
            return module.loss, module.network(rng, width=6), module.grid(3), module.picture(module.grid(3))
        case "gaussian_process":
            p = dict.fromkeys(("trend", "trend_length", "season", "season_length", "period", "noise"), 0.1)
            return module.loss, p, *module.series(rng, n=8)[:2]
        case "neural_ode":
            start, times = rng.normal(size=(2, 2)), np.linspace(0, 0.3, 4)
            return module.loss, module.network(rng), start, times, module.integrate(module.law, start, times) + 0.1
        case "realnvp":
            return module.loss, module.Flow(3, 4, rng), rng.normal(size=(5, 2))
        case "hmc":
            return module.log_density, rng.normal(size=(4, 2))
        case "fixed_point":
            w = 0.4 * rng.normal(size=(3, 3))
            return module.equilibrium, rng.normal(size=(4, 3)), w
        case "inverse_kinematics":
            return module.hand, rng.normal(size=6)
        case "conv1d_classifier":
            return module.loss, module.network(rng, np.float64), *module.waves(3, rng, length=16)
        case "gcn":
            x = rng.normal(size=(8, 5))
            graph, model = module.Graph(x, neighbours=2), module.GCN(5, 4, 3, rng).eval()
            return lambda model, x: module.loss(model, x, graph, np.arange(8) % 3, np.array([0, 3, 4])), model, x
        case "wgan_gp":
            critic = module.network(2, 1, rng, hidden=6)
            return module.critic_loss, critic, *(rng.normal(size=(4, 2)) for _ in range(3))
        case "own_optimizers":
            return module.loss, module.network(rng), rng.random((3, 64)), np.array([1, 2, 3])
        case "pandas_inputs":
            return module.loss, module.network(rng), rng.normal(size=(4, 13)), np.array([0, 1, 2, 1])


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_right_at_a_point(name):
    function, *arguments = points(name)
    assert check_gradients(function, *arguments).ok


def test_the_gradient_through_a_fixed_point_is_differentiated_again():
    rng, equilibrium = np.random.default_rng(0), example("fixed_point").equilibrium
    assert check_gradients(equilibrium, rng.normal(size=(2, 3)), 0.3 * rng.normal(size=(3, 3)), order=2).ok


def test_the_exact_solution_of_burgers_equation_solves_it():
    pinn = example("pinn_burgers")
    t, x = np.array([0.1, 0.2, 0.25]), np.array([-0.7, 0.3, 0.5])
    h = 1e-4
    u_t = (pinn.exact(t + h, x) - pinn.exact(t - h, x)) / (2 * h)
    u_x = (pinn.exact(t, x + h) - pinn.exact(t, x - h)) / (2 * h)
    u_xx = (pinn.exact(t, x + h) - 2 * pinn.exact(t, x) + pinn.exact(t, x - h)) / h**2
    np.testing.assert_allclose(u_t + pinn.exact(t, x) * u_x, pinn.NU * u_xx, atol=1e-4)
    np.testing.assert_allclose(pinn.exact(np.array(1e-6), x), -np.sin(np.pi * x), atol=1e-4)


def test_a_flow_is_inverted_exactly():
    rng = np.random.default_rng(0)
    flow, y = example("realnvp").Flow(4, 8, rng), rng.normal(size=(6, 2))
    x = y
    for layer in reversed(flow.layers):
        x = layer.inverse(x)
    for layer in flow.layers:
        x, _ = layer(x)
    np.testing.assert_allclose(tl.Value(x).data if isinstance(x, np.ndarray) else x.data, y, rtol=1e-10)


def test_muon_takes_orthogonal_steps():
    matrix = np.random.default_rng(0).normal(size=(4, 6))
    singular = np.linalg.svd(example("own_optimizers").orthogonal(matrix, 10), compute_uv=False)
    assert np.all((singular > 0.6) & (singular < 1.3))


def test_figures_are_held_against_the_goals_and_put_into_the_page():
    table = example("__main__")
    assert table.reached("cnn_digits", 0.99)
    assert not table.reached("cnn_digits", 0.9)
    assert not table.reached("gpt", 5.0)
    assert "missed" in table.row("gpt", 5.0, 60.0)
    assert table.written("a\n<!-- figures -->\nold\n<!-- end of figures -->\nb", "new") == (
        "a\n<!-- figures -->\nnew\n<!-- end of figures -->\nb"
    )
