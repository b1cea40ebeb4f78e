"""What goes wrong on a cluster, in one line each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tinygrad_lab.errors import ClusterError
from tinygrad_lab.refusals.wording import with_class

_GONE = "the scheduler cannot be reached ({error}); start it again, connect, and go on from what is kept"
_DIED = (
    "the workers died ({error}), which mostly means that a task needs more memory than a worker has; make the "
    "chunks smaller, or start workers with a larger --memory-limit"
)
_LOST = (
    "data are lost ({error}), since the worker that held them died, or somebody cancelled them; what was scattered has "
    "to be scattered again, while what is persisted is made again by itself"
)
_LOSSES = ("lost dependencies", "already forgotten")  # which Dask gives as the reasons of a CancelledError, in words
# By the names of the classes: Dask's errors are there only where Dask is.
_CAUSES = {
    "KilledWorker": _DIED,
    "CommClosedError": _GONE,
    "CancelledError": _GONE,
    "FutureCancelledError": _GONE,
    "FuturesCancelledError": _GONE,
    "ConnectionRefusedError": _GONE,
    "TimeoutError": _GONE,
    "NoValidWorkerError": "there are no workers ({error}); start some with `dask worker`",
}


def explained(what: str, error: Exception) -> Exception:
    """Return a `ClusterError` of one line for an error of the cluster's, and any other error as it is.

    Example:
        >>> explained("compute", TimeoutError("timed out")).args[0][:61]
        'compute: the scheduler cannot be reached (TimeoutError: timed'
        >>> explained("compute", ValueError("shapes"))
        ValueError('shapes')
    """
    rule = _rule(error)
    if rule is None:
        return error
    return ClusterError(f"{what}: {rule.format(error=with_class(error)[:160])}")


@contextmanager
def explaining(what: str) -> Iterator[None]:
    """Raise within it a `ClusterError` of one line for an error of the cluster's; any other goes its way."""
    try:
        yield
    except Exception as error:
        told = explained(what, error)
        if told is error:
            raise
        raise told from error


def is_gone(error: Exception) -> bool:
    """Return whether an error says that the scheduler cannot be reached."""
    return _rule(error) == _GONE


def _rule(error: Exception) -> str | None:
    if any(loss in str(error) for loss in _LOSSES):
        return _LOST
    return next((_CAUSES[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _CAUSES), None)
