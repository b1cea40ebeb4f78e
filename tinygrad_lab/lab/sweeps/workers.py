"""Processes that train cells in parallel; one that dies is replaced, and its cell is tried again."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.sweeps.working import Stopped, refused, work

_TRIES = 3
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_INTERVAL = 0.2  # seconds between two checks of the workers

_board: Any = None  # in a worker: [stop, then for each worker: cell + 1 or 0, epoch]
_slot = 0


@dataclass(frozen=True)
class Doing:
    """What a worker is doing.

    Arguments:
        cell: the number of its cell, or None.
        epoch: the epoch that it has reached.
    """

    cell: int | None
    epoch: int


@dataclass(frozen=True)
class Look:
    """What is going on at one moment.

    Arguments:
        done: the outcomes of cells that have ended since the last look.
        doing: an entry for each worker.
    """

    done: list[tuple[int, dict[str, Any]]]
    doing: list[Doing]


def train(configs: Mapping[int, Config], workers: int) -> Iterator[Look]:
    """Train cells in processes; report several times a second until all have ended.

    Arguments:
        configs: the configurations by cell number.
        workers: the number of processes; 1 trains in this one.

    Yields:
        What has ended and what is going on; closing the iterator stops the processes.

    Raises:
        LabError: it was called in a process that a sweep has started.
    """
    if workers == 1:
        yield from _here(configs)
        return
    if multiprocessing.parent_process() is not None:
        raise LabError(
            "sweep: a process that was started for a sweep starts another; put the call under if __name__ == "
            '"__main__":'
        )
    left = dict.fromkeys(configs, 0)
    while left:
        # If a cell kills its process, those in the others die with it; the last try, alone, shows which one did it.
        suspects = [number for number, tries in left.items() if tries == _TRIES - 1]
        chosen = {number: configs[number] for number in suspects[:1] or left}
        yield from _one_pool(chosen, left, min(workers, len(chosen)))


def _here(configs: Mapping[int, Config]) -> Iterator[Look]:
    for number, config in configs.items():
        yield Look([], [Doing(number, 0)])
        yield Look([(number, work(config, lambda epoch: False))], [Doing(None, 0)])


def _one_pool(configs: Mapping[int, Config], left: dict[int, int], workers: int) -> Iterator[Look]:
    """Train cells until all are done or a worker dies; count the tries of what was being trained."""
    context = multiprocessing.get_context("spawn")
    board: Any = context.RawArray("q", 1 + 2 * workers)
    counter = context.Value("i", 0)
    with _one_thread_each():
        pool = ProcessPoolExecutor(workers, context, _begin, (board, counter))
        try:
            futures: dict[Future[dict[str, Any]], int] = {pool.submit(_work, n, configs[n]): n for n in configs}
            while futures:
                done, _ = wait(futures, _INTERVAL, FIRST_COMPLETED)
                ended = [(futures.pop(future), future.result()) for future in done]
                for number, _ in ended:
                    del left[number]
                doing = [Doing(board[i] - 1 if board[i] else None, board[i + 1]) for i in range(1, len(board), 2)]
                yield Look(ended, doing)
        except BrokenProcessPool:
            yield Look(_after_a_death(board, left), [])
        finally:
            board[0] = 1
            pool.shutdown(wait=True, cancel_futures=True)


def _after_a_death(board: Any, left: dict[int, int]) -> list[tuple[int, dict[str, Any]]]:
    """Count one more try for every cell that was being trained, and give up those that had enough."""
    given_up = []
    for i in range(1, len(board), 2):
        number = board[i] - 1
        if number in left:
            left[number] += 1
            if left[number] >= _TRIES:
                del left[number]
                given_up.append((number, refused(f"Its process died {_TRIES} times.", "died")))
    return given_up


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let new processes compute with one thread each, as there are as many of them as cores."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _begin(board: Any, counter: Any) -> None:
    global _board, _slot
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the main program, which stops us through the board
    with counter.get_lock():
        _board, _slot = board, 1 + 2 * (counter.value % ((len(board) - 1) // 2))
        counter.value += 1
    threading.Thread(target=_end_with_the_main_program, daemon=True).start()


def _end_with_the_main_program() -> None:
    main = multiprocessing.parent_process()
    if main is not None:
        main.join()
        os._exit(1)


def _work(number: int, config: Config) -> dict[str, Any]:
    def beat(epoch: int) -> bool:
        _board[_slot + 1] = epoch
        return bool(_board[0])

    _board[_slot : _slot + 2] = [number + 1, 0]
    try:
        return work(config, beat)
    except Stopped:
        return {}
    finally:
        _board[_slot] = 0
