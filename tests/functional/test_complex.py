"""Of complex numbers each function has the gradient that differences show, or says that it takes real ones."""

import warnings

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import functional
from tinygrad_lab.errors import OperationError

RNG = np.random.default_rng(0)
Z, W = RNG.normal(size=(2, 2, 4)) + 1j * RNG.normal(size=(2, 2, 4))
STEP = 1e-6


def total(function, z, *others):
    y = function(z, *others)
    weights = np.random.default_rng(1).uniform(0.5, 1.5, (2, *np.shape(y)))
    return np.sum(np.real(y) * weights[0] + np.imag(y) * weights[1])


def by_differences(function, z, *others):
    gradient = np.zeros_like(z)
    for index in np.ndindex(z.shape):
        for direction, factor in ((1, 1), (1j, -1j)):
            step = np.zeros_like(z)
            step[index] = STEP * direction
            rise = total(function, z + step, *others) - total(function, z - step, *others)
            gradient[index] += factor * rise / (2 * STEP)
    return gradient


def takes(function, *arrays):
    """Whether a function takes so many arrays, and returns one."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return isinstance(function(*(np.real(x) for x in arrays)), np.ndarray | np.generic)
        except (TypeError, ValueError):
            return False


ALL = {name: getattr(functional, name) for name in functional.__all__}
CALLS = [(name, more) for name, function in ALL.items() for more in ((), (W,)) if takes(function, Z, *more)]


@pytest.mark.parametrize(("name", "others"), CALLS, ids=[f"{name}-{len(more) + 1}" for name, more in CALLS])
def test_the_gradient_is_right_or_refused(name, others):
    function = ALL[name]
    try:
        gradient = tl.grad(lambda z: total(function, z, *others))(Z)
    except (OperationError, TypeError) as error:
        assert "real" in str(error) or not isinstance(error, OperationError)  # noqa: PT017
        return
    np.testing.assert_allclose(gradient, by_differences(function, Z, *others), rtol=1e-5, atol=1e-6)


def test_what_takes_real_numbers_says_so():
    losses = (lambda z: functional.l1_loss(z, Z), lambda z: functional.l1_loss(np.real(Z), z))
    for call in (functional.relu, functional.gelu, functional.hardtanh, *losses):
        for z in (Z, tl.Value(Z)):
            with pytest.raises(OperationError, match=r"takes real numbers, got dtype complex128; pass np\.real"):
                call(z)
