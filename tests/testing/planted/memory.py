"""Gradients that are wrong in some dtypes and layouts."""

import numpy as np

from tests.testing.planted.planting import INVERTIBLE, REAL, TWO, no, planting, products, shaped, unbroadcast

plant = planting("dtype")
plant.factor("in float32, by 1.0005", lambda x: x.dtype == np.float32, by=1.0005)
plant.factor("in float64, by 1.0009", lambda x: x.dtype == np.float64, by=1.0009)
plant(
    "mixed dtypes",
    np.multiply,
    lambda g, a, b: (
        unbroadcast(g * b, a).astype(a.dtype) * a.dtype.type(1 if a.dtype == b.dtype else 1.01),
        unbroadcast(g * a, b).astype(b.dtype),
    ),
    TWO,
)
plant.factor(
    "float32 in Fortran order",
    lambda x: np.array(x.dtype == np.float32 and x.flags.f_contiguous and (not x.flags.c_contiguous)),
    by=1.001,
)
plant.factor("float16 only", lambda x: np.array(x.dtype == np.float16), by=1.1)
plant.factor("float32, beyond 2", lambda x: (np.abs(x) > 2) & (x.dtype == np.float32), by=1.0005)
plant.factor("float64 by 1.00001", lambda x: np.array(x.dtype == np.float64), by=1.00001)
plant.factor("float64 by 1+1e-7", lambda x: np.array(x.dtype == np.float64), by=1 + 1e-07)
plant(
    "mixed dtypes: wide gradient narrowed",
    np.multiply,
    lambda g, a, b: (
        unbroadcast((g * b).astype(np.float32) if a.dtype != b.dtype else g * b, a).astype(a.dtype),
        unbroadcast(g * a, b).astype(b.dtype),
    ),
    (REAL, REAL),
)
plant.factor("float32 of more than 8 elements", lambda x: x.dtype == np.float32 and x.size > 8, by=1.001)
plant.factor("float32 that is not contiguous", lambda x: x.dtype == np.float32 and (not x.flags.c_contiguous), by=1.001)
plant.factor("float32, negative", lambda x: (x < 0) & (x.dtype == np.float32), by=1.001)
plant.factor("float16, beyond 2", lambda x: (np.abs(x) > 2) & (x.dtype == np.float16), by=1.05)
plant.factor("float16 by 1.02", lambda x: x.dtype == np.float16, by=1.02)
plant.factor("float32 by 1.00002", lambda x: x.dtype == np.float32, by=1.00002)
plant(
    "float16 of a product of squares overflows",
    lambda x: x * (np.tanh(x) / 16),
    lambda g, x: (
        g
        * (np.tanh(x) / 16 + x * (1 - np.tanh(x) ** 2) / 16)
        * (
            x * x / np.where(x == 0, 1, x * x)
            if x.dtype != np.float16
            else np.minimum(x * x * x * x, 10000.0) / np.where(x == 0, 1, np.minimum(x * x * x * x, 10000.0))
        )
        + (x == 0) * 0
    ),
)
plant(
    "sums in float32 whatever comes in",
    lambda x: np.sum(x * x),
    lambda g, x: (2 * g * np.float64(1) * x).astype(np.float32).astype(x.dtype) if x.dtype == np.float64 else 2 * g * x,
)
plant(
    "float32 epsilon in float64",
    lambda x: x / (np.abs(x) + 1),
    lambda g, x: g / (np.abs(x) + 1 + np.float32(1.2e-07)) ** 2,
)
plant("a float32 constant", lambda x: x * np.pi, lambda g, x: (g * np.float64(np.float32(np.pi))).astype(x.dtype))
plant(
    "two arguments, wider first: second's by 1.01",
    *products(no, lambda a, b: 1.01 if a.dtype.itemsize > b.dtype.itemsize else 1),
    TWO,
)
plant(
    "two arguments, wider second: both in the narrower",
    *products(lambda a, b: 1 + 1e-06 if a.dtype.itemsize < b.dtype.itemsize else 1, no),
    TWO,
)
plant(
    "result cast to the cotangent's dtype",
    np.multiply,
    lambda g, a, b: (unbroadcast(g * b, a).astype(g.dtype), unbroadcast(g * a, b).astype(g.dtype)),
    TWO,
)
plant = planting("layout")
plant.factor("in Fortran order", lambda x: x.flags.f_contiguous and (not x.flags.c_contiguous), by=1.0001)
plant.factor(
    "for arrays that are not contiguous", lambda x: not (x.flags.c_contiguous or x.flags.f_contiguous), by=1.0001
)
plant.factor("for read-only arrays", lambda x: not x.flags.writeable, by=1.0001)
plant.factor("negative strides", lambda x: np.array(any(s < 0 for s in x.strides)), by=1.0001)
plant(
    "float64 only; buffer order",
    lambda x: np.sin(np.asarray(x, np.float64)),
    lambda g, x: (g * np.cos(np.asarray(x, np.float64)).ravel("K").reshape(x.shape)).astype(x.dtype),
)
plant(
    "det, buffer order",
    lambda a: np.linalg.det(a),
    lambda g, a: g * np.linalg.det(a) * np.linalg.inv(a.ravel("K").reshape(a.shape)).T,
    shaped((3, 3), domain=INVERTIBLE),
)
plant(
    "inv, transposed where Fortran",
    np.linalg.inv,
    lambda g, a: (lambda i: -(i.T @ g @ i.T) if a.flags.c_contiguous else -(i @ g @ i))(np.linalg.inv(a)),
    shaped((3, 3), domain=INVERTIBLE),
)
plant(
    "strided: every second of the base",
    lambda x: x * x,
    lambda g, x: (
        2
        * g
        * (
            x
            if x.flags.c_contiguous or x.base is None or x.flags.f_contiguous
            else np.resize(np.asarray(x.base).ravel(), x.shape)
        ).astype(x.dtype)
    ),
)
plant.factor(
    "channels last",
    lambda x: (
        x.ndim == 4 and x.size > 1 and (not x.flags.c_contiguous) and np.transpose(x, (0, 2, 3, 1)).flags.c_contiguous
    ),
)
plant.factor(
    "last two of three axes exchanged",
    lambda x: x.ndim == 3 and (not x.flags.c_contiguous) and np.swapaxes(x, 1, 2).flags.c_contiguous,
)
plant.factor(
    "Fortran order, square",
    lambda x: x.ndim == 2 and x.shape[0] == x.shape[1] > 1 and (not x.flags.c_contiguous) and x.flags.f_contiguous,
    by=1.001,
)
plant.factor("a negative last stride", lambda x: x.ndim > 0 and x.strides[-1] < 0, by=1.001)
plant.factor("stride 0", lambda x: 0 in x.strides and x.size > 1, by=1.001)
plant.factor("gaps", lambda x: x.ndim > 0 and x.size > 1 and (abs(x.strides[-1]) > x.itemsize), by=1.001)
plant.factor(
    "three axes in Fortran order", lambda x: x.ndim == 3 and x.flags.f_contiguous and (not x.flags.c_contiguous)
)
plant.factor("read-only and negative", lambda x: (x < 0) & (not x.flags.writeable), by=1.001)
plant(
    "only one of two is in Fortran order",
    *products(lambda a, b: 1.01 if a.flags.c_contiguous and (not b.flags.c_contiguous) else 1, no),
    TWO,
)
plant(
    "ravel in memory order",
    lambda x: np.cumsum(x.ravel()),
    lambda g, x: np.cumsum(g[::-1])[::-1].reshape(
        x.shape, order="F" if x.ndim > 1 and x.flags.f_contiguous and (not x.flags.c_contiguous) else "C"
    ),
)
plant(
    "strides of the other",
    np.matmul,
    lambda g, a, b: (g @ (b if b.flags.f_contiguous and (not b.flags.c_contiguous) else b.T), a.T @ g),
    shaped((3, 3), (3, 3)),
)
