"""What `module:name` on the command line means: an object to import, from the current folder too, or from a file."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.refusals.nearest import meant
from tinygrad_lab.refusals.wording import one_line

_OURS = Path(__file__).parents[1]


def imported(name: str, example: str) -> Any:
    """Return the object that `module:name`, or `path/to/file.py:name`, names; the name may have dots.

    Raises:
        ArgumentError: if there is no colon, no such module or name, or the import fails; the text shows `example`, or
            says where.

    Example:
        >>> imported("math:pi", "models:build")
        3.141592653589793
    """
    module, colon, path = name.rpartition(":")  # a Windows drive has a colon as well
    if not colon or not path or not module:
        raise ArgumentError(f"{name!r} is not of the form module:name; write it like {example}")
    found: Any = _module(module)
    for part in path.split("."):
        if not hasattr(found, part):
            known = [one for one in dir(found) if not one.startswith("_")]
            raise ArgumentError(f"{module} has no {path!r}; {meant(part, known, 'check the spelling')}")
        found = getattr(found, part)
    return found


def _module(name: str) -> ModuleType:
    file = Path(name)
    try:
        if file.suffix == ".py":
            return _from_file(file)
        if str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise ArgumentError(f"{name} cannot be imported: {told(error)}; install or correct that first") from error
        raise ArgumentError(f"there is no module or file {name!r} here; check folder and spelling") from error
    except ArgumentError:
        raise
    except Exception as error:
        raise ArgumentError(f"{name} cannot be imported: {told(error)}; correct that first") from error


def _from_file(file: Path) -> ModuleType:
    """Import a file as a module of its own name, with its folder on the path, as when Python runs a script."""
    if not file.is_file():
        raise ArgumentError(f"there is no module or file {str(file)!r} here; check folder and spelling")
    folder = str(file.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ArgumentError(f"{file} is no Python file; name one")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module  # where dataclasses and pickles look for it
    spec.loader.exec_module(module)
    return module


def told(error: BaseException) -> str:
    """Return what an exception says, with the line of the user's own code that it came from.

    Example:
        >>> told(ValueError("too small"))
        'ValueError: too small'
    """
    text = f"{type(error).__name__}: {one_line(error)}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError):
        return text  # its text names file and line
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename)]
    return f"{text} (line {own[-1].lineno} of {Path(own[-1].filename).name})" if own else text


def _is_own(file: str) -> bool:
    """Whether a file belongs neither to this package, nor to a library, nor to Python."""
    path = Path(file)
    if not path.is_file() or _OURS in path.parents:
        return False
    libraries = (Path(importlib.__file__).parents[1], *(Path(p) for p in sys.path if p.endswith("-packages")))
    return not any(library in path.parents for library in libraries)
