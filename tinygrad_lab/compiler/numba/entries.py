"""What Python calls: functions of a table of addresses, which call those that take addresses."""

from __future__ import annotations

from tinygrad_lab.compiler.numba.module import Body, Module, Stage
from tinygrad_lab.compiler.numba.reading import Compiled
from tinygrad_lab.compiler.numba.rounds import scratch_of
from tinygrad_lab.compiler.numba.stage import BLOCK
from tinygrad_lab.compiler.program import Variable

_HEAD = '@njit(error_model="numpy", cache=True, no_cfunc_wrapper=True)'
_HEAD_OF_BLOCK = '@njit(error_model="numpy", cache=True, no_cfunc_wrapper=True, nogil=True)'


def write_stage_entry(module: Module, body: Body, stage: Stage) -> str:
    """Write the entry of a stage, `([begin, end, block,] table, constants, arena)`, and return its name."""
    name = f"enter_{stage.name}"
    addresses = [_from_table(module, body.table[v]) for v in stage.given]
    block = list(BLOCK) if stage.blocks else []
    head = f"def {name}({', '.join([*block, 'table', 'constants', 'arena'])}):"
    call = f"    {stage.name}({', '.join([*block, *addresses, 'constants', 'arena'])})"
    module.functions.append([_HEAD_OF_BLOCK if block else _HEAD, head, call])
    return name


def loop_scratch(loop: Compiled) -> tuple[dict[Variable, int], int]:
    """Return where the memory that a loop needs lies in its scratch memory, and how much that is."""
    places, size = dict[Variable, int](), 0
    for v in scratch_of(loop.loop, loop.size):
        places[v] = size
        size += -(-v.nbytes // 64) * 64
    return places, size


def write_loop_entry(module: Module, loop: Compiled) -> tuple[str, int]:
    """Write the entry of a loop, `(length, table, constants, scratch) -> count`; return its name and scratch memory."""
    name = f"enter_{loop.name}"
    places, size = loop_scratch(loop)
    body = loop.loop.body
    count = len(body.inputs) + len(body.outputs) - loop.loop.until
    addresses = [_from_table(module, i) for i in range(count)] + [f"scratch + {at}" for at in places.values()]
    head = f"def {name}(length, table, constants, scratch):"
    call = f"{loop.name}({', '.join(['length', *addresses, 'constants'])})"
    module.functions.append([_HEAD, head, f"    return {call}"])
    return name, size


def _from_table(module: Module, number: int) -> str:
    load = module.helpers.make("load_int64x1", "loader", "int64", 1)
    return f"{load}(table + {8 * number})"
