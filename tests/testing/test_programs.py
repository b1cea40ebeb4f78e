import numpy as np
from hypothesis import Phase, find, given, settings

import tinygrad_lab as tl
from tinygrad_lab.testing.examples import run
from tinygrad_lab.testing.programs import programs

MANY = settings(max_examples=2000, phases=[Phase.generate])  # what is found need not be made smaller


def test_gradients_of_programs_are_right():
    tally = run("programs", programs())
    assert tally.undecided * 20 <= tally.elements


@given(programs())
@settings(max_examples=30)
def test_the_text_of_a_program_computes_the_same(call):
    program = call.function
    names = {f"v{i}": x for i, x in enumerate(call.args)}
    exec(repr(program), {"np": np, "Domain": tl.testing.Domain}, names)
    used = {i for step in program.steps for i in step.inputs}
    ends = [names[f"v{i}"] for i in range(len(names)) if i not in used]
    for mine, theirs in zip(ends, program(*call.args), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_values_are_used_again():
    def shared(call):
        inputs = [i for step in call.function.steps for i in step.inputs]
        return len(set(inputs)) < len(inputs) - 1

    find(programs(), shared, settings=MANY)
