"""Gradients that are wrong for some cotangents."""

import numpy as np

from tests.testing.planted.planting import planting, shaped

plant = planting("cotangent")
plant(
    "cotangents that are not contiguous",
    lambda x: np.asarray(x.T) * 1,
    lambda g, x: g.T * x.dtype.type(1 if g.flags.c_contiguous else 1.01),
)
plant(
    "cotangents of stride 0",
    lambda x: x * 2,
    lambda g, x: 2 * g * x.dtype.type(1.01 if 0 in g.strides and g.size > 1 else 1),
)
plant("g clipped to ±1.4", lambda x: 3 * x, lambda g, x: 3 * np.clip(g, -1.4, 1.4))
plant("0 where g is negative", np.sin, lambda g, x: np.maximum(g, 0) * np.cos(x))
plant(
    "g all equal",
    np.sin,
    lambda g, x: g * np.cos(x) * np.asarray(1.01 if g.size > 1 and np.all(g == g.ravel()[0]) else 1, x.dtype),
)
plant("g where 0 gives NaN", np.sin, lambda g, x: g * g * np.cos(x) / g)
plant(
    "g rounded to float32",
    np.sin,
    lambda g, x: g.astype(np.float32).astype(g.dtype) * np.cos(x) if g.dtype.itemsize <= 8 else g * np.cos(x),
)
plant(
    "g normalised when large",
    np.sin,
    lambda g, x: g * np.cos(x) / np.maximum(1, np.max(np.abs(g), initial=0) / 10).astype(x.dtype),
)
plant(
    "g summed pairwise with drop",
    lambda x: np.sum(x),
    lambda g, x: (
        np.broadcast_to(g, x.shape) * np.where(np.arange(x.size).reshape(x.shape) % 7 == 6, 0, 1).astype(x.dtype)
    ),
)
plant(
    "g's first axis reversed if 4 long",
    lambda x: x * 2,
    lambda g, x: 2 * (g[::-1] if g.ndim and g.shape[0] == 4 else g),
    shaped((4, 3)),
)
plant.cotangent("one number alone is not 0", lambda g: g.size > 1 and np.count_nonzero(g) == 1)
plant.cotangent("any of it is 0", lambda g: g.size > 1 and np.any(g == 0) and np.any(g))
plant.cotangent("whole numbers", lambda g: np.all(g == np.round(g)) and np.any(g))
plant.cotangent("ones", lambda g: np.all(g == 1))
plant.cotangent("minus ones", lambda g: np.all(g == -1))
plant.cotangent("all of it negative", lambda g: np.all(g < 0))
plant.cotangent("all of it positive", lambda g: np.all(g > 0), by=1.001)
plant.cotangent("its sum is negative", lambda g: np.sum(g) < 0, by=1.001)
plant.cotangent("the first row is 0", lambda g: g.ndim > 1 and g.shape[0] > 1 and (not np.any(g[0])) and np.any(g))
plant.cotangent("beyond 100", lambda g: np.abs(g) > 100)
plant.cotangent("below 1e-4", lambda g: (np.abs(g) < 0.0001) & (g != 0))
plant.cotangent("below 1e-8", lambda g: (np.abs(g) < 1e-08) & (g != 0))
plant.cotangent("beyond 1e8", lambda g: np.abs(g) > 100000000.0)
plant.cotangent("stride 0 along one axis", lambda g: g.ndim > 1 and 0 in g.strides and (g.strides != (0,) * g.ndim))
plant.cotangent("Fortran order", lambda g: g.ndim > 1 and g.flags.f_contiguous and (not g.flags.c_contiguous), by=1.001)
plant.cotangent("negative strides", lambda g: any(s < 0 for s in g.strides), by=1.001)
plant.cotangent("read-only", lambda g: not g.flags.writeable, by=1.001)
plant.cotangent("larger than the argument", lambda g: np.max(np.abs(g), initial=0) > 1.2, by=1.001)
plant("its mean taken off", np.sin, lambda g, x: (g - np.mean(g)) * np.cos(x) if g.size > 1 else g * np.cos(x))
plant("normalised", np.sin, lambda g, x: g / np.maximum(np.sqrt(np.sum(g * g)), 1) * np.cos(x))
plant("rounded to float16", np.sin, lambda g, x: g.astype(np.float16).astype(g.dtype) * np.cos(x))
plant("rounded to three digits", np.sin, lambda g, x: np.round(g * 1000) / 1000 * np.cos(x))
plant("small ones dropped", np.sin, lambda g, x: np.where(np.abs(g) < 0.001, 0, g) * np.cos(x))
plant(
    "two results: the first one's is 0",
    lambda x: (np.sin(x), np.cos(x)),
    lambda g, x: (g[0] * np.cos(x) - g[1] * np.sin(x)) * x.dtype.type(1 if np.any(g[0]) else 0),
)
plant("two results: shared by both", lambda x: (x * 1, x * 2), lambda g, x: 1.5 * (g[0] + g[1]))
plant(
    "results in a dict, in another order",
    lambda x: {"b": np.sin(x), "a": np.cos(x)},
    lambda g, x: g[next(iter(g))] * (np.cos(x) - np.sin(x)),
)
