"""What a page is sent, and in what order."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from tinygrad_lab.play.server import Tab


class Line:
    """What has been sent over a socket."""

    def __init__(self):
        self.sent = []

    async def send_text(self, text):
        self.sent.append(text)

    send_bytes = send_text


def test_a_page_gets_no_frame_before_the_state():
    """It would show that a run trains, and know nothing of it: the space bar then trained it instead of pausing it."""

    async def talk():
        tab = Tab(Line())
        sending = asyncio.create_task(tab.send())
        for message in (b"made before it came", "state", b"first", "more", b"second"):
            tab.offer(message)
            await asyncio.sleep(0.001)
        sending.cancel()
        return tab.socket.sent

    # The thread of the tests has a loop already where a browser has been asked for.
    with ThreadPoolExecutor() as elsewhere:
        assert elsewhere.submit(asyncio.run, talk()).result() == ["state", b"first", "more", b"second"]
