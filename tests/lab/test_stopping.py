from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.stopping import Until

fractions = st.floats(0, 1)
losses = st.floats(0, 1e6)


@given(losses, losses)
def test_loss_conditions(limit, loss):
    assert Until(f"loss<{limit!r}")(loss, 0.0) == (loss < limit)
    assert Until(f"loss <= {limit!r}")(loss, 0.0) == (loss <= limit)


@given(fractions, fractions)
def test_accuracy_conditions(limit, accuracy):
    assert Until(f"accuracy={limit!r}")(math.inf, accuracy) == (accuracy >= limit)
    assert Until(f"accuracy>={limit!r}")(math.inf, accuracy) == (accuracy >= limit)
    assert Until(f"accuracy > {limit!r}")(math.inf, accuracy) == (accuracy > limit)


@given(losses, fractions)
def test_and_means_both(loss, accuracy):
    assert Until("accuracy=1 and loss<0.01")(loss, accuracy) == (accuracy == 1 and loss < 0.01)


def test_nothing_holds_for_a_loss_that_is_not_a_number():
    assert not Until("loss<1")(math.nan, 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "loss",
        "loss=1",
        "loss>1",
        "accuracy<1",
        "accuracy=100",
        "accuracy=-1",
        "epochs=3",
        "loss<x",
        "loss<1 or accuracy=1",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(LabError, match="until: condition must be loss<NUMBER or accuracy=NUMBER") as error:
        Until(text)
    assert repr(text) in str(error.value)


def test_repr():
    assert repr(Until("loss<1")) == "Until('loss<1')"
