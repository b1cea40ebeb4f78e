"""Functions whose derivative is zero wherever it exists, or that tell about an array: they return plain arrays."""

from __future__ import annotations

import numpy as np

from tinygrad_lab.core.declare import defzero

# fmt: off
defzero(np.floor, np.ceil, np.rint, np.trunc, np.fix, np.round, np.around, np.floor_divide, np.sign, np.heaviside)
defzero(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.signbit,
        np.isnan, np.isinf, np.isfinite, np.isposinf, np.isneginf, np.iscomplex, np.isreal, np.isclose, np.allclose,
        np.array_equal, np.array_equiv, np.logical_and, np.logical_or, np.logical_xor, np.logical_not, np.any, np.all)
defzero(np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition, np.lexsort, np.searchsorted,
        np.digitize, np.nonzero, np.flatnonzero, np.argwhere, np.count_nonzero)
defzero(np.shape, np.ndim, np.size, np.result_type, np.iscomplexobj, np.isrealobj, np.may_share_memory,
        np.shares_memory, np.zeros_like, np.ones_like, np.empty_like,
        np.linalg.matrix_rank, np.spacing, np.isin, np.array_repr, np.array_str, np.array2string, np.can_cast,
        np.common_type, np.min_scalar_type, np.einsum_path, np.diag_indices_from, np.tril_indices_from,
        np.triu_indices_from)
# fmt: on
