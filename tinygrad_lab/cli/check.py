"""`tinygrad-lab check`: is a function's gradient right? An answer without a test."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from tinygrad_lab.cli.imported import imported
from tinygrad_lab.errors import ArgumentError, GradientError, LabError, MissingExtraError, TinygradError

_EXAMPLES = """examples:
  tinygrad-lab check models:loss                       draw arguments of all kinds, and check both modes
  tinygrad-lab check models:entropy --domain 0,1       elements between 0 and 1
  tinygrad-lab check numpy:log --domain 0,inf --order 2 --examples 200
"""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to what `ArgumentParser.add_subparsers` returned; it sets `run`, a function of the options."""
    parser = commands.add_parser(
        "check",
        help="check a function's gradient",
        description="Draw arguments for a function of arrays, and compare its gradient with differences of its values.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", metavar="MODULE:NAME", help="a function of arrays, or an adapter of testing.adapters")
    parser.add_argument("--domain", type=_interval, metavar="LOW,HIGH", help="where elements lie (default: anywhere)")
    parser.add_argument("--order", type=int, choices=(1, 2), default=1, help="2 checks the gradient's gradient as well")
    parser.add_argument("--examples", type=int, metavar="N", default=100, help="how many to draw (default: 100)")
    parser.add_argument("--seed", type=int, metavar="N", help="for the same examples again (default: others each time)")
    parser.set_defaults(run=run)


def run(options: dict[str, Any]) -> int:
    """Check what the options say, print what was found, and return the exit status: 1 if a gradient is wrong.

    Raises:
        LabError: the function cannot be found or called.
    """
    from tinygrad_lab.testing import Domain
    from tinygrad_lab.testing.examples import Options, calls_with_arrays, run
    from tinygrad_lab.testing.profiles import Profile, running

    try:
        function = imported(options["what"], "models:loss")
        domain = Domain(*options["domain"]) if options["domain"] else Domain()
        name = getattr(function, "__name__", options["what"])
        with running(Profile(max(1, options["examples"]))):
            tally = run(name, calls_with_arrays(function, domain), options["order"], Options(seed=options["seed"]))
    except GradientError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    except (LabError, MissingExtraError):
        raise
    except (TinygradError, ValueError, TypeError, ImportError, AttributeError) as error:
        raise LabError(f"check: {error}") from error
    decided = tally.elements - tally.inconclusive
    sys.stdout.write(f"{name}: right in {tally.examples} examples, {decided} of {tally.elements} elements decided\n")
    return 0


def _interval(text: str) -> tuple[float, float]:
    low, comma, high = text.partition(",")
    if not comma:
        raise ArgumentError(f"domain must be LOW,HIGH, got {text!r}; for example 0,inf")
    return float(low), float(high)
