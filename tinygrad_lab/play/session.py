"""All runs of a playground and what its pages ask for; everything happens in the one thread that calls `work`."""

from __future__ import annotations

import inspect
import json
import queue
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np

from tinygrad_lab.errors import LabError, TinygradError
from tinygrad_lab.lab.text import visible
from tinygrad_lab.play import commands, frames, state
from tinygrad_lab.play.constant import Constant
from tinygrad_lab.play.lane import Lane
from tinygrad_lab.play.maps import Plane
from tinygrad_lab.play.pace import SETTLE, Pace
from tinygrad_lab.play.sources import Source

_CHUNK = 0.01  # seconds of training between two looks at the queue of commands
_MOVING, _STILL = (40, 20), (100, 32)  # cells a side of the output's map, and of a unit's


class Session:
    """Runs side by side, started from the same weights and trained at the same pace.

    Arguments:
        source: makes the runs.
        tell: is called with every message to all pages: text for the state, bytes for a frame.

    Attributes:
        lanes: the runs.
        playing: whether they are training.
        speed: the most epochs a second; None for as fast as possible.
        goal: the epoch at which to pause.
        shown: the past epoch that is shown; None for now.
        selected: the run whose network is shown.
        axes: the features that maps are drawn over.
        tabs: how many pages are open.
        over: whether the playground has ended.
    """

    def __init__(self, source: Source, tell: Callable[[str | bytes], None] = lambda message: None) -> None:
        self.source, self.tell = source, tell
        self.lanes: list[Lane] = [source.lane()]
        self.playing, self.over, self.tabs = False, False, 0
        self.speed: float | None = 30.0
        self.goal: int | None = None
        self.shown: int | None = None
        self.selected = 0
        self.axes: tuple[int, ...] = (0, 1)
        self.rate = 0.0  # epochs a second, as they are
        self.state_is_new = self.picture_is_new = True
        self._asked: queue.SimpleQueue[tuple[str, dict[str, Any], Future[Any]]] = queue.SimpleQueue()
        self._pace = Pace()
        self._fine_at: float | None = None
        self._next_epoch = 0.0
        self._counted = (time.perf_counter(), 0)
        self._found: dict[Any, Any] = {}

    @property
    def lane(self) -> Lane:
        """The selected run."""
        return self.lanes[self.selected]

    # -- from other threads --------------------------------------------------------------------------------------------

    def ask(self, name: str, arguments: dict[str, Any]) -> Future[Any]:
        """Queue a command, from any thread; the future gets its result, or the error to show."""
        future: Future[Any] = Future()
        self._asked.put((name, arguments, future))
        return future

    # -- in the thread of the training ---------------------------------------------------------------------------------

    def work(self) -> None:
        """Train, answer and show until the playground is over."""
        with np.errstate(all="ignore"):
            while not self.over:
                self.turn()

    def turn(self) -> None:
        """Train a little if playing, answer commands, and show what is due."""
        try:
            if self.playing:
                self._advance()
            self._answer(self._idle())
            self._show()
        except Exception as error:  # a user's model may raise anything: the page shows it and waits
            self.playing, self.goal, self._fine_at = False, None, None
            self.state_is_new = self.picture_is_new = False
            told = f"play: the run stopped at {type(error).__name__}: {error}; correct the model, or change it"
            self.tell(json.dumps({"type": "error", "id": None, "content": visible(told)}))

    def follow(self, link: str) -> None:
        """Apply a link, before any page asks."""
        commands.link(self, link)

    def rest(self) -> None:
        """Pause the training."""
        self.playing, self.goal = False, None
        self.fresh()

    def fresh(self) -> None:
        """Send the whole state and a new picture to all pages."""
        self.state_is_new = self.picture_is_new = True

    def plane(self, lane: Lane) -> Plane:
        """Return what the maps of a run are drawn over."""
        return self._known("plane", lane, lambda: Plane.of(lane.run.parts, self.axes), self.axes)

    def constant(self, lane: Lane) -> Constant:
        """Return the best constant predictor of a run's data."""
        return self._known("constant", lane, lambda: Constant.of(lane.run.experiment, lane.run.dataset))

    def _known(self, what: str, lane: Lane, find: Callable[[], Any], also: Any = None) -> Any:
        """Return something that depends only on a run's data and loss, computed once."""
        key = (what, id(lane))
        known = self._found.get(key)
        if known is None or known[0] is not lane.run or known[1] != also:
            known = self._found[key] = (lane.run, also, find())
        return known[2]

    def _advance(self) -> None:
        start = time.perf_counter()
        if self.speed is not None:
            if start < self._next_epoch:
                return
            self._next_epoch = max(self._next_epoch + 1 / self.speed, start - 0.1)
        while True:
            self.picture_is_new = True
            if not self._go_through_epoch(start + _CHUNK):
                break
            if self._is_done():
                self.playing, self.state_is_new = False, True
                break
            now = time.perf_counter()
            if now - start > _CHUNK or (self.speed is not None and now < self._next_epoch):
                break
            if self.speed is not None:
                self._next_epoch += 1 / self.speed

    def _go_through_epoch(self, deadline: float) -> bool:
        """Bring the runs that are behind to their next evaluation; return whether all got there in time."""
        if len(self.lanes) == 1:  # saves 3 % of the time of a small network
            return self.lanes[0].go_through_epoch(deadline)
        going = [lane for lane in self.lanes if not lane.stopped]
        goal = min((lane.epoch for lane in going), default=0) + 1
        return all(lane.go_through_epoch(deadline) for lane in going if lane.epoch < goal)

    def _is_done(self) -> bool:
        if self.goal is not None and max(lane.epoch for lane in self.lanes) >= self.goal:
            self.goal = None
            return True
        return self.lane.stopped and all(lane.stopped for lane in self.lanes)

    def _idle(self) -> float:
        """Return how long to wait for a command, at most."""
        if self.playing:
            return 0.0 if self.speed is None else max(0.0, min(self._next_epoch - time.perf_counter(), 0.05))
        if not self.tabs:
            return 0.5
        if self.state_is_new or self.picture_is_new:
            return self._pace.wait()
        return 0.5 if self._fine_at is None else max(0.0, self._fine_at - time.perf_counter())

    def _answer(self, wait: float) -> None:
        try:
            asked = self._asked.get_nowait() if not wait else self._asked.get(timeout=wait)
            while True:
                self._do(*asked)
                asked = self._asked.get_nowait()
        except queue.Empty:
            pass

    def _do(self, name: str, arguments: dict[str, Any], future: Future[Any]) -> None:
        try:
            command = commands.COMMANDS.get(name)
            if command is None:
                known = ", ".join(commands.COMMANDS)
                raise LabError(f"play: command must be one of {known}, got {str(name)[:40]!r}; reload the page")
            try:
                inspect.signature(command).bind(self, **arguments)
            except TypeError as error:
                raise LabError(f"play: {name} has arguments that do not fit ({error}); reload the page") from None
            future.set_result(command(self, **arguments))
        except TinygradError as error:
            future.set_exception(error)
        except Exception as error:  # a failing command must not end the training
            future.set_exception(LabError(f"play: {name} failed ({type(error).__name__}: {error}); reload the page"))

    def _show(self) -> None:
        if not self.tabs or self._pace.wait():
            return
        if self.state_is_new:
            self.state_is_new = False
            self.tell(state.message(self))
        now = time.perf_counter()
        if self.picture_is_new:
            self.picture_is_new = False
            self._send(*_MOVING)
            self._fine_at = None if self.playing else now + SETTLE
        elif self._fine_at is not None and now >= self._fine_at:
            self._fine_at = None
            self._send(*_STILL)

    def _send(self, fine: int, coarse: int) -> None:
        start = time.thread_time()  # of this thread alone, as others may keep it waiting
        message = self.frame(fine, coarse)
        self.tell(message)
        self._pace.sent(time.thread_time() - start, len(message), self.tabs)

    def frame(self, fine: int, coarse: int) -> bytes:
        """Return a frame, with maps of this many cells a side."""
        now, epoch = time.perf_counter(), self.lane.epoch
        before, counted = self._counted
        if now - before > 0.5:
            self.rate = max(0.0, (epoch - counted) / (now - before)) if self.playing else 0.0
            self._counted = now, epoch
        packet = frames.Packet()
        lanes = [frames.overview(packet, lane, self.plane(lane), self.shown, fine) for lane in self.lanes]
        lane = self.lane
        header = {
            "playing": self.playing,
            "rate": self.rate,
            "shown": self.shown,
            "selected": self.selected,
            "last": max(lane.epoch for lane in self.lanes),
            "lanes": lanes,
            "detail": frames.detail(packet, lane, self.constant(lane), self.plane(lane), self.shown, coarse),
        }
        return packet.pack(header)
