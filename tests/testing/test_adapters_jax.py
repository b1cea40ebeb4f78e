"""The checker on functions of JAX; skipped where it is not installed."""

from typing import NamedTuple

import numpy as np
import pytest

from tinygrad_lab.testing import GradientError, adapters, check_adjoint, check_gradients, gradient_test

jax = pytest.importorskip("jax", reason="JAX is no dependency")
jnp = pytest.importorskip("jax.numpy", reason="JAX is no dependency")

M = np.arange(6.0).reshape(2, 3) + 0.3


def sine(factor=1.0):
    """Return sin with a `custom_vjp` whose gradient is off by a factor."""

    @jax.custom_vjp
    def sine(x):
        return jnp.sin(x)

    sine.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (factor * g * jnp.cos(x),))
    return sine


def cosine(factor=1.0):
    """Return cos with a `custom_jvp` whose derivative is off by a factor."""

    @jax.custom_jvp
    def cosine(x):
        return jnp.cos(x)

    cosine.defjvps(lambda t, y, x: -factor * t * jnp.sin(x))
    return cosine


def test_right_gradients_pass():
    check_gradients(adapters.jax(jnp.tanh), M, order=2)
    check_gradients(adapters.jax(jnp.matmul), M.astype(np.float32), M.T.astype(np.float32))
    check_gradients(adapters.jax(jnp.abs), M + 1j)
    check_adjoint(adapters.jax(jnp.sin), M)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("jit", [False, True])
def test_custom_vjp(order, jit):
    function = jax.jit(sine()) if jit else sine()
    report = check_gradients(adapters.jax(function), M, order=order)
    assert report.ok
    assert report.notes[0].startswith("forward mode: TypeError: can't apply forward-mode")
    with pytest.raises(GradientError, match=r"a constant factor of 1\.001"):
        check_gradients(adapters.jax(sine(1.001)), M)


@pytest.mark.parametrize("jit", [False, True])
def test_custom_jvp(jit):
    function = jax.jit(cosine()) if jit else cosine()
    report = check_gradients(adapters.jax(function), M, order=2)
    assert report.ok
    assert not report.notes
    with pytest.raises(GradientError, match=r"a constant factor of 1\.001"):
        check_gradients(adapters.jax(cosine(1.001)), M)


def test_a_batched_gradient_is_the_same():
    @jax.custom_vjp
    def sine(x):
        return jnp.sin(x)

    def backward(x, g):
        batched = type(g).__name__ == "BatchTracer"
        return ((2 if batched else 1) * g * jnp.cos(x),)

    sine.defvjp(lambda x: (jnp.sin(x), x), backward)
    with pytest.raises(GradientError, match=r"another under `jax\.vmap`"):
        check_gradients(adapters.jax(sine), M)


class Line(NamedTuple):
    slope: object
    shift: object


@jax.tree_util.register_pytree_node_class
class Layer:
    def __init__(self, weight, kind="plain"):
        self.weight, self.kind = weight, kind

    def tree_flatten(self):
        return (self.weight,), self.kind

    @classmethod
    def tree_unflatten(cls, kind, children):
        return cls(*children, kind)


def test_pytrees():
    def model(layer, line, parts):
        assert isinstance(layer, Layer)
        assert isinstance(line, Line)
        return {"y": jnp.sin(layer.weight) * line.slope + line.shift, "z": parts["a"][0] ** 2, "n": 3}

    arguments = Layer(jnp.ones(3)), Line(np.arange(3.0), jnp.array(0.5)), {"a": [M], "none": None}
    assert check_gradients(adapters.jax(model), *arguments).count("pass") == 3 + 4 + 6
    with pytest.raises(GradientError, match="model, gradient of argument 0"):
        check_gradients(adapters.jax(lambda layer: sine(1.01)(layer.weight), "model"), arguments[0])


def test_bfloat16():
    x = jnp.array([0.3, -1.5, 2.0], jnp.bfloat16)
    assert check_gradients(adapters.jax(lambda x: x * jnp.tanh(x)), x).count("pass") == 3
    with pytest.raises(GradientError, match="a constant factor of 2"):
        check_gradients(adapters.jax(sine(2.0)), x)


def test_keys_and_integers_are_left_alone():
    def noisy(x, key, n):
        return (x + jax.random.normal(key, x.shape)) ** n

    assert check_gradients(adapters.jax(noisy), M, jax.random.key(0), 3).count("pass") == 6


def test_drawn_arguments():
    gradient_test(adapters.jax(jax.jit(lambda x, y: jnp.sin(x) * y), "product"))()
