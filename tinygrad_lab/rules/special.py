"""Rules of SciPy's special functions, after the NIST Digital Library of Mathematical Functions (dlmf.nist.gov).

They are ufuncs, so they reach a Value by themselves. This module is imported when one of them meets a Value first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from scipy import special

from tinygrad_lab.core.declare import defvjp, defzero, primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.limits import ratio, side, where_defined
from tinygrad_lab.typing import Array, Function, Rule

_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
_ROOT_TWO_PI = math.sqrt(2 * math.pi)


def _unknown(name: str, argument: str) -> Rule:
    """Return the rule of an argument with respect to which the derivative has no closed form: it is refused."""

    def refused(g: Array, y: Array, *_: Any) -> NoReturn:
        """No closed form: refused."""
        raise OperationError(f"{name}: has no derivative of closed form with respect to {argument}; pass v.data there")

    return refused


def _power(x: Array, a: Array) -> Array:
    """Return the density of the gamma distribution of shape `a` at `x`."""
    return np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a))


def _around(function: Callable[..., Any], v: Array, x: Array) -> Array:
    """Return the mean of a Bessel function of the orders below and above `v`."""
    return (function(v - 1, x) + function(v + 1, x)) / 2


def _minus_j2(x: Array) -> Array:
    return -special.jv(2, x)


def _i2(x: Array) -> Array:
    return special.iv(2, x)


def _i2e(x: Array) -> Array:
    return special.ive(2, x)


def _slope_of_order_one(zeroth: Function, first: Function, second: Function, x: Array) -> Array:
    """Return the derivative of a Bessel function: from its neighbours near 0, where the quotient of the other cancels.

    SciPy does not compute those of order 2 for large arguments.
    """
    near = np.abs(x) < 1
    low, high = np.where(near, x, 0), np.where(near, 1, x)
    return np.where(near, (zeroth(low) + second(low)) / 2, zeroth(high) - first(high) / high)


@primitive(lambda g, y, x: g * (1 - 2 * x), elementwise=True)
def _logistic_slope(p: Array) -> Array:
    """Return p (1 - p), with a rule that makes no product of 0 and infinity at either end."""
    return p * (1 - p)


@primitive(elementwise=True)
def bell(x: Array, power: int = 0) -> Array:
    """Return x^power exp(-x^2), which is 0 at infinity."""
    far = x if np.iscomplexobj(x) else np.clip(x, -150, 150)  # exp(-150^2) is 0 in every dtype
    return far**power * np.exp(-far * far)


def _bell_rule(g: Array, y: Array, x: Array, power: int = 0) -> Array:
    return g * (power * bell(x, power=max(power - 1, 0)) - 2 * bell(x, power=power + 1))


defvjp(bell, _bell_rule)


def _erfcx_slope(x: Array, y: Array) -> Array:
    """Return the derivative 2 x y - 2 / sqrt(pi) of erfcx; for large x, where its terms cancel, their difference."""
    return np.where(x > 10, -_TWO_OVER_ROOT_PI * _tail(x, -1), 2 * np.where(x > 10, 0, x) * y - _TWO_OVER_ROOT_PI)


def _dawsn_slope(x: Array, y: Array) -> Array:
    """Return the derivative 1 - 2 x y of Dawson's integral; for large x, where its terms cancel, their difference."""
    far = np.abs(x) > 10
    return np.where(far, -_tail(x, 1), 1 - 2 * np.where(far, 0, x) * y)


def _tail(x: Array, sign: int) -> Array:
    """Return the asymptotic series t + 3 s t^2 + 15 t^3 + ... in t = 1 / (2 x^2) (DLMF 7.12.1), for large x."""
    t = 0.5 * np.square(1 / np.where(np.abs(x) > 10, x, 10))
    series = np.zeros_like(t)
    for k in reversed(range(1, 24)):
        series = t * (1 + sign * (2 * k + 1) * series)
    return series


def _inverse_mills_ratio(x: Array) -> Array:
    """Return the density of the normal distribution over its distribution function; neither underflows."""
    low, high = np.where(x < 0, x, 0), np.where(x < 0, 0, x)
    below = 2 / _ROOT_TWO_PI / special.erfcx(-low / math.sqrt(2))
    return np.where(x < 0, below, bell(high / math.sqrt(2)) / _ROOT_TWO_PI / special.ndtr(high))


def _rgamma_slope(x: Array, y: Array) -> Array:
    """Return the derivative of 1 / gamma; left of 1/2 by reflection (DLMF 5.5.3), as both factors are finite there."""
    left = np.real(x) < 0.5
    low, high = np.where(left, x, 0), np.where(left, 1, x)
    reflected = np.cos(np.pi * low) - special.psi(1 - low) * np.sin(np.pi * low) / np.pi
    return np.where(left, special.gamma(1 - low) * reflected, -y * special.psi(high))


@primitive(lambda g, y, x: g * y * (1 - 1 / x), elementwise=True)
def _exp_over(x: Array) -> Array:
    """Return exp(x) / x."""
    return np.exp(x) / x


def _exprel_slope(x: Array) -> Array:
    """Return the derivative of (exp(x) - 1) / x; a power series near 0."""
    near = np.abs(x) < 0.05
    far, series = np.where(near, 1, x), np.zeros_like(x)
    for k in reversed(range(9)):
        series = series * np.where(near, x, 0) + (k + 1) / math.factorial(k + 2)
    return np.where(near, series, (np.exp(far) - special.exprel(far)) / far)


@primitive()
def hurwitz(x: Array, s: int) -> Array:
    """Return the Hurwitz zeta function, the sum of (x + k)^-s over k >= 0: up to a factor the polygamma functions."""
    return special.zeta(s, x)


def _beta_density(a: Array, b: Array, x: Array) -> Array:
    return np.exp(special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b))


# fmt: off
# Logistic and logarithmic
defvjp(special.expit,      lambda g, y, x: g * y * (1 - y))
defvjp(special.logit,      lambda g, y, x: g / _logistic_slope(where_defined(x, y)), masked=True)
defvjp(special.log_expit,  lambda g, y, x: g * special.expit(-x))
defvjp(special.exprel,     lambda g, y, x: g * _exprel_slope(x))
defvjp(special.exp10,      lambda g, y, x: g * y * math.log(10))
defvjp(special.exp2,       lambda g, y, x: g * y * math.log(2))
defvjp(special.expm1,      lambda g, y, x: g * np.exp(x))
defvjp(special.log1p,      lambda g, y, x: g / (1 + where_defined(x, y)), masked=True)
defvjp(special.cbrt,       lambda g, y, x: g / y / (3 * y), masked=True)
defvjp(special.xlogy,      lambda g, y, a, b: g * np.log(b),
                           lambda g, y, a, b: g * ratio(a, where_defined(b, y)), masked=True)
defvjp(special.xlog1py,    lambda g, y, a, b: g * np.log1p(b),
                           lambda g, y, a, b: g * ratio(a, 1 + where_defined(b, y)), masked=True)
defvjp(special.entr,       lambda g, y, x: -g * (np.log(x) + 1), masked=True)
defvjp(special.rel_entr,   lambda g, y, a, b: g * (np.log(a / b) + 1),
                           lambda g, y, a, b: -g * a / b, masked=True)
defvjp(special.kl_div,     lambda g, y, a, b: g * np.log(a / b),
                           lambda g, y, a, b: g * (1 - a / b), masked=True)
defvjp(special.huber,      lambda g, y, d, r: g * np.where(np.abs(r) <= d, 0, np.abs(r) - d),
                           lambda g, y, d, r: g * np.clip(r, -d, d))
defvjp(special.pseudo_huber, lambda g, y, d, r: g * (2 * y / d - r * r / (d * np.sqrt(1 + (r / d) ** 2))),
                             lambda g, y, d, r: g * r / np.sqrt(1 + (r / d) ** 2))
defvjp(special.boxcox,     lambda g, y, x, p: g * x ** (p - 1),
                           lambda g, y, x, p: g * np.log(x) ** 2 * _exprel_slope(p * np.log(x)), masked=True)
defvjp(special.boxcox1p,   lambda g, y, x, p: g * (1 + x) ** (p - 1),
                           lambda g, y, x, p: g * np.log1p(x) ** 2 * _exprel_slope(p * np.log1p(x)), masked=True)

# Error functions and the normal distribution
defvjp(special.erf,        lambda g, y, x: g * (_TWO_OVER_ROOT_PI * bell(x)))
defvjp(special.erfc,       lambda g, y, x: g * (-_TWO_OVER_ROOT_PI * bell(x)))
defvjp(special.erfcx,      lambda g, y, x: g * _erfcx_slope(x, y))
defvjp(special.erfi,       lambda g, y, x: g * (_TWO_OVER_ROOT_PI * np.exp(x * x)))
defvjp(special.erfinv,     lambda g, y, x: g * (np.exp(y * y) / _TWO_OVER_ROOT_PI), masked=True)
defvjp(special.erfcinv,    lambda g, y, x: g * (-np.exp(y * y) / _TWO_OVER_ROOT_PI), masked=True)
defvjp(special.dawsn,      lambda g, y, x: g * _dawsn_slope(x, y))
defvjp(special.ndtr,       lambda g, y, x: g * (bell(x / math.sqrt(2)) / _ROOT_TWO_PI))
defvjp(special.log_ndtr,   lambda g, y, x: g * _inverse_mills_ratio(x))
defvjp(special.ndtri,      lambda g, y, x: g * (np.exp(y * y / 2) * _ROOT_TWO_PI), masked=True)

# Gamma, beta, zeta
defvjp(hurwitz,            lambda g, y, x, s: -g * s * hurwitz(x, s=s + 1))
defvjp(special.gamma,      lambda g, y, x: g * y * special.psi(x), masked=True)
defvjp(special.rgamma,     lambda g, y, x: g * _rgamma_slope(x, y))
defvjp(special.gammaln,    lambda g, y, x: g * special.psi(x), masked=True)
defvjp(special.loggamma,   lambda g, y, x: g * special.psi(x), masked=True)
defvjp(special.psi,        lambda g, y, x: g * hurwitz(x, s=2), masked=True)
defzero(special.gammasgn)
defvjp(special.poch,       lambda g, y, x, m: g * y * (special.psi(x + m) - special.psi(x)),
                           lambda g, y, x, m: g * y * special.psi(x + m))
defvjp(special.beta,       lambda g, y, a, b: g * y * (special.psi(a) - special.psi(a + b)),
                           lambda g, y, a, b: g * y * (special.psi(b) - special.psi(a + b)))
defvjp(special.betaln,     lambda g, y, a, b: g * (special.psi(a) - special.psi(a + b)),
                           lambda g, y, a, b: g * (special.psi(b) - special.psi(a + b)))
defvjp(special.binom,      lambda g, y, n, k: g * y * (special.psi(n + 1) - special.psi(n - k + 1)),
                           lambda g, y, n, k: g * y * (special.psi(n - k + 1) - special.psi(k + 1)))
defvjp(special._ufuncs._zeta, _unknown("zeta", "s"),
                           lambda g, y, s, q: -g * s * special.zeta(s + 1, q))
defvjp(special.gammainc,   _unknown("gammainc", "a"),
                           lambda g, y, a, x: g * _power(x, a))
defvjp(special.gammaincc,  _unknown("gammaincc", "a"),
                           lambda g, y, a, x: -g * _power(x, a))
defvjp(special.gammaincinv, _unknown("gammaincinv", "a"),
                           lambda g, y, a, p: g / _power(y, a))
defvjp(special.betainc,    _unknown("betainc", "a"), _unknown("betainc", "b"),
                           lambda g, y, a, b, x: g * _beta_density(a, b, x))
defvjp(special.betaincinv, _unknown("betaincinv", "a"), _unknown("betaincinv", "b"),
                           lambda g, y, a, b, p: g / _beta_density(a, b, y))

# Bessel functions
defvjp(special.j0,         lambda g, y, x: -g * special.j1(x))
defvjp(special.j1,         lambda g, y, x: g * _slope_of_order_one(special.j0, special.j1, _minus_j2, x))
defvjp(special.y0,         lambda g, y, x: -g * special.y1(x), masked=True)
defvjp(special.y1,         lambda g, y, x: g * (special.y0(np.where(x == 0, 1, x)) - y / x), masked=True)
defvjp(special.i0,         lambda g, y, x: g * special.i1(x))
defvjp(special.i1,         lambda g, y, x: g * _slope_of_order_one(special.i0, special.i1, _i2, x))
defvjp(special.i0e,        lambda g, y, x: g * (special.i1e(x) - side(x) * y))
defvjp(special.i1e,        lambda g, y, x: g * (_slope_of_order_one(special.i0e, special.i1e, _i2e, x) - side(x) * y))
defvjp(special.k0,         lambda g, y, x: -g * special.k1(x), masked=True)
defvjp(special.k1,         lambda g, y, x: -g * (special.k0(x) + y / x), masked=True)
defvjp(special.jv,         _unknown("jv", "v"),
                           lambda g, y, v, x: g * (special.jv(v - 1, x) - special.jv(v + 1, x)) / 2)
defvjp(special.yv,         _unknown("yv", "v"),
                           lambda g, y, v, x: g * (special.yv(v - 1, x) - special.yv(v + 1, x)) / 2)
defvjp(special.iv,         _unknown("iv", "v"),
                           lambda g, y, v, x: g * _around(special.iv, v, x))
defvjp(special.kv,         _unknown("kv", "v"),
                           lambda g, y, v, x: -g * _around(special.kv, v, x))
defvjp(special.yn,         _unknown("yn", "n"),
                           lambda g, y, n, x: g * (special.yn(n - 1, x) - special.yn(n + 1, x)) / 2)
defvjp(special.ive,        _unknown("ive", "v"),
                           lambda g, y, v, x: g * (_around(special.ive, v, x) - side(x) * y))
defvjp(special.kve,        _unknown("kve", "v"),
                           lambda g, y, v, x: g * (y - _around(special.kve, v, x)))

# Integrals
defvjp(special.exp1,       lambda g, y, x: g * _exp_over(-where_defined(x, y)), masked=True)
defvjp(special.expi,       lambda g, y, x: g * _exp_over(x), masked=True)
defvjp(special.expn,       _unknown("expn", "n"),
                           lambda g, y, n, x: -g * special.expn(n - 1, x))
defvjp(special.spence,     lambda g, y, x: -g * special.hyp2f1(1, 1, 2, 1 - where_defined(x, y)), masked=True)
defvjp(special.ellipk,     lambda g, y, m: g * (math.pi / 8) * special.hyp2f1(1.5, 1.5, 2, where_defined(m, y)),
                           masked=True)
defvjp(special.ellipe,     lambda g, y, m: g * (-math.pi / 8) * special.hyp2f1(0.5, 1.5, 2, where_defined(m, y)),
                           masked=True)
defvjp(special.hyp2f1,     _unknown("hyp2f1", "a"), _unknown("hyp2f1", "b"), _unknown("hyp2f1", "c"),
                           lambda g, y, a, b, c, z: g * (a * b / c) * special.hyp2f1(a + 1, b + 1, c + 1, z))
defvjp(special.wrightomega, lambda g, y, x: g * y / (1 + y))
# fmt: on
