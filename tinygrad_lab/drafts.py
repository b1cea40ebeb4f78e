"""Files that are never half written: a draft beside the file takes its place when it is complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """Give a path to write to, in the folder of `path`; at the end it becomes `path`, or goes if there was an error.

    Raises:
        OSError: the system refuses; an old file is untouched.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with draft(Path(folder, "a.txt")) as new:
        ...         characters = new.write_text("whole")
        ...     [path.name for path in Path(folder).iterdir()]
        ['a.txt']
    """
    new = path.with_name(f".tinygrad-lab-{os.urandom(8).hex()}")  # several processes and threads may write at once
    try:
        yield new
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
