"""A folder that belongs to one run: claimed before the training, and filled with files that are never half written."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from itertools import count
from pathlib import Path
from typing import Self

from tinygrad_lab.drafts import draft
from tinygrad_lab.errors import LabError

_LOCK = ".tinygrad-lab-running"


def free(name: str) -> Path:
    """Return the first of `runs/name-1`, `runs/name-2`, … that does not exist.

    Example:
        >>> free("such a name is not taken").name
        'such a name is not taken-1'
    """
    return next(path for n in count(1) if not (path := Path("runs", f"{name}-{n}")).exists())


def check(out: Path) -> None:
    """Check that a run can be written to `out`, before it takes any time.

    Raises:
        LabError: `out` exists and is not an empty folder, or its place cannot be written to.
    """
    try:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise LabError(f"out: {out} is not empty, and nothing is overwritten; choose another --out")
        place = next(path for path in (out.absolute(), *out.absolute().parents) if path.exists())
    except LabError:
        raise
    except (OSError, ValueError) as error:
        raise LabError(f"out: {out} cannot be read ({reason(error)}); choose another --out") from error
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise LabError(f"out: {place} is not a folder that can be written to; choose another --out")


class Place:
    """A folder that this process has locked.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made = self._lock_is_mine = False
        self._written: set[str] = set()

    @classmethod
    def claim(cls, name: str, out: Path | None = None) -> Self:
        """Return a new folder for a run, which no other run can take.

        Arguments:
            name: the data's name; without `out`, the folder is the next free `runs/name-1`, `runs/name-2`, ….
            out: a new or empty folder.

        Raises:
            LabError: `out` has content, another run is being written there, or it cannot be written to.
        """
        while True:
            place = cls(free(name) if out is None else out)
            check(place.path)
            try:
                place._take()
            except FileExistsError:
                if out is None:
                    continue
                raise LabError(f"out: {out} has just been taken by another run; choose another --out") from None
            except OSError as error:
                raise LabError(f"out: {place.path} cannot be made ({reason(error)}); choose another --out") from error
            return place

    @classmethod
    def reopen(cls, path: Path) -> Self:
        """Return the folder of an earlier run, to write to it again.

        Raises:
            LabError: another process is writing there.
        """
        lock = path / _LOCK
        with suppress(OSError):
            process = lock.read_text()
            if process.isdigit() and _lives(int(process)):
                raise LabError(f"resume: process {process} is still training {path}; wait until it has ended")
            lock.unlink()
        place = cls(path)
        place._written = {file.name for file in path.iterdir()}
        try:
            place._lock()
        except FileExistsError:
            raise LabError(
                f"resume: {path} has just been resumed by another process; wait until it has ended"
            ) from None
        return place

    def _take(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.path.mkdir()
            self._made = True
        except FileExistsError:
            if not self.path.is_dir():
                raise
        self._lock()
        if [file.name for file in self.path.iterdir()] != [_LOCK]:
            self.release()
            raise FileExistsError

    def _lock(self) -> None:
        with (self.path / _LOCK).open("x") as file:
            self._lock_is_mine = True
            file.write(str(os.getpid()))

    def put(self, name: str, content: str | bytes) -> None:
        """Write a file under a temporary name and rename it, so that it is never half written.

        Raises:
            OSError: the disk is full, or another program's file has this name.
        """
        target = self.path / name
        if name not in self._written and target.exists():
            raise FileExistsError(17, "a file that is not this run's has the name", str(target))
        whole = content.encode() if isinstance(content, str) else content
        write_whole(target, lambda file: file.buffer.write(whole))
        self._written.add(name)

    def release(self) -> None:
        """Remove the lock, and the folder if it was made here and is still empty."""
        with suppress(OSError):
            if self._lock_is_mine:
                (self.path / _LOCK).unlink()
            if self._made and not self._written:
                self.path.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def write_whole(path: Path, write: Callable[[TextIOWrapper], object]) -> None:
    """Write a file under a temporary name, and rename it when it is complete.

    Arguments:
        path: the file, which is replaced if it exists.
        write: writes to the open file.

    Raises:
        OSError: the disk is full; the old file is untouched.
    """
    with draft(path) as new, new.open("w", encoding="utf-8", newline="") as file:  # closed before it is renamed
        write(file)


def reason(error: Exception) -> str:
    """Return why the system refused, without the path, which the caller names."""
    return getattr(error, "strerror", None) or str(error)


def _lives(process: int) -> bool:
    if os.name != "posix":
        return False  # on Windows, this question would end the process
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process != os.getpid()
