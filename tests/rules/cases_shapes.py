"""Calls of the operations that move elements: shaping, joining, indexing, sorting, windows."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.rules.drawing import call, listed
from tinygrad_lab.core.operators import getitem
from tinygrad_lab.rules.joining import concatenate, stack
from tinygrad_lab.rules.later.windows import constant_pad, overlap_add
from tinygrad_lab.rules.writing import add_at, scatter, set_at

# -- shaping ---------------------------------------------------------------------------------------------------------

listed(
    np.reshape,
    call((2, 3), args=((3, 2),)),
    call((6,), args=((2, -1),), order="F"),
    call((), args=(1,)),
    call((0, 2), args=((2, 0, 3),)),
    call((4,), args=(-1,)),
)
listed(np.ravel, call((2, 3)), call(()), call((2, 3), order="F"), call((2, 0)))
listed(np.squeeze, call((1, 3, 1)), call((1, 3, 1), axis=-1), call((1, 1, 2), args=((0, 1),)), call(()))
listed(np.expand_dims, call((3,), axis=0), call((), axis=(0, 1)), call((2, 3), args=(-2,)))
listed(np.transpose, call((2, 3)), call((2, 3, 4), args=((1, 2, 0),)), call((2, 3, 4), axes=(-1, 0, -2)), call(()))
listed(np.matrix_transpose, call((2, 3)), call((2, 3, 1)))
listed(np.swapaxes, call((2, 3), args=(0, 1)), call((2, 3, 4), axis1=-1, axis2=0))
listed(np.moveaxis, call((2, 3, 4), args=(0, -1)), call((2, 3, 4), source=(0, 2), destination=(1, 0)))
listed(np.rollaxis, call((2, 3, 4), args=(2,)), call((2, 3, 4), args=(0, 3)), call((2, 3, 4), args=(-1, -2)))
listed(np.broadcast_to, call((), args=((2, 3),)), call((2, 1), shape=(4, 2, 3)), call((1,), args=((0,),)),
       call((1, 3), args=((2, 3),)))  # fmt: skip
listed(np.broadcast_arrays, call((2, 1), (3,)), call((3,), ()), call((2,)))
listed(np.flip, call((2, 3)), call((2, 3), args=(1,)), call((2, 3, 2), axis=(0, -1)), call(()))
listed(np.flipud, call((2, 3)), call((3,)))
listed(np.fliplr, call((2, 3)), call((2, 3, 2)))
listed(np.rot90, call((2, 3)), call((2, 3), k=2), call((2, 3, 4), args=(-1, (1, 2))))
listed(np.roll, call((2, 3), args=(1,)), call((2, 3), args=(-1, 1)), call((2, 3), shift=(1, 2), axis=(0, 1)))
for function in (np.tril, np.triu):
    listed(function, call((3, 3)), call((2, 3, 4), k=1), call((4, 2), args=(-1,)))
for function in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
    listed(function, call(()), call((3,)), call((2, 3)), call((2, 1, 3, 2)), call((), (2,)))


# -- joining and splitting -------------------------------------------------------------------------------------------


listed(
    np.concatenate,
    call((2, 3), (1, 3), (0, 3)),
    call((2, 3), (2, 1), axis=-1),
    call((2,), (1, 2), axis=None),
    call((2,)),
    call((2,), (3,), dtype=np.longdouble),
    joined=True,
)
listed(
    np.stack,
    call((2, 3), (2, 3)),
    call((), (), ()),
    call((2,), (2,), args=(-1,)),
    call((3,), axis=1),
    call((2,), (2,), dtype=np.longdouble),
    joined=True,
)
listed(np.vstack, call((3,), (2, 3)), call((), ()), joined=True)
listed(np.hstack, call((3,), (2,)), call((2, 1), (2, 3)), call((), ()), joined=True)
listed(np.dstack, call((3,), (3,)), call((2, 3), (2, 3, 2)), joined=True)
listed(np.column_stack, call((3,), (3, 2)), call((2,), (2,)), joined=True)
listed(concatenate, call((2, 3), (1, 3), axis=0, bounds=(0, 2, 3)), call((2, 1), axis=-1, bounds=(0, 1)))
listed(stack, call((2,), (2,), axis=-1), call((), axis=0))
for function in (np.split, np.array_split):
    listed(
        function,
        call((6,), args=(3,)),
        call((2, 5), args=([1, 3], 1)),
        call((4, 2), args=(2,), axis=-2),
        call((4,), indices_or_sections=[3, 1, 9]),
    )
listed(np.hsplit, call((4,), args=(2,)), call((2, 4), args=([1],)))
listed(np.vsplit, call((4, 1), args=(2,)))
listed(np.dsplit, call((1, 2, 4), args=(2,)))
listed(
    np.tile,
    call((3,), args=(2,)),
    call((2, 3), args=((2, 1, 2),)),
    call((), reps=(2, 2)),
    call((2, 1, 2), args=(3,)),
    call((2,), args=(0,)),
)
listed(
    np.repeat,
    call((3,), args=(2,)),
    call((2, 3), args=([1, 0, 2], 1)),
    call((2, 3), repeats=2, axis=-2),
    call((2, 2), args=(3,)),
    call((2,), args=([2],)),
    call((2, 3), args=([0, 1, 2, 0, 1, 1],)),
)


# -- indexing, sorting, windows --------------------------------------------------------------------------------------

MASK = np.array([[True, False, True], [False, False, True]])
INDICES = [
    0, -1, slice(None), slice(None, None, -2), (1, 2), (Ellipsis, 0), (None, 1), (slice(1), None, Ellipsis), (),
    Ellipsis, [0, 0, 1], np.array([[1, -1], [1, 1]]), ([0, 1, 0], [2, 2, 2]), (slice(None), [0, 0]),
    ([0, 1], None, slice(2)), MASK, MASK[:, 0], (slice(None), MASK[0]), (1, MASK[1]), np.array(1), np.zeros(0, int),
]  # fmt: skip


CHOSEN = [(index, np.zeros((2, 3))[index].shape) for index in INDICES]

listed(getitem, *(call((2, 3), index=index) for index in INDICES))
listed(scatter, *(call(shape, index=index, shape=(2, 3)) for index, shape in CHOSEN))
WRITES = [
    *(call((2, 3), shape, index=index) for index, shape in CHOSEN),
    *(call((2, 3), (), index=index) for index in INDICES),
    *(call((2, 3), shape[1:], index=index) for index, shape in CHOSEN if len(shape) == 2),
]
listed(add_at, *WRITES)
listed(set_at, *WRITES, call((2, 3), (1, 1, 3), index=0))
listed(
    np.take,
    call((5,), args=([0, 0, 4],)),
    call((2, 3), args=(1,)),
    call((2, 3), args=([[0, -1]], 1)),
    call((2, 3), indices=[7, -1], axis=-1, mode="wrap"),
    call((3,), args=([9, -9],), mode="clip"),
)
listed(
    np.take_along_axis,
    call((2, 3), args=(np.array([[0, 0], [2, 1]]), 1)),
    call((4,), args=(np.array([3, 3]), None)),
    call((2, 3), indices=np.array([[1, 0, 1]]), axis=0),
    call((2, 3), indices=np.array([[1]]), axis=-1),
)
listed(
    np.sort,
    call((5,)),
    call((3, 4), args=(0,)),
    call((2, 3), axis=None),
    call((2, 3, 2), axis=-2),
    call((0,)),
    call((4,), kind="mergesort"),
)
listed(
    np.pad,
    call((3,), args=(2,)),
    call((2, 3), args=(((0, 1), (2, 0)), "constant"), constant_values=3.0),
    call((2, 3), pad_width=((1, 2),), mode="edge"),
    call((3, 4), args=((2, 1), "reflect")),
    call((2, 3), args=(1, "symmetric")),
    call((2, 3), args=({-1: (1, 4)}, "wrap")),
    call((2, 3), args=(0,)),
    call((3,), args=((2, 1), "linear_ramp"), end_values=(5.0, -1.0)),
    call((2, 3), args=(2, "linear_ramp")),
    call((2, 3), args=(((1, 2), (0, 3)), "mean")),
    call((2, 3), args=((2, 1), "maximum"), stat_length=2),
    call((3, 4), args=(1, "minimum"), stat_length=((1, 2), (3, 9))),
    call((3, 4), args=((4, 7), "reflect"), reflect_type="odd"),
    call((3, 5), args=((0, 2), "median")),
    call((2, 3), args=((7, 9), "symmetric"), reflect_type="odd"),
    call((1, 3), args=((2, 3), "reflect"), reflect_type="odd"),
)
listed(constant_pad, call((2, 3), width=((0, 1), (2, 0))))
listed(
    sliding_window_view,
    call((5,), args=(3,)),
    call((2, 5), args=(2, 1)),
    call((3, 4), args=((2, 3),)),
    call((2, 4, 3), window_shape=(2, 2), axis=(-1, 1)),
    call((5,), args=((2, 3), (0, 0))),
    call((2, 3), args=(1, -1)),
)
listed(
    overlap_add,
    call((3, 3), args=((5,), 3)),
    call((2, 4, 2), args=((2, 5), 2, 1)),
    call((2, 2, 2, 3), args=((3, 4), (2, 3))),
    call((2, 2, 2, 3), shape=(3, 4), window_shape=(2, 3)),
    call((2, 2, 3), args=((5,), (2, 3), (0, 0))),
)
