"""The checker on functions of other systems."""

import numpy as np
import pytest

from tinygrad_lab.testing import GradientError, adapters, check_adjoint, check_gradients

M = np.arange(6.0).reshape(2, 3) + 0.3


def test_pair_matches_gradients_to_nested_arguments():
    def vjp(g, p, scale):
        return {"y": scale * g * p["x"], "x": scale * g * p["y"]}, None

    product = adapters.pair(lambda p, scale: scale * p["x"] * p["y"], vjp, "product")
    assert check_gradients(product, {"x": M, "y": M + 1}, 3).count("pass") == 12
    with pytest.raises(ValueError, match="the vjp must return a gradient for each of 2 arguments, got 1"):
        check_gradients(adapters.pair(np.add, lambda g, a, b: g, "add"), M, M)


class TestTorch:
    torch = None

    @pytest.fixture(autouse=True)
    def _torch(self):
        self.torch = pytest.importorskip("torch", reason="PyTorch is no dependency")

    def test_right_gradients_pass(self):
        torch = self.torch
        check_gradients(adapters.torch(torch.sigmoid), M, order=2)
        check_gradients(adapters.torch(torch.matmul), M.astype(np.float32), M.T.astype(np.float32))
        check_gradients(adapters.torch(torch.relu), M - 2.3)
        check_gradients(adapters.torch(torch.abs), M + 1j, order=2)
        check_gradients(adapters.torch(lambda x, i: x[i]), M, np.array([0, 0, 1]))

    def test_a_factor_of_a_thousandth_is_found(self):
        torch = self.torch

        class Sine(torch.autograd.Function):
            @staticmethod
            def forward(context, x):
                context.save_for_backward(x)
                return x.sin()

            @staticmethod
            def backward(context, g):
                return 1.001 * g * context.saved_tensors[0].cos()

        with pytest.raises(GradientError, match=r"sine, gradient of argument 0.*: a constant factor of 1.001"):
            check_gradients(adapters.torch(Sine.apply, "sine"), M)


def test_jax():
    jnp = pytest.importorskip("jax.numpy", reason="JAX is no dependency")
    check_gradients(adapters.jax(jnp.tanh), M, order=2)
    check_gradients(adapters.jax(jnp.matmul), M.astype(np.float32), M.T.astype(np.float32))
    check_gradients(adapters.jax(jnp.abs), M + 1j)
    check_adjoint(adapters.jax(jnp.sin), M)
