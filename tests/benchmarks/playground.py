"""What a page costs a training at full speed: epochs for a second of the processor's time, without and with a page."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from tinygrad_lab.lab import Config, running
from tinygrad_lab.play.serving import serve
from tinygrad_lab.play.session import Session
from tinygrad_lab.play.sources import source

ROUNDS, SECONDS = 7, 1.5
SETTINGS = {"hidden": (8, 8)}
READER = """
import sys
from websockets.sync.client import connect
address, cookie = sys.argv[1:]
headers = {"Cookie": cookie}
with connect(f"ws://{address}/live", origin=f"http://{address}", additional_headers=headers, max_size=None) as page:
    for message in page:
        pass
"""


def run(with_torch: bool) -> str:
    """Measure, and return the table."""
    session, sent = Session(source("xor", SETTINGS)), [0]
    rates: dict[str, list[float]] = {"`train`": [], "`play`, no page": [], "`play`, a page": []}
    wire = []
    with serve(session, port=0) as address, np.errstate(all="ignore"):
        tell = session.tell

        def counted(message: str | bytes) -> None:
            sent[0] += len(message)
            tell(message)

        session.tell, session.speed, session.playing = counted, None, True
        training = running.prepare(Config(**SETTINGS, epochs=10**9)).training()
        for _ in range(ROUNDS):
            rates["`train`"].append(_rate(lambda: _epochs(training), lambda: training.history.epochs))
            rates["`play`, no page"].append(_rate(session.turn, lambda: session.lane.epoch))
            with _page(address) as page:
                _until(session, 1)
                before = sent[0]
                rates["`play`, a page"].append(_rate(session.turn, lambda: session.lane.epoch))
                wire.append((sent[0] - before) / SECONDS)
                page.terminate()
            _until(session, 0)
    plain = statistics.median(rates["`train`"])
    lines = ["### The playground at full speed", "", "Target: a page costs at most 15 %, and 200 kB a second.", "",
             "| | epochs a second | of `train` |", "|---|---:|---:|"]  # fmt: skip
    for name, found in rates.items():
        share = statistics.median(one / first for one, first in zip(found, rates["`train`"], strict=True))
        lines.append(f"| {name} | {statistics.median(found):,.0f} | {share:.2f} |")
    assert plain > 0
    return "\n".join([*lines, "", f"On the wire: {statistics.median(wire) / 1000:.0f} kB a second."])


def _epochs(training: running.Training) -> None:
    for _ in range(100):
        training.evaluate()
        for _ in training.updates():
            pass


def _rate(go_on: Callable[[], None], epochs: Callable[[], int]) -> float:
    """Return epochs for a second of this process, its server's thread included."""
    begun, start, before = time.perf_counter(), time.process_time(), epochs()
    while time.perf_counter() - begun < SECONDS:
        go_on()
    return (epochs() - before) / (time.process_time() - start)


def _until(session: Session, tabs: int) -> None:
    while session.tabs != tabs:
        session.turn()


def _page(address: str) -> subprocess.Popen[bytes]:
    host = address.removeprefix("http://").partition("/")[0]
    cookie = f"tinygrad_lab_play_{host.partition(':')[2]}={address.partition('token=')[2]}"
    return subprocess.Popen([sys.executable, "-c", READER, host, cookie])
