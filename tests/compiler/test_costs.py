"""What a program costs, counted by hand."""

from __future__ import annotations

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import viz
from tinygrad_lab.compiler import trace
from tinygrad_lab.compiler.costs import by_function, peak_memory, table


def test_flops_and_bytes_are_those_of_the_formulas():
    program = trace(lambda x, w: np.sum(np.exp(x @ w)), np.ones((10, 4)), np.ones((4, 8)))
    costs = by_function(program)
    assert costs["matmul"].flops == 2 * 10 * 4 * 8
    assert costs["matmul"].moved == 8 * (40 + 32 + 80)
    assert costs["exp"].flops == costs["sum"].flops == 80
    assert peak_memory(program) == 2 * 80 * 8


def test_a_loop_costs_what_its_rounds_cost():
    program = trace(lambda x: tl.scan(lambda c, _: (np.sin(c), None), x, length=7)[0], np.ones(5))
    assert by_function(program)["loop"].flops == 7 * 5


def test_the_table_and_the_profile_of_a_compiled_function():
    fast = tl.compile(lambda x: np.tanh(np.exp(x) * 2))
    fast(np.ones(100))
    assert fast.table() == f"{table(fast.program)}\ntraced as 3 calls"
    assert "peak memory 1,600 bytes" in fast.table()
    lines = fast.profile(np.ones(50)).splitlines()
    assert lines[0].split()[-1] == "µs"
    assert [line.split()[0] for line in lines[1:4]] != []
    assert lines[-2].split()[:2] == ["all", "3"]


def test_the_program_before_the_passes_is_there_to_compare():
    fast = tl.compile(tl.grad(lambda x: np.sum(np.tanh(x * 1) + np.tanh(x * 1))))
    fast(np.ones(3))
    names = [[call.function.__name__ for call in program.calls] for program in (fast.traced, fast.program)]
    assert [found.count("tanh") for found in names] == [2, 1]
    assert fast.table().endswith(f"traced as {len(names[0])} calls")
    drawn = viz.draw(fast.traced, level="op").svg(), viz.draw(fast.program, level="op").svg()
    assert drawn[0].count("tanh") > drawn[1].count("tanh") > 0
