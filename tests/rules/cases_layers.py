"""Calls of the operations behind convolutions, pooling, normalisations, recurrent cells and segments."""

from __future__ import annotations

import numpy as np

from tests.rules.drawing import call, listed
from tinygrad_lab.functional import attention, layers, normalisation, pooling, recurrent, tokens
from tinygrad_lab.functional.windows import overlap_add, windows
from tinygrad_lab.testing.domains import Domain

ONE, TWO = {"stride": (2,), "dilation": (1,)}, {"stride": (1, 2), "dilation": (2, 1)}

listed(windows, call((5,), kernel=(3,), **ONE), call((2, 5, 4), kernel=(2, 3), **TWO))
listed(overlap_add, call((2, 3), shape=(5,), **ONE), call((2, 3, 1, 2, 3), shape=(5, 4), **TWO))
listed(pooling.window_max, call((5,), kernel=(3,), **ONE), call((2, 5, 4), kernel=(2, 3), **TWO))
CHOSEN = tuple(np.array([tap != 1, tap == 1]) for tap in range(3))
listed(pooling.hand_back, call((2,), chosen=CHOSEN, shape=(5,), kernel=(3,), **ONE))
listed(pooling.window_sum, call((5,), kernel=(3,), stride=(2,)), call((2, 5, 4), kernel=(2, 3), stride=(1, 2)))
for function in (normalisation.standardise, normalisation.rescale):
    listed(function, call((2, 3), axis=(-1,), eps=1e-5), call((2, 3, 2), (3, 1), (3, 1), axis=(0, 2), eps=0.1))
listed(
    attention._attention,
    call((2, 3, 4), (2, 5, 4), (2, 5, 2), scale=0.5),
    call((3, 4), (5, 4), (5, 2), (3, 5), scale=0.5),
    call((2, 1, 3, 4), (2, 1, 5, 4), (2, 1, 5, 2), (2, 1, 1, 5), scale=1.0),
    domain=Domain(-3, 3),  # beyond, all weights but one vanish
)
listed(layers._dropped, call((3,), kept=np.array([True, False, True]), p=0.25))
listed(recurrent.lstm_state, call((2, 8), (2, 2)), call((4,), (1,)))
listed(recurrent.lstm_output, call((2, 8), (2, 2)), call((4,), (1,)))
listed(recurrent.gru_state, call((2, 6), (2, 6), (2, 2)), call((3,), (3,), (1,)))
listed(
    tokens._maxima, call((4, 2), index=np.array([1, 0, 1, 1]), count=2), call((3,), index=np.array([0, 0, 1]), count=2)
)
