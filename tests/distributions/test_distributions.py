"""Densities are SciPy's, draws have the moments and gradients they should, divergences are means over draws."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab import distributions as D
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError, GradientLostError

stats = pytest.importorskip("scipy.stats")

A, B = np.array([0.5, 1.5, 3.0]), np.array([2.0, 0.7, 1.0])
COVARIANCE = np.array([[2.0, 0.5], [0.5, 1.0]])
LOGITS = np.array([[0.2, -1.0, 0.5], [0.0, 0.0, 3.0]])

# (how it is made of its parameters, the parameters, SciPy's, where to look)
CASES = {
    "Normal": (D.Normal, (A, B), lambda a, b: stats.norm(a, b), A - B),
    "LogNormal": (D.LogNormal, (A, B), lambda a, b: stats.lognorm(b, scale=np.exp(a)), A + B),
    "Uniform": (D.Uniform, (A, A + B), lambda a, b: stats.uniform(a, b - a), A + B / 3),
    "Laplace": (D.Laplace, (A, B), lambda a, b: stats.laplace(a, b), A - B),
    "Exponential": (D.Exponential, (A,), lambda a: stats.expon(scale=1 / a), B),
    "Gamma": (D.Gamma, (A, B), lambda a, b: stats.gamma(a, scale=1 / b), A + B),
    "Beta": (D.Beta, (A, B), lambda a, b: stats.beta(a, b), A / 4),
    "Poisson": (D.Poisson, (A,), lambda a: stats.poisson(a), np.array([0.0, 2.0, 5.0])),
    "Bernoulli": (D.Bernoulli, (A - 1,), lambda a: stats.bernoulli(1 / (1 + np.exp(-a))), np.array([0.0, 1.0, 1.0])),
}
ELEMENTWISE = pytest.mark.parametrize("name", CASES)


def build(name):
    make, parameters, theirs, x = CASES[name]
    return make(*parameters), theirs(*parameters), x


def check(name, function, *arrays):
    """SciPy's gamma functions and matrix solvers lack the extended precision of the reference."""
    if name in ("Gamma", "Beta", "Dirichlet", "MultivariateNormal"):
        tl.testing.check_gradients(function, *arrays, order=2)
    else:
        check_gradients(function, *arrays)


@ELEMENTWISE
def test_densities_moments_and_entropies_are_those_of_scipy(name):
    mine, theirs, x = build(name)
    log = theirs.logpmf if name in ("Poisson", "Bernoulli") else theirs.logpdf
    np.testing.assert_allclose(mine.log_prob(x), log(x), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(mine.mean, theirs.mean(), rtol=1e-10)
    np.testing.assert_allclose(mine.variance, theirs.var(), rtol=1e-10)
    if hasattr(mine, "entropy"):
        np.testing.assert_allclose(mine.entropy(), theirs.entropy(), rtol=1e-8, atol=1e-12)


@ELEMENTWISE
@pytest.mark.parametrize("rng", [np.random.default_rng, np.random.RandomState])
def test_draws_have_the_moments(name, rng):
    mine, theirs, _ = build(name)
    draws = plain(mine.sample(rng(0), 20_000))
    assert draws.shape == (20_000, 3)
    error = 6 * theirs.std() / np.sqrt(20_000)
    assert np.all(np.abs(draws.mean(0) - theirs.mean()) < error)
    if name != "LogNormal":  # whose heavy tail makes the spread of so few draws say little
        np.testing.assert_allclose(draws.std(0), theirs.std(), rtol=0.2)


@ELEMENTWISE
def test_gradients_of_densities(name):
    make, parameters, _, x = CASES[name]
    continuous = name not in ("Poisson", "Bernoulli")
    if continuous:
        check(name, lambda x, *p: make(*p).log_prob(x), x, *parameters)
    else:
        check(name, lambda *p: make(*p).log_prob(x), *parameters)
    if hasattr(make, "entropy"):
        check(name, lambda *p: make(*p).entropy(), *parameters)


@pytest.mark.parametrize("name", ["Normal", "LogNormal", "Uniform", "Laplace", "Exponential"])
def test_draws_are_smooth_functions_of_the_parameters(name):
    make, parameters, _, _ = CASES[name]
    check_gradients(lambda *p: make(*p).sample(np.random.RandomState(0), 2), *parameters)


def test_draws_without_a_gradient_are_refused_where_one_is_wanted():
    a = tl.Value(A)
    for distribution in (D.Gamma(a, B), D.Beta(a, B), D.Dirichlet(a)):
        with pytest.raises(GradientLostError, match=r"\.sample.*: a draw has no gradient .* by log_prob"):
            distribution.sample(np.random.default_rng(0))
    check_gradients(lambda b: D.Gamma(A, b).sample(np.random.RandomState(0)), B)
    assert not isinstance(D.Categorical(tl.Value(LOGITS)).sample(np.random.default_rng(0)), tl.Value)


def test_vectors():
    x = np.array([[0.3, -1.0], [2.0, 0.0]])
    mine, theirs = D.MultivariateNormal(A[:2], COVARIANCE), stats.multivariate_normal(A[:2], COVARIANCE)
    np.testing.assert_allclose(mine.log_prob(x), theirs.logpdf(x), rtol=1e-12)
    np.testing.assert_allclose(mine.entropy(), theirs.entropy(), rtol=1e-12)
    np.testing.assert_allclose(mine.covariance, COVARIANCE)
    draws = mine.sample(np.random.default_rng(0), 20_000)
    np.testing.assert_allclose(np.cov(draws.T), COVARIANCE, atol=0.1)
    lower = np.linalg.cholesky(COVARIANCE)
    check("MultivariateNormal", lambda m, L: D.MultivariateNormal(m, scale_tril=np.tril(L)).log_prob(x), A[:2], lower)
    shares = np.array([0.2, 0.5, 0.3])
    np.testing.assert_allclose(D.Dirichlet(A).log_prob(shares), stats.dirichlet(A).logpdf(shares))
    np.testing.assert_allclose(D.Dirichlet(A).sample(np.random.default_rng(0), 20_000).mean(0), A / A.sum(), atol=0.02)
    check("Dirichlet", lambda a: D.Dirichlet(a).log_prob(shares), A)


def test_classes():
    d = D.Categorical(LOGITS)
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
    np.testing.assert_allclose(d.log_prob(np.array([[0], [2]])), np.log(p[:, [0, 2]]).T)
    np.testing.assert_allclose(d.entropy(), stats.entropy(p, axis=-1))
    draws = d.sample(np.random.default_rng(0), 20_000)
    np.testing.assert_allclose((draws[..., None] == np.arange(3)).mean(0), p, atol=0.02)
    check_gradients(lambda x: D.Categorical(x).log_prob(np.array([1, 2])), LOGITS)
    with pytest.raises(ArgumentError, match="Categorical: x must be integers from 0 to 2"):
        d.log_prob(np.array([3, 0]))


DIVERGENT = {
    "Normal": (D.Normal, (A, B), (B, A)),
    "LogNormal": (D.LogNormal, (A, B), (B, A)),
    "Laplace": (D.Laplace, (A, B), (B, A)),
    "Exponential": (D.Exponential, (A,), (B,)),
    "Gamma": (D.Gamma, (A + 1, B), (B, A)),
    "Beta": (D.Beta, (A + 1, B + 1), (B, A)),
    "Poisson": (D.Poisson, (A,), (B,)),
    "Bernoulli": (D.Bernoulli, (A,), (-B,)),
    "Categorical": (D.Categorical, (LOGITS,), (LOGITS[::-1],)),
    "MultivariateNormal": (D.MultivariateNormal, (A[:2], COVARIANCE), (B[:2], np.eye(2))),
}


@pytest.mark.parametrize("name", DIVERGENT)
def test_a_divergence_is_the_mean_of_the_difference_of_log_probabilities(name):
    make, mine, theirs = DIVERGENT[name]
    p, q = make(*mine), make(*theirs)
    draws = plain(p.sample(np.random.default_rng(0), 40_000))
    differences = p.log_prob(draws) - q.log_prob(draws)
    error = 6 * differences.std(0) / np.sqrt(40_000)
    assert np.all(np.abs(D.kl(p, q) - differences.mean(0)) < error)
    np.testing.assert_allclose(D.kl(p, p), 0, atol=1e-12)
    if name != "MultivariateNormal":
        n = len(mine)
        check(name, lambda *x: D.kl(make(*x[:n]), make(*x[n:])), *mine, *theirs)


def test_arguments_that_cannot_be_meant_are_refused():
    for make, text in (
        (lambda: D.Normal(0.0, -1.0), "Normal: scale must be positive, got -1"),
        (lambda: D.Uniform(1.0, 1.0), "Uniform: high − low must be positive, got 0"),
        (lambda: D.Categorical(0.5), r"Categorical: logits must be \(\.\.\., classes\), got a single number"),
        (lambda: D.MultivariateNormal(A, COVARIANCE), r"a mean of shape \(3,\) needs matrices .*got \(2, 2\)"),
        (lambda: D.Categorical(), "Categorical: needs either logits or probs, got neither"),
        (lambda: D.Bernoulli(0.0, probs=0.5), "Bernoulli: needs either logits or probs, got both"),
        (lambda: D.Bernoulli(probs=1.5), "Bernoulli: probs has 1.5 to 1.5, which are no probabilities; scores of any"),
        (lambda: D.Categorical(probs=[0.5, -1.0]), "Categorical: probs has -1.0 to 0.5, which are no probabilities"),
        (lambda: D.MultivariateNormal(A), "needs either covariance or scale_tril"),
    ):
        with pytest.raises(ArgumentError, match=text):
            make()
    with pytest.raises(ArgumentTypeError, match=r"kl: there is no formula for Normal and Laplace.*p\.log_prob"):
        D.kl(D.Normal(0, 1), D.Laplace(0, 1))


def test_probabilities_in_place_of_logits():
    p = tl.Value(np.array([0.2, 0.3, 0.5]))
    categorical, bernoulli = D.Categorical(probs=p), D.Bernoulli(probs=p)
    np.testing.assert_allclose(categorical.log_prob(np.array(1)).data, np.log(0.3))
    np.testing.assert_allclose(bernoulli.log_prob(np.array([1, 0, 1])).data, np.log([0.2, 0.7, 0.5]))
    check_gradients(lambda p: D.Categorical(probs=p).log_prob(np.array(1)), p.data)
    check_gradients(lambda p: D.Bernoulli(probs=p).entropy(), p.data)
    certain = D.Bernoulli(probs=np.array([0.0, 1.0]))
    assert np.all(np.isfinite(certain.log_prob(np.array([0.0, 1.0])))), "0 · ∞ is not met"
    np.testing.assert_array_equal(D.Categorical(probs=[0, 1]).sample(np.random.default_rng(0), 5), np.ones(5))


@ELEMENTWISE
def test_a_distribution_of_computed_parameters_compiles(name):
    make, parameters, _, x = CASES[name]

    def figures(x, *parameters):
        d = make(*parameters)
        others = [getattr(d, "entropy", d.mean.sum)(), d.mean, d.variance]
        return np.sum(d.log_prob(x) * A) + sum(np.sum(other * B) for other in others)

    both = tl.value_and_grad(figures, argnums=tuple(range(1, 1 + len(parameters))))
    compiled, eager = tl.compile(both)(x, *parameters), both(x, *parameters)
    np.testing.assert_allclose(compiled[0], eager[0], rtol=1e-13)
    np.testing.assert_allclose(compiled[1], eager[1], rtol=1e-12)


@pytest.mark.parametrize("name", [*CASES, "Dirichlet", "MultivariateNormal", "Categorical"])
def test_draws_compile(name):
    """Each call draws new numbers, those of the function that was compiled."""
    make = {"Dirichlet": lambda: D.Dirichlet(A), "MultivariateNormal": lambda: D.MultivariateNormal(B[:2], COVARIANCE),
            "Categorical": lambda: D.Categorical(LOGITS)}.get(name, lambda: build(name)[0])  # fmt: skip
    rng, other = tl.random.Generator(0), tl.random.Generator(0)
    draw = tl.compile(lambda: make().sample(rng, 4), state=rng)
    found = [draw() for _ in range(2)]
    np.testing.assert_allclose(found, [make().sample(other, 4) for _ in range(2)], rtol=1e-12)
    assert rng.counter == other.counter
    assert not np.array_equal(*found)


def test_categories_and_vectors_compile():
    places = np.array([2, 0])

    def figures(logits, loc, covariance, x):
        d, vector = D.Categorical(logits), D.MultivariateNormal(loc, covariance)
        return np.sum(d.log_prob(x) + d.entropy()) + vector.log_prob(np.ones(2)) + vector.entropy()

    for compiled, eager in zip(
        tl.compile(tl.grad(figures, argnums=(0, 1, 2)))(LOGITS, B[:2], COVARIANCE, places),
        tl.grad(figures, argnums=(0, 1, 2))(LOGITS, B[:2], COVARIANCE, places),
        strict=True,
    ):
        np.testing.assert_allclose(compiled, eager, rtol=1e-12)


def test_the_density_of_counts_has_its_whole_derivative_by_the_counts():
    tl.testing.check_gradients(lambda x: D.Poisson(A).log_prob(x), np.array([0.5, 2.0, 5.0]))


@pytest.mark.parametrize("size", [3, np.int64(3), [3], (3,), np.array([3])])
def test_how_many_to_draw_may_be_said_in_every_spelling(size):
    drawn = tl.distributions.Normal(np.zeros(2), 1.0).sample(np.random.default_rng(0), size)
    assert drawn.shape == (3, 2)
