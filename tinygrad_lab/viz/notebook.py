"""What Values, modules and errors do to show themselves in a notebook; the package's root registers it."""

from __future__ import annotations

from contextlib import suppress

from tinygrad_lab.core.graph import ancestors
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import OperationError, TinygradError
from tinygrad_lab.nn.module import Module
from tinygrad_lab.viz.describe.refusal import up_to
from tinygrad_lab.viz.drawing import draw
from tinygrad_lab.viz.graph import Graph
from tinygrad_lab.viz.write import notebook
from tinygrad_lab.viz.write.options import Options

IN_PASSING = 2000  # nodes up to which a Value at the end of a cell is drawn


def show(thing: Value | Module) -> dict[str, str]:
    """Return the mime bundle with which a Value or a module shows itself in a notebook.

    Arguments:
        thing: a computed Value shows its graph, a module its tree; leaves, and graphs too large to draw in passing,
            show their text.
    """
    if isinstance(thing, Module):
        return notebook.module_bundle(thing)
    if thing.op is None or len(ancestors([thing])) > IN_PASSING:
        return notebook.plain(thing)
    return {**draw(thing)._repr_mimebundle_(), "text/plain": repr(thing)}


def show_error(error: OperationError) -> list[str]:
    """Show the graph up to an error in a notebook, and return the traceback's lines.

    Arguments:
        error: raised by an operation on Values.
    """
    from IPython import get_ipython  # who calls this is there
    from IPython.display import display

    if vars(error).get("_drawn") is not error.__traceback__:  # IPython asks twice: to show it, and for its result
        vars(error)["_drawn"] = error.__traceback__
        with suppress(TinygradError):  # where nothing was recorded, the traceback says it all
            display(Graph(up_to(error), Options()))  # type: ignore[no-untyped-call]
    lines: list[str] = get_ipython().InteractiveTB.structured_traceback(type(error), error, error.__traceback__)
    return lines
