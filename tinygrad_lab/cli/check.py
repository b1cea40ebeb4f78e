"""`tinygrad-lab check`: is a function's gradient right? Answered without writing a test."""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lab.cli.imported import imported, told
from tinygrad_lab.cli.options import shape
from tinygrad_lab.errors import ArgumentError, GradientError, LabError, MissingExtraError, TinygradError
from tinygrad_lab.nn import Module

if TYPE_CHECKING:
    from tinygrad_lab.testing import Domain
    from tinygrad_lab.testing.adapters import Adapter

HELP = "check a function's gradient"
DESCRIPTION = "Draw arguments for a function of arrays, and compare its gradient with finite differences."
EXAMPLES = """examples:
  tinygrad-lab check models:loss                          draw what it takes, and check both modes
  tinygrad-lab check src/models.py:entropy --domain 0,1   elements between 0 and 1
  tinygrad-lab check models:net --input 5,3               a module, with its parameters, on (5, 3) arrays
  tinygrad-lab check numpy:hypot --at [3,4] --at 1.5      at one point
  tinygrad-lab check numpy:log --order 2 --examples 200   the second derivative as well

exit status: 0 the gradient is right, 1 it is wrong, or nothing could be decided, 2 it cannot be checked
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser._negative_number_matcher = re.compile(r"-(\d|\.|inf)")  # so that -1,1 does not count as an option
    # fmt: off
    parser.add_argument("what", metavar="MODULE:NAME", help="a function of arrays, a module of layers, or an adapter "
                        "of testing.adapters; FILE.py:NAME as well")
    parser.add_argument("--input", type=shape, action="append", default=[], metavar="N,N,…", help="the shape of an "
                        "argument, once for each; () is that of a number (default: shapes that it takes)")
    parser.add_argument("--domain", type=_interval, action="append", default=[], metavar="LOW,HIGH", help="where "
                        "elements lie, for all arguments or once for each; inf is no end (default: where it is finite)")
    parser.add_argument("--at", type=_array, action="append", default=[], metavar="[X,…]", help="the value of an "
                        "argument, once for each: check only there")
    parser.add_argument("--order", type=int, choices=(1, 2), default=1, help="2 checks the gradient's gradient as well")
    parser.add_argument("--examples", type=_positive, metavar="N", default=100,
                        help="how many examples to draw (default: 100)")
    parser.add_argument("--seed", type=_count, metavar="N", help="draw the same examples again (default: new ones "
                        "each time)")
    # fmt: on


def run(options: dict[str, Any]) -> int:
    """Check a function's gradient, print the result, and return the exit status: 1 if it is wrong.

    Raises:
        LabError: the function cannot be found or called.
    """
    from tinygrad_lab.testing import check_gradients

    try:
        found = imported(options["what"], "models:loss")
        adapter, arity = _adapter(found, options["what"])
        first = (found,) if isinstance(found, Module) else ()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # about means of nothing, and overflow
            if options["at"]:
                _require("--at", options["at"], arity)
                report = check_gradients(adapter, *first, *options["at"], order=options["order"])
                said = f"right, {sum(part.status.size for part in report.findings)} elements\n"
            else:
                said = _drawn(adapter, arity, first, options)
    except GradientError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    except (LabError, MissingExtraError):
        raise
    except TinygradError as error:
        raise LabError(f"check: {error}") from error
    except Exception as error:
        other = next(
            (name for name, word in (("torch", "must be Tensor"), ("jax", "valid JAX type")) if word in str(error)), ""
        )
        advice = (
            f"write f = adapters.{other}(…) there, from tinygrad_lab.testing, and check that"
            if other
            else "if it is for other shapes or numbers, say so with --input and --domain"
        )
        raise LabError(f"check: {options['what']} failed: {told(error)}; {advice}") from error
    sys.stdout.write(f"{adapter.name}: {said}")
    return 0


def _drawn(adapter: Adapter, arity: int, first: tuple[Any, ...], options: dict[str, Any]) -> str:
    """Check the function at drawn arguments, and describe the result.

    Arguments:
        adapter: the function.
        arity: how many arrays it takes.
        first: arguments before the arrays: a module.
        options: the options of the command.
    """
    from tinygrad_lab.testing.decorated import Options
    from tinygrad_lab.testing.examples import run
    from tinygrad_lab.testing.profiles import Profile, running
    from tinygrad_lab.testing.trying import arguments

    shapes = tuple(options["input"]) or None
    if shapes:
        _require("--input", shapes, arity)
    drawn = arguments(adapter, arity, shapes, _domains(options["domain"], arity), first)
    with running(Profile(options["examples"])):
        tally = run(adapter.name, drawn.calls, options["order"], Options(seed=options["seed"]))
    decided = f"{tally.elements - tally.undecided} of {tally.elements} elements decided"
    return f"right in {tally.examples} examples, {decided}\n  drawn: {drawn.words}\n"


def _adapter(found: Any, what: str) -> tuple[Adapter, int]:
    """Return an adapter for what was named, and the number of arrays that it takes."""
    from tinygrad_lab.testing import adapters
    from tinygrad_lab.testing.decorated import unfit

    torch = sys.modules.get("torch")
    owner = found if inspect.isclass(found) else getattr(found, "__self__", None)  # of a bound `apply`
    if torch is not None and inspect.isclass(owner) and issubclass(owner, torch.autograd.Function):
        found = adapters.torch(getattr(owner, "apply"), owner.__name__)  # noqa: B009  mypy knows no class of PyTorch's
    if inspect.isclass(found):
        raise LabError(f"check: {what} is a class; name an instance, such as net = {found.__name__}(...)")
    if not callable(found) and not isinstance(found, adapters.Adapter):
        raise LabError(f"check: {what} is of type {type(found).__name__}; name a function of arrays")
    if kind := unfit(found):
        raise LabError(f"check: {what} is a {kind}; write it as a plain function of arrays")
    name = getattr(found, "__name__", None) or type(found).__name__
    if isinstance(found, Module):
        adapter, taken = adapters.Adapter(lambda module, *arrays: module(*arrays), name), found.forward
    elif torch is not None and isinstance(found, torch.nn.Module):
        adapter, taken = adapters.torch(found), found.forward
    elif isinstance(found, adapters.Adapter):
        adapter, taken = found, found.declared
    else:
        adapter, taken = adapters.Adapter(found, what if name in ("<lambda>", "partial") else name), found
    return adapter, _arity(what, taken)


def _arity(what: str, taken: Any) -> int:
    """Return the number of arrays that a function takes."""
    from tinygrad_lab.testing.decorated import array_parameters

    if isinstance(taken, np.ufunc):
        return taken.nin
    missing = [
        p.name
        for p in inspect.signature(taken).parameters.values()
        if p.kind is p.KEYWORD_ONLY and p.default is p.empty
    ]
    if missing:
        raise LabError(f"check: {what} needs {', '.join(missing)} besides arrays; bind it, as functools.partial does")
    arity = len(array_parameters(taken))
    if not arity:
        raise LabError(f"check: {what} takes no arrays: no parameter is without a default; name a function of arrays")
    return arity


def _require(option: str, given: Any, arity: int) -> None:
    if len(given) != arity:
        raise ArgumentError(f"{option} is given {len(given)} times for {arity} arguments; give it once for each")


def _domains(intervals: list[tuple[float, float]], arity: int) -> tuple[Domain, ...] | None:
    from tinygrad_lab.testing import Domain

    if len(intervals) > 1:
        _require("--domain", intervals, arity)
    domains = tuple(Domain(*interval) for interval in intervals)
    return domains * arity if len(domains) == 1 else domains or None


def _interval(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form LOW,HIGH; for example 0,inf") from None
    return low, high


def _array(text: str) -> Any:
    try:
        return np.array(json.loads(text), float)
    except (ValueError, TypeError):
        raise argparse.ArgumentTypeError(f"{text!r} is no array of numbers; write it like [0.5,2]") from None


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number; for example 100")
    return int(text)


def _positive(text: str) -> int:
    if not _count(text):
        raise argparse.ArgumentTypeError(f"one is the least, {text} is less; for example 100")
    return int(text)
