"""Calls of the Fourier transforms."""

from __future__ import annotations

import functools

import numpy as np

from tests.rules.drawing import call, listed, written
from tinygrad_lab.rules.later import fft

ONE = [
    ((5,), {}),
    ((4,), {}),
    ((1,), {}),
    ((2, 3), {"axis": 0}),
    ((2, 3), {"n": 5}),
    ((2, 6), {"n": 4, "norm": "ortho"}),
    ((4, 2), {"axis": 0, "n": 3, "norm": "forward"}),
    ((2, 4, 2), {"axis": -2, "norm": "backward"}),
]
MANY = [
    ((2, 3), {}),
    ((3, 4), {"s": (2, 5), "axes": (-2, -1)}),
    ((2, 3, 4), {"axes": (0, 2)}),
    ((2, 4), {"axes": (1, 0), "norm": "ortho"}),
    ((2, 3, 4), {"s": (3, -1), "axes": (-1, 1), "norm": "forward"}),
    ((3, 3), {"axes": (0,), "s": (4,)}),
]


def transform(function, calls, real, imaginary):
    """Declare calls on real numbers, on complex ones, or on both."""
    rng = np.random.default_rng(0)
    for shape, kwargs in calls:
        array, other = rng.uniform(-2, 2, (2, *shape))
        arrays = ([array] if real else []) + ([array + 1j * other] if imaginary else [])
        written(function, *((functools.partial(function, **kwargs), x) for x in arrays))


TO_REAL = [pair for pair in ONE if pair[0] != (1,)]
transform(np.fft.fft, ONE, real=True, imaginary=True)
transform(np.fft.ifft, ONE[::2], real=False, imaginary=True)
transform(np.fft.rfft, ONE, real=True, imaginary=False)
transform(np.fft.ihfft, ONE[::2], real=True, imaginary=False)
transform(np.fft.irfft, TO_REAL, real=True, imaginary=True)
transform(np.fft.hfft, TO_REAL[::2], real=False, imaginary=True)
transform(np.fft.fftn, MANY, real=True, imaginary=True)
transform(np.fft.rfftn, MANY, real=True, imaginary=False)
transform(np.fft.irfftn, MANY, real=False, imaginary=True)
for function in (np.fft.fft2, np.fft.ifftn, np.fft.ifft2, np.fft.irfft2):
    transform(function, MANY[1::2], real=False, imaginary=True)
transform(np.fft.rfft2, MANY[1::2], real=True, imaginary=False)
for function in (fft.fft, fft.ifft):
    transform(function, [((3, 4), {"axis": -2, "norm": None})], real=True, imaginary=True)
transform(fft.rfft, [((3, 4), {"axis": -2, "norm": None})], real=True, imaginary=False)
transform(fft.irfft, [((3, 4), {"n": 4, "axis": -2, "norm": None})], real=False, imaginary=True)
for function in (np.fft.fftshift, np.fft.ifftshift):
    listed(function, call((5,)), call((3, 4)), call((3, 4), axes=1), call((2, 3, 5), axes=(0, -1)))
