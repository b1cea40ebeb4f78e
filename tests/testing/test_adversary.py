"""Errors as people write them are found, each by a test with three times the usual number of examples."""

import pytest

from tests.testing.adversary import noticed
from tests.testing.planted import everything

pytestmark = pytest.mark.slow

CERTAIN = ("formula", "cotangent", "tie", "repeated", "complex", "habit", "own primitive")  # whatever is drawn
CHOSEN = [planted for planted in everything() if planted.kind in CERTAIN][1::4]  # `adversary.py` goes through all


@pytest.mark.parametrize("planted", CHOSEN, ids=lambda planted: f"{planted.kind}: {planted.name}")
def test_a_planted_error_is_found(planted):
    assert noticed(planted, 1, 75)
