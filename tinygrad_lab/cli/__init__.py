"""The command line: arguments in, exit status out. Each command has a file; the work is done in the floors below.

Exit status: 0 done, 1 the training diverged (its folder is written all the same), 2 bad usage, data or configuration,
130 interrupted with Ctrl-C (the folder is written if training had begun).
"""

from __future__ import annotations

import argparse
import io
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tinygrad_lab.cli import check, compare, graph, play, predict, reports, sweep, train
from tinygrad_lab.errors import TinygradError
from tinygrad_lab.lab.text import visible
from tinygrad_lab.memory import reuse_memory
from tinygrad_lab.refusals.nearest import meant, none_of
from tinygrad_lab.version import __version__

# Each has HELP, DESCRIPTION and EXAMPLES, takes what `add_arguments` says, and does its work in `run`, which imports
# what it needs: the help of one command does not wait for the libraries of all.
COMMANDS = (train, play, sweep, compare, predict, graph, reports, check)

_OVERVIEW = """examples:
  tinygrad-lab train                                   learn XOR, write a report to runs/xor-1
  tinygrad-lab train --data linear --points 200        learn another data set
  tinygrad-lab play                                    watch it learn in the browser, and change it as it does
  tinygrad-lab sweep --lr 0.1 0.5 2 --seed 0..4        compare trainings: table, curves, what mattered
  tinygrad-lab predict runs/xor-1 new.csv              predictions of a trained network for other points
  tinygrad-lab graph runs/xor-1 --out network.svg      draw its network, or a model of your own
  tinygrad-lab check models:loss                       check the gradient of your function
  tinygrad-lab train --help                            all options
"""


_REFUSED = re.compile(r"(.*): invalid choice: '(.*)' \(choose from (.*)\)")


class _Parser(argparse.ArgumentParser):
    """Reports a mistake in one line, as all other errors are reported."""

    def error(self, message: str) -> NoReturn:
        """Exit with the message; of a choice that there is not, it asks for the one that was meant."""
        refused = _REFUSED.fullmatch(message)
        if refused is not None:
            argument, given, known = refused.groups()
            names = [name.strip("' ") for name in known.split(",")]
            message = f"{argument}: {none_of(names, given, 'check the spelling')}"
        self.exit(2, f"{self.prog}: error: {visible(message)}; usage: {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Arguments:
        arguments: the words after the program's name; None means those of the process.

    Raises:
        SystemExit: for `--help`, `--version` and arguments that cannot be parsed.
    """
    _prepare_streams()
    found, unknown = parser().parse_known_args(arguments)
    options = vars(found)
    _refuse(unknown, options.pop("parser"))
    try:
        reuse_memory()  # this process is ours alone
        with _asked_to_end():
            status = int(options.pop("run")(options))
            sys.stdout.flush()
            return status
    except BrokenPipeError:  # nobody reads any more, as after `| head`; keep Python from complaining about it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except TinygradError as error:
        return _complain(f"error: {error}", 2)
    except OSError as error:
        told = error if error.filename else f"the output cannot be written ({error.strerror}); try --quiet"
        return _complain(f"error: {told}", 2)
    except MemoryError as error:
        return _complain(
            f"error: data and network do not fit into the memory ({error or 'out of memory'}); use less of either", 2
        )
    except KeyboardInterrupt:
        return _complain("interrupted; nothing was written", 130)


def _refuse(unknown: Sequence[str], command: argparse.ArgumentParser) -> None:
    """Exit with an error about the first of the arguments that a command does not know, if there are any."""
    if unknown:
        known = [name for name in command._option_string_actions if name.startswith("--")]
        command.error(
            f"there is no argument {unknown[0]}; {meant(unknown[0].partition('=')[0], known, 'leave it out')}"
        )


def _complain(text: str, status: int) -> int:
    sys.stderr.write(f"tinygrad-lab: {visible(text)}\n")
    return status


def _prepare_streams() -> None:
    """Replace a closed stream by one that swallows everything, and write letters that a terminal lacks as escapes."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 it is the process's from now on
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def _asked_to_end() -> Iterator[None]:
    """Treat a request to end (SIGTERM) and a closing terminal (SIGHUP) as Ctrl-C."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    mine = threading.current_thread() is threading.main_thread()
    defaults = [number for number in numbers if mine and signal.getsignal(number) is signal.SIG_DFL]
    for number in defaults:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in defaults:
            signal.signal(number, signal.SIG_DFL)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; its result holds the chosen command's `run`."""
    whole = _Parser(
        prog="tinygrad-lab",
        description="Train small networks and see what they learn.",
        epilog=_OVERVIEW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"tinygrad-lab {__version__}")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        added = commands.add_parser(
            command.__name__.rpartition(".")[2],
            help=command.HELP,
            description=command.DESCRIPTION,
            epilog=command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(added)
        added.set_defaults(run=command.run, parser=added)
    return whole
