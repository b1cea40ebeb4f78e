"""Ten short NumPy programs, written as their authors would without this package; each runs on Values as it stands.

Values are compared with a plain run, gradients with differences.
"""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.testing import check_gradients

RNG = np.random.default_rng(11)


def kalman_step(x, P, F, H, Q, R, z):
    """Predict and update (R. Kalman 1960)."""
    x, P = F @ x, F @ P @ F.T + Q
    S = H @ P @ H.T + R
    K = np.linalg.solve(S.T, (P @ H.T).T).T
    return x + K @ (z - H @ x), (np.eye(len(x)) - K @ H) @ P


def gp_log_likelihood(theta, X, y):
    """Log marginal likelihood of a Gaussian process with a squared exponential kernel."""
    length, signal, noise = np.exp(theta)
    square = ((X[:, None, :] - X[None, :, :]) ** 2).sum(-1)
    K = signal**2 * np.exp(-0.5 * square / length**2) + noise**2 * np.identity(len(X))
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return -0.5 * y.dot(alpha) - np.log(np.diag(L)).sum() - len(X) / 2 * np.log(2 * np.pi)


def softmax_regression(W, b, X, labels, decay=1e-2):
    """Mean negative log likelihood."""
    scores = X @ W + b
    scores -= scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(labels)), labels].mean() + 0.5 * decay * np.sum(W * W)


def natural_spline(x, y, t):
    """Interpolate by a cubic spline whose second derivative vanishes at the ends."""
    h = np.diff(x)
    n = len(x)
    A = np.diag(np.concatenate(([1.0], 2 * (h[:-1] + h[1:]), [1.0])))
    A = A + np.diag(np.append(h[:-1], 0.0), -1) + np.diag(np.insert(h[1:], 0, 0.0), 1)
    slope = np.diff(y) / h
    m = np.linalg.solve(A, np.pad(6 * np.diff(slope), 1))
    i = np.clip(np.searchsorted(x, t) - 1, 0, n - 2)
    u, v = t - x[i], x[i + 1] - t
    curve = (m[i] * v**3 + m[i + 1] * u**3) / (6 * h[i])
    return curve + (y[i] / h[i] - m[i] * h[i] / 6) * v + (y[i + 1] / h[i] - m[i + 1] * h[i] / 6) * u


def pca_reconstruction_error(X, k=2):
    """What the first k principal components leave over."""
    centred = X - np.mean(X, axis=0)
    U, s, Vt = np.linalg.svd(centred, full_matrices=False)
    low_rank = (U[:, :k] * s[:k]) @ Vt[:k]
    return np.linalg.norm(centred - low_rank) ** 2 / np.linalg.norm(centred) ** 2


def low_pass(signal, cutoff, rate=20.0):
    """Leave out what is faster than the cutoff, softly."""
    spectrum = np.fft.rfft(signal)
    frequencies = np.fft.rfftfreq(signal.size, d=1 / rate)
    return np.fft.irfft(spectrum / (1 + (frequencies / cutoff) ** 4), n=signal.size)


def runge_kutta_step(state, parameters, dt=0.1):
    """One step of the Lotka-Volterra equations."""

    def rate(s):
        prey, predators = s
        a, b, c, d = parameters
        return np.stack([a * prey - b * prey * predators, c * prey * predators - d * predators])

    k1 = rate(state)
    k2 = rate(state + dt / 2 * k1)
    k3 = rate(state + dt / 2 * k2)
    k4 = rate(state + dt * k3)
    return state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def soft_dtw(a, b, gamma=0.5):
    """Row after row of the soft minimum over alignments (M. Cuturi and M. Blondel 2017)."""
    cost = np.square(np.subtract.outer(a, b))
    row = np.cumsum(cost[0])
    for i in range(1, len(a)):
        new = [row[0] + cost[i, 0]]
        for j in range(1, len(b)):
            reach = np.stack([row[j - 1], row[j], new[-1]])
            low = np.min(reach)
            new.append(cost[i, j] + low - gamma * np.log(np.sum(np.exp(-(reach - low) / gamma))))
        row = np.stack(new)
    return row[-1]


def rosenbrock(x):
    """H. Rosenbrock's valley."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def fft_convolve(a, v):
    """Convolve by the product of transforms."""
    n = a.shape[-1] + v.shape[-1] - 1
    size = 1 << (n - 1).bit_length()
    return np.real(np.fft.ifft(np.fft.fft(a, size) * np.fft.fft(v, size)))[..., :n]


TIMES = np.array([0.0, 0.4, 1.0, 1.7, 2.5])
PROGRAMS = {
    kalman_step: (
        RNG.normal(size=3), np.eye(3) * 2, np.eye(3) + 0.1 * np.eye(3, k=1), RNG.normal(size=(2, 3)), 0.1 * np.eye(3),
        np.diag([0.5, 0.8]), RNG.normal(size=2),
    ),
    gp_log_likelihood: (np.array([0.2, -0.1, -1.0]), RNG.normal(size=(6, 2)), RNG.normal(size=6)),
    softmax_regression: (RNG.normal(size=(3, 4)), RNG.normal(size=4), RNG.normal(size=(5, 3)),
                         np.array([0, 3, 1, 1, 2])),
    natural_spline: (TIMES, np.sin(TIMES), np.array([0.2, 0.9, 1.3, 2.4])),
    pca_reconstruction_error: (RNG.normal(size=(7, 4)),),
    low_pass: (RNG.normal(size=16), np.array(3.0)),
    runge_kutta_step: (np.array([1.5, 0.7]), np.array([1.0, 0.6, 0.3, 0.8])),
    soft_dtw: (RNG.normal(size=4), RNG.normal(size=5)),
    rosenbrock: (np.array([-1.2, 1.0, 0.7, 0.3]),),
    fft_convolve: (RNG.normal(size=(2, 6)), RNG.normal(size=4)),
}  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_program_runs_unchanged_and_has_right_gradients(program):
    arguments = PROGRAMS[program]
    values = [tl.Value(x) if x.dtype.kind == "f" else x for x in arguments]
    expected = tree.flatten(program(*arguments))[0]
    for mine, theirs in zip(tree.flatten(program(*values))[0], expected, strict=True):
        assert isinstance(mine, tl.Value)
        np.testing.assert_allclose(plain(mine), theirs, rtol=1e-10, atol=1e-12)
    check_gradients(program, *arguments, order=2)
