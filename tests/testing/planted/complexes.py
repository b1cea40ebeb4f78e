"""Wrong gradients of complex functions."""

import numpy as np

from tests.testing.planted.planting import MODEST, NONZERO, planting, shaped
from tinygrad_lab.testing.extra import st

Z = {"dtype": st.sampled_from([np.dtype(np.complex128), np.dtype(np.complex64)])}
plant = planting("complex")
plant(
    "product of another convention",
    np.multiply,
    lambda g, a, b: (g * np.conj(b), g * np.conj(a)),
    shaped((3,), (3,), **Z),
)
plant("|z|, conjugate", np.abs, lambda g, z: g * z / np.abs(z), shaped((3,), domain=NONZERO, **Z))
plant("real part's gradient of both", np.real, lambda g, z: g * (1 + 1j), shaped((3,), **Z))
plant("imaginary part, sign", np.imag, lambda g, z: 1j * g, shaped((3,), **Z))
plant("conj, not conjugated", np.conj, lambda g, z: g * 1, shaped((3,), **Z))
plant("|z|² as if real", lambda z: (z * np.conj(z)).real, lambda g, z: 2 * g * z, shaped((3,), **Z))
plant(
    "exp of i x for real x, imaginary part lost",
    lambda x: np.exp(1j * x),
    lambda g, x: np.real(g) * -np.sin(x),
    shaped((3,), domain=MODEST),
)
plant("Fourier transform, normalised", np.fft.fft, lambda g, z: np.fft.fft(g) / len(z), shaped((4,), **Z))
plant(
    "Hermitian product, not conjugated",
    lambda a, b: np.vdot(a, b),
    lambda g, a, b: (g * b, g * np.conj(a)),
    shaped((3,), (3,), **Z),
)
plant(
    "complex where the imaginary part is negative",
    np.square,
    lambda g, z: 2 * g * z * np.where(z.imag < 0, 1.01, 1).astype(z.real.dtype),
    shaped((3,), **Z),
)
plant(
    "complex64 by 1.0005",
    np.square,
    lambda g, z: (2 * g * z * (1.0005 if z.dtype == np.complex64 else 1)).astype(z.dtype),
    shaped((3,), **Z),
)
plant(
    "angle without the square",
    np.angle,
    lambda g, z: g * np.conj(-1j * z) / np.abs(z),
    shaped((3,), domain=NONZERO, **Z),
)
