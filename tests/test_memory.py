"""Freed memory is kept where the C library can be told so, and results stay what they are."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tinygrad_lab as tl
from tinygrad_lab.errors import ArgumentError

FAULTS = """
import resource, sys
import numpy as np
import tinygrad_lab as tl

if sys.argv[1] == "keep":
    assert tl.reuse_memory(256)
def step():
    arrays = [np.ones(200_000) for _ in range(8)]
    return float(sum(x[0] for x in arrays))
for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    assert step() == 8.0
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's setting")
def test_pages_are_not_asked_for_again():
    run = [sys.executable, "-c", FAULTS]
    kept, given_back = (
        int(subprocess.run([*run, how], capture_output=True, text=True, check=True).stdout) for how in ("keep", "usual")
    )
    assert kept < 200
    assert kept <= given_back


def test_less_than_nothing_is_refused():
    for wrong in (-1, 1.5, "all"):
        with pytest.raises(ArgumentError, match=f"megabytes must be a whole number from 0, got {wrong!r}"):
            tl.reuse_memory(wrong)  # type: ignore[arg-type]
