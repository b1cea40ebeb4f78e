"""SciPy's special functions: their rules are found when one first meets a Value, and are right to second order."""

import subprocess
import sys

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.errors import GradientLostError, OperationError
from tinygrad_lab.testing import check_gradients

special = pytest.importorskip("scipy.special")

ANY, POSITIVE, UNIT = np.array([-1.7, -0.4, 0.3, 1.2]), np.array([0.3, 0.7, 1.6, 2.4]), np.array([0.1, 0.45, 0.8])
ONE = {
    "expit log_expit exprel exp10 exp2 expm1 erf erfc erfcx erfi dawsn ndtr log_ndtr wrightomega": ANY,
    "j0 j1 i0 i1 i0e i1e": ANY,
    "log1p cbrt entr gamma rgamma gammaln loggamma psi y0 y1 k0 k1 exp1 expi spence": POSITIVE,
    "logit erfinv erfcinv ndtri ellipk ellipe": UNIT,
}
TWO = [
    "xlogy",
    "xlog1py",
    "rel_entr",
    "kl_div",
    "huber",
    "pseudo_huber",
    "boxcox",
    "boxcox1p",
    "poch",
    "beta",
    "betaln",
]
OF_ORDER = ["gammainc", "gammaincc", "jv", "yv", "iv", "kv", "ive", "kve"]


@pytest.mark.parametrize(("name", "x"), [(name, x) for names, x in ONE.items() for name in names.split()])
def test_functions_of_one_argument(name, x):
    check_gradients(getattr(special, name), x, order=2)


@pytest.mark.parametrize("name", TWO)
def test_functions_of_two_arguments(name):
    check_gradients(getattr(special, name), POSITIVE, POSITIVE[::-1] + 0.05, order=2)


def test_binomial_coefficients():
    check_gradients(special.binom, POSITIVE + 2, POSITIVE, order=2)


@pytest.mark.parametrize("name", OF_ORDER)
def test_functions_of_an_order(name):
    function = getattr(special, name)
    check_gradients(lambda x: function(1.5, x), POSITIVE, order=2)
    with pytest.raises(
        OperationError, match=f"{name}: has no derivative of closed form with respect to [anv]; pass v.data"
    ):
        tl.grad(lambda order: function(order, 1.5))(2.0)


def test_others():
    check_gradients(lambda x: special.expn(3, x), POSITIVE, order=2)
    check_gradients(lambda x: special.yn(2, x), POSITIVE, order=2)
    check_gradients(lambda q: special.zeta(1.5, q), POSITIVE, order=2)
    check_gradients(lambda p: special.gammaincinv(1.5, p), UNIT, order=2)
    check_gradients(lambda x: special.betainc(1.5, 2.5, x), UNIT, order=2)
    check_gradients(lambda p: special.betaincinv(1.5, 2.5, p), UNIT, order=2)


def test_limits():
    check_gradients(special.boxcox, POSITIVE, np.zeros(4), order=2)
    for function in (special.j1, special.i1, special.i1e):
        assert tl.grad(function)(0.0) == 0.5
    x = np.array([-0.05, -1e-3, 0.0, 1e-9, 0.05])
    slope = tl.vjp(special.exprel, x)[1](np.ones(5))[0]
    terms = [x**k * (k + 1) / special.factorial(k + 2) for k in range(20)]
    np.testing.assert_allclose(slope, np.sum(terms, axis=0), rtol=1e-13)


def test_functions_that_are_no_ufuncs_refuse_aloud():
    for function in (special.logsumexp, special.softmax, lambda v: special.polygamma(1, v)):
        with pytest.raises(GradientLostError, match="would become a plain array"):
            function(tl.Value(POSITIVE))


def test_scipy_is_not_imported_by_this_package():
    code = "import sys, tinygrad_lab; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
