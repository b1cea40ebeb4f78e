"""The command line: arguments in, exit status out. A file a command; what they do is in the floors below.

Exit status: 0 done, 1 the training diverged (its folder is written all the same), 2 bad usage, data or configuration,
130 interrupted with Ctrl-C (the folder is written if training had begun).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from tinygrad_lab.cli import graph, train
from tinygrad_lab.errors import TinygradError
from tinygrad_lab.version import __version__

COMMANDS = (train, graph)  # each adds itself with `register` and does its work in `run`, where it imports what it needs

_OVERVIEW = """examples:
  tinygrad-lab train                                   learn XOR, write a report to runs/xor-1
  tinygrad-lab train --data linear --points 200        learn another data set
  tinygrad-lab graph runs/xor-1 --out network.svg      draw its network, or a model of your own
  tinygrad-lab train --help                            all options
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Arguments:
        arguments: the words after the program's name; None means those of the process.

    Raises:
        SystemExit: for `--help`, `--version` and arguments that cannot be parsed.
    """
    options = vars(parser().parse_args(arguments))
    try:
        return int(options.pop("run")(options))
    except BrokenPipeError:  # the reader has gone, as in `| head`; keep Python from complaining about it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (TinygradError, OSError) as error:
        sys.stderr.write(f"tinygrad-lab: error: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("tinygrad-lab: interrupted; nothing was written\n")
        return 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; what it parses holds the chosen command's `run`."""
    whole = argparse.ArgumentParser(
        prog="tinygrad-lab",
        description="Train small networks and see what they learn.",
        epilog=_OVERVIEW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"tinygrad-lab {__version__}")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.register(commands)
    return whole
