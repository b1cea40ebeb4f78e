"""Gradients that are wrong for some numbers."""

import numpy as np

from tests.testing.planted.planting import planting

plant = planting("threshold")
plant.factor("for x > 50 only", lambda x: x > 50, by=0)
plant.factor("for x < -50 only", lambda x: x < -50, by=-1)
plant.factor("for |x| < 1e-3 only", lambda x: (np.abs(x) < 0.001) & (x != 0))
plant.factor("for negative numbers only", lambda x: x < 0, by=-1)
plant.factor("at 0 only", lambda x: x == 0, by=2)
plant.factor("for integers only", lambda x: (x == np.round(x)) & (x != 0), by=1.001)
plant.factor("where all are equal", lambda x: x.size > 1 and np.all(x == x.ravel()[:1]), by=2)
plant.factor("where all are 0", lambda x: x.size > 1 and (not np.any(x)), by=2)
plant.factor("where any is 0", lambda x: np.any(x == 0))
plant.factor("beyond 1e3", lambda x: np.abs(x) > 1000.0)
plant.factor("beyond 1e5", lambda x: np.abs(x) > 100000.0)
plant.factor("below 1e-6", lambda x: (np.abs(x) < 1e-06) & (x != 0))
plant.factor("below 1e-10", lambda x: (np.abs(x) < 1e-10) & (x != 0))
plant.factor("at exactly 1", lambda x: x == 1, by=1.001)
plant.factor("at exactly -1", lambda x: x == -1, by=1.001)
plant.factor("at exactly 0.5", lambda x: x == 0.5, by=1.001)
plant.factor("sorted ascending", lambda x: np.array(x.size > 1 and bool(np.all(np.diff(x.ravel()) > 0))))
plant.factor("all negative", lambda x: np.array(x.size > 1 and bool(np.all(x < 0))))
plant.factor("mixed signs only", lambda x: np.array(x.size > 1 and bool(np.any(x < 0) and np.any(x > 0))), by=1.001)
plant.factor("whole numbers only", lambda x: np.array(x.size > 0 and bool(np.all(x == np.round(x)))), by=1.001)
plant.factor("where the sum is negative", lambda x: np.sum(x) < 0, by=1.001)
plant.factor("where the first element is the largest", lambda x: x.size > 1 and x.ravel()[0] == np.max(x), by=1.001)
plant.factor("where any is beyond 30, all", lambda x: np.any(np.abs(x) > 30), by=1.001)
plant.factor("between 0 and 1", lambda x: (x > 0) & (x < 1), by=1.001)
plant.factor("at exactly 2", lambda x: x == 2, by=1.01)
plant.factor("at whole numbers beyond 3", lambda x: (x == np.round(x)) & (np.abs(x) > 3), by=1.01)
plant.factor("where the mean is 0", lambda x: x.size > 1 and np.sum(x) == 0, by=2)
plant.factor("where signs alternate", lambda x: x.size > 2 and np.all(x.ravel()[1:] * x.ravel()[:-1] < 0), by=1.01)
plant.factor("beyond 88, where float32's exp overflows", lambda x: x > 88, by=0)
plant.factor("where the slope is negative", lambda x: np.cos(x) < 0, by=1.001)
plant.factor("where the value is beyond 0.99", lambda x: np.abs(np.sin(x)) > 0.99, by=0)
plant.factor("where all are within 1", lambda x: x.size > 0 and np.all(np.abs(x) < 1), by=1.001)
plant.factor("where all are beyond 1", lambda x: x.size > 1 and np.all(np.abs(x) > 1), by=1.001)
plant.factor("where exactly one is negative", lambda x: x.size > 1 and np.sum(x < 0) == 1, by=1.01)
plant.factor(
    "where the largest is at least 1000 times the smallest",
    lambda x: x.size > 1 and np.max(np.abs(x)) > 1000 * np.min(np.abs(x)),
    by=1.01,
)
plant.factor(
    "the largest element alone", lambda x: (np.abs(x) == np.max(np.abs(x), initial=0)) & (x.size > 1), by=1.001
)
plant.factor("negative zero", lambda x: (x == 0) & np.signbit(x), by=2)
plant.factor("values that float16 has", lambda x: x == x.astype(np.float16), by=1.001)
plant.factor("values that float32 has not", lambda x: x != x.astype(np.float32), by=1.001)
plant.factor("sizes below 1e-4 but not 0", lambda x: (np.abs(x) < 0.0001) & (x != 0), by=1.01)
