"""Compiled functions: the small step call by call and a thousand at once, a neural ODE, an MLP, and tracing itself."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import small_step
from harness import Row, Step, compare, table

import tinygrad_lab as tl

MANY = 1000
BACKENDS = [
    name
    for name in ("numpy", "numba", "jax")
    if importlib.util.find_spec(f"tinygrad_lab.compiler.write_{name}") and importlib.util.find_spec(name)
]


def training() -> tuple[tl.nn.Module, tl.optim.Optimizer, Callable[[], Any]]:
    """Return the small step with what it changes."""
    x, y = small_step.data()
    rng = np.random.default_rng(1)
    sizes = [(2, 4), (4, 4), (4, 1)]
    layers = [layer for i, o in sizes for layer in (tl.nn.Linear(i, o, rng=rng), tl.nn.Sigmoid())]
    model, mse = tl.nn.Sequential(*layers), tl.nn.MSELoss()
    optimizer = tl.optim.SGD(model.parameters(), lr=small_step.LEARNING_RATE)

    def step() -> Any:
        optimizer.zero_grad()
        loss = mse(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, optimizer, step


def compiled(backend: str) -> Any:
    model, optimizer, step = training()
    fast = tl.compile(step, state=(model, optimizer), backend=backend)
    fast()
    fast()
    return fast


def single() -> str:
    contenders: dict[str, Step] = {"hand-written NumPy": small_step.hand_written(), "eager": training()[2]}
    contenders |= {f"{backend}, a call a step": compiled(backend) for backend in BACKENDS}
    return table("Small step, one a call", "NumPy source ≤ 0.90, Numba ≤ 0.12", compare(contenders))


def thousand() -> str:
    """One contender's step is a thousand steps; the table shows one of them."""
    hand = small_step.hand_written()
    contenders: dict[str, Step] = {"hand-written NumPy": lambda: [hand() for _ in range(MANY)]}
    for backend in BACKENDS:
        fast = compiled(backend)
        fast.repeat(MANY)
        contenders[f"{backend}, repeat({MANY})"] = lambda fast=fast: fast.repeat(MANY)  # type: ignore[misc]
    if importlib.util.find_spec("jax"):
        contenders["JAX, lax.scan"] = jax_small_step()
    rows = compare(contenders, rounds=7, round_seconds=0.2)
    rows = [Row(row.contender, row.microseconds / MANY, row.ratio) for row in rows]
    return table(f"Small step, {MANY} in one call", "Numba ≤ 0.06, and ≤ 0.5 × JAX", rows)


def jax_small_step() -> Step:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    x, y = map(jnp.asarray, small_step.data())
    rng = np.random.default_rng(1)
    weights = [jnp.asarray(rng.normal(size=shape)) for shape in ((2, 4), (4, 4), (4, 1))]
    parameters = [(w, jnp.zeros(w.shape[1])) for w in weights]

    def loss(parameters: Any) -> Any:
        h = x
        for w, b in parameters:
            h = jax.nn.sigmoid(h @ w + b)
        return ((h - y) ** 2).mean()

    def step(parameters: Any, _: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(parameters)
        return jax.tree.map(lambda p, g: p - small_step.LEARNING_RATE * g, parameters, gradient), value

    run = jax.jit(lambda parameters: jax.lax.scan(step, parameters, None, length=MANY))
    return lambda: jax.block_until_ready(run(parameters))


STEPS, HIDDEN = 200, 32


def neural_ode() -> str:
    """RK4 through a 2-32-2 tanh field, loss and gradient."""
    rng = np.random.default_rng(0)
    parameters = [rng.normal(size=(2, HIDDEN)) / 2, np.zeros(HIDDEN), rng.normal(size=(HIDDEN, 2)) / 8, np.zeros(2)]
    start, h = np.array([1.0, 0.0]), 0.02

    def loss(parameters: Any, xp: Any = np, scan: Any = tl.scan) -> Any:
        w1, b1, w2, b2 = parameters
        field = lambda z: xp.tanh(z @ w1 + b1) @ w2 + b2

        def step(z: Any, _: Any) -> Any:
            k1 = field(z)
            k2 = field(z + h / 2 * k1)
            k3 = field(z + h / 2 * k2)
            k4 = field(z + h * k3)
            return z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), xp.sum(z * z)

        z, energy = scan(step, start, None, STEPS)
        return xp.sum(z * z) + xp.mean(energy)

    contenders: dict[str, Step] = {}
    if importlib.util.find_spec("jax"):
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)
        run = jax.jit(jax.value_and_grad(lambda p: loss(p, jnp, jax.lax.scan)))
        arrays = list(map(jnp.asarray, parameters))
        contenders["JAX, jit and scan"] = lambda: jax.block_until_ready(run(arrays))
    for backend in BACKENDS:
        fast = tl.compile(tl.value_and_grad(loss), backend=backend)
        fast(parameters)
        contenders[backend] = lambda fast=fast: fast(parameters)  # type: ignore[misc]
    contenders["eager"] = lambda: tl.value_and_grad(loss)(parameters)
    return table("Neural ODE, 200 steps of RK4", "Numba ≤ 1.5 × JAX", compare(contenders, rounds=5))


def mlp(with_torch: bool) -> str:
    """784-256-256-10, batch 128, float32, Adam."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(128, 784)).astype(np.float32), rng.integers(0, 10, 128)

    def make() -> Any:
        rng, sizes = np.random.default_rng(1), [(784, 256), (256, 256), (256, 10)]
        layers = [k for i, o in sizes for k in (tl.nn.Linear(i, o, rng=rng, dtype=np.float32), tl.nn.ReLU())]
        model, loss = tl.nn.Sequential(*layers[:-1]), tl.nn.CrossEntropyLoss()
        optimizer = tl.optim.Adam(model.parameters())

        def step() -> None:
            optimizer.zero_grad()
            loss(model(x), y).backward()
            optimizer.step()

        return model, optimizer, step

    contenders: dict[str, Step] = {"PyTorch, eager": torch_mlp(x, y)} if with_torch else {}
    contenders["eager"] = make()[2]
    for backend in BACKENDS:
        model, optimizer, step = make()
        contenders[backend] = tl.compile(step, state=(model, optimizer), backend=backend)
        contenders[backend]()
    return table("MLP 784-256-256-10 with Adam", "≤ 0.7 × PyTorch eager", compare(contenders))


def torch_mlp(x: Any, y: Any) -> Step:
    import torch

    sizes = [(784, 256), (256, 256), (256, 10)]
    layers = [k for i, o in sizes for k in (torch.nn.Linear(i, o), torch.nn.ReLU())]
    model, loss = torch.nn.Sequential(*layers[:-1]), torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    points, classes = torch.tensor(x), torch.tensor(y)

    def step() -> None:
        optimizer.zero_grad()
        loss(model(points), classes).backward()
        optimizer.step()

    return step


LENGTH = 10**6


def chain() -> str:
    """Twelve elementwise functions over a million numbers, value and gradient."""
    x = np.random.default_rng(0).normal(size=LENGTH)

    def total(x: Any, xp: Any = np) -> Any:
        y = xp.exp(-(xp.sin(x) ** 2))
        y = xp.cos(xp.tanh(y + x) * x)
        y = xp.exp(xp.log(xp.sqrt(y * y + 1)) * 0.5)
        return xp.sum(xp.sin(y) * y)

    contenders = versus_jax(total, x)
    return table("Chain of 12 functions over 10⁶ numbers", "Numba ≤ 0.5 × JAX", compare(contenders, rounds=5))


def hamiltonian() -> str:
    """20 leapfrog steps on the posterior of a logistic regression of 500 × 10, as the gradient sees them: unrolled."""
    rng = np.random.default_rng(0)
    points, classes = rng.normal(size=(500, 10)), (rng.uniform(size=500) < 0.5).astype(float)
    start, eps = rng.normal(size=(2, 10)), 0.01

    def energy(w: Any, xp: Any) -> Any:
        z = points @ w
        return xp.sum(xp.logaddexp(0.0, z) - classes * z) + xp.sum(w * w) / 2

    def leapfrog(gradient: Any, scan: Any, state: Any) -> Any:
        def step(state: Any, _: Any) -> Any:
            w, p = state
            p = p - eps / 2 * gradient(w)
            w = w + eps * p
            return (w, p - eps / 2 * gradient(w)), None

        return scan(step, state, None, 20)[0]

    contenders: dict[str, Step] = {}
    if importlib.util.find_spec("jax"):
        import jax
        import jax.numpy as jnp

        run = jax.jit(lambda state: leapfrog(jax.grad(lambda w: energy(w, jnp)), jax.lax.scan, state))
        arrays = tuple(map(jnp.asarray, start))
        contenders["JAX, jit and scan"] = lambda: jax.block_until_ready(run(arrays))
    ours = lambda state: leapfrog(tl.grad(lambda w: energy(w, np)), tl.scan, state)
    for backend in BACKENDS:
        fast = tl.compile(ours, backend=backend)
        fast(tuple(start))
        contenders[backend] = lambda fast=fast: fast(tuple(start))  # type: ignore[misc]
    contenders["eager"] = lambda: ours(tuple(start))
    return table("Hamiltonian Monte Carlo, 20 leapfrog steps", "Numba ≤ 1.0 × JAX", compare(contenders, rounds=5))


def versus_jax(function: Callable[..., Any], x: Any) -> dict[str, Step]:
    """Value and gradient of a function by JAX, where it is installed, and by all backends."""
    contenders: dict[str, Step] = {}
    if importlib.util.find_spec("jax"):
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)
        run, array = jax.jit(jax.value_and_grad(lambda x: function(x, jnp))), jnp.asarray(x)
        contenders["JAX, jit"] = lambda: jax.block_until_ready(run(array))
    for backend in BACKENDS:
        fast = tl.compile(tl.value_and_grad(function), backend=backend)
        fast(x)
        contenders[backend] = lambda fast=fast: fast(x)  # type: ignore[misc]
    contenders["eager"] = lambda: tl.value_and_grad(function)(x)
    return contenders


def tracing() -> str:
    """From the first call of a step of some 2,000 calls to its source."""
    rng = np.random.default_rng(0)
    layers = [k for _ in range(32) for k in (tl.nn.Linear(8, 8, rng=rng), tl.nn.Sigmoid())]
    model, loss = tl.nn.Sequential(*layers), tl.nn.MSELoss()
    optimizer = tl.optim.Adam(model.parameters())
    x, y = rng.normal(size=(10, 8)), rng.normal(size=(10, 8))

    def step() -> None:
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()

    step()
    start = time.perf_counter()
    fast = tl.compile(step, state=(model, optimizer))
    fast()
    seconds = time.perf_counter() - start
    return (
        f"### Trace and source\n\nTarget: ≤ 0.5 s for 2,000 calls.\n\n{len(fast.program.calls)} calls: {seconds:.2f} s"
    )


def run(with_torch: bool) -> str:
    parts = (single, thousand, chain, neural_ode, hamiltonian, lambda: mlp(with_torch), tracing)
    return "\n\n".join(part() for part in parts)
