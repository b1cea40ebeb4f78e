"""Who may ask, and for what: everything else is refused, and the training goes on."""

from __future__ import annotations

import http.client
import json
import socket
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_lab.errors import LabError
from tinygrad_lab.play import settings
from tinygrad_lab.play.guard import Guard, lower
from tinygrad_lab.play.session import Session
from tinygrad_lab.play.sources import files_in, source

HELLO = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}  # fmt: skip


def get(place, path, headers=None, method="GET", body=None):
    """Return status, headers and text of an answer."""
    connection = http.client.HTTPConnection(place.host, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


def cookie(place):
    port = place.host.partition(":")[2]
    return {"Cookie": f"tinygrad_lab_play_{port}={place.token}"}


def test_the_address_gives_a_cookie_and_hides_the_token(served):
    place = served("xor")
    status, headers, _ = get(place, f"/?token={place.token}")
    assert status == 303
    assert headers["location"] == "/"
    assert "HttpOnly" in headers["set-cookie"]
    assert "SameSite=Lax" in headers["set-cookie"]
    status, headers, text = get(place, "/", cookie(place))
    assert status == 200
    assert place.token not in text
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.slow
def test_without_the_token_nothing_is_given(served):
    place = served("xor")
    for path in (
        "/",
        "/assets/main.js",
        "/why?part=training&point=0",
        "/model.py",
        "/live",
        "/nothing",
        "/?token=",
        "/?token=x",
    ):
        for headers in ({}, {"Cookie": "tinygrad_lab_play=x"}, {"Cookie": cookie(place)["Cookie"] + "x"}):
            assert get(place, path, headers)[0] == 403, path
    assert get(place, "/live", HELLO)[0] == 403


@pytest.mark.slow
def test_another_host_name_or_origin_is_refused_even_with_the_token(served):
    place = served("xor")
    port = place.host.partition(":")[2]
    known = cookie(place)
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        f"127.0.0.1.evil.example:{port}",
        "",
    ):
        assert get(place, "/", known | {"Host": host})[0] == 403, host
        assert get(place, f"/?token={place.token}", {"Host": host})[0] == 403, host
    own = f"http://{place.host}"
    for origin in (
        "http://evil.example",
        "null",
        f"http://localhost.evil.example:{port}",
        "http://127.0.0.1:1",
        "file://",
    ):
        assert get(place, "/", known | {"Origin": origin})[0] == 403, origin
        assert get(place, "/live", known | HELLO | {"Origin": origin})[0] == 403, origin
    assert get(place, "/live", known | HELLO)[0] == 403  # a browser always says where it comes from
    assert get(place, "/", known | {"Origin": own})[0] == 200
    assert get(place, "/", known | {"Host": f"localhost:{port}"})[0] == 200


@pytest.mark.slow
def test_only_the_files_of_the_page_can_be_had(served):
    place = served("xor")
    known = cookie(place)
    assert get(place, "/assets/main.js", known)[0] == 200
    for path in (
        "../server.py",
        "..%2fserver.py",
        "%2e%2e/%2e%2e/pyproject.toml",
        "page.html/../../guard.py",
        "//etc/passwd",
        "",
        "%00",
        "x" * 3000,
    ):
        assert get(place, f"/assets/{path}", known)[0] in (400, 404), path
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert get(place, "/", known, method, b"x" * 100)[0] == 405
    for query in (
        "part=training&point=99",
        "part=etc&point=0",
        "part=training&point=-1",
        "part=training",
        "part=training&point=1e9",
        "point=9" * 500,
    ):
        status, _, text = get(place, f"/why?{query}", known)
        assert status == 400, query
        assert text.startswith("play: ")
        assert "\n" not in text


@pytest.mark.slow
def test_a_request_that_is_too_large_is_not_read(served):
    place = served("xor")
    with socket.create_connection(place.host.split(":"), timeout=10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Long: " + b"a" * 200_000)
        raw.settimeout(10)
        try:
            answer = raw.recv(200)
        except ConnectionError:
            answer = b""
    assert not answer or b" 4" in answer[:16]
    assert get(place, "/", cookie(place))[0] == 200


def connect(place, **headers):
    client = pytest.importorskip("websockets.sync.client")
    return client.connect(
        f"ws://{place.host}/live", origin=f"http://{place.host}", additional_headers=cookie(place) | headers,
        max_size=2**22,
    )  # fmt: skip


def answer(channel, number):
    while True:
        message = channel.recv(timeout=10)
        if isinstance(message, str) and json.loads(message).get("id") == number:
            return json.loads(message)


WRONG = [
    ("no command", {}, "command must be one of play, pause"),
    ("__init__", {}, "command must be one of"),
    ("speed", {"epochs": "fast"}, "speed must be a number"),
    ("speed", {"epochs": 1e9}, "speed must be a number from 1 to 10000"),
    ("step", {"more": 1}, "step has arguments that do not fit"),
    ("look", {"epoch": -1}, "epoch must be a whole number"),
    ("change", {"values": {"data": "/etc/passwd"}}, "data must be one of xor, linear"),
    ("change", {"values": {"data": "../x.csv"}}, "data must be one of"),
    ("change", {"values": {"test": "/etc/passwd"}}, "the settings are data, points"),
    ("change", {"values": {"hidden": [10**9]}}, "hidden must be at most 8 layers of at most 256 units"),
    ("change", {"values": {"hidden": [4] * 50}}, "hidden must be at most 8 layers"),
    ("change", {"values": {"hidden": "many"}}, "hidden must be a list of whole numbers"),
    ("change", {"values": {"lr": [1]}}, "lr must be a positive number"),
    ("change", {"values": 3}, "values must be settings by name"),
    ("change", {"values": {"data": "linear", "points": 10**9}}, "1000000000 points are too many"),
    ("axes", {"across": 5, "up": 0}, "across must be a whole number from 0 to 1"),
    ("link", {"text": "a" * 5000}, "and at most 2000 are allowed"),
    ("link", {"text": "data=%2Fetc%2Fpasswd"}, "data must be one of"),
    ("link", {"text": "epochs=1e9"}, "epochs must be from 1 to"),
    ("explain", {"part": "x", "point": 0}, "part must be training"),
]


@pytest.mark.slow
def test_a_socket_takes_commands_and_refuses_all_else_in_words(served):
    place = served("xor")
    with connect(place) as channel:
        for i, (name, values, text) in enumerate(WRONG):
            channel.send(json.dumps({"do": name, "with": values, "id": i}))
            message = answer(channel, i)
            assert message["type"] == "error", name
            assert text in message["content"], message["content"]
            assert "\n" not in message["content"]
        for text in (
            "",
            "[]",
            "3",
            "{",
            '{"do": 3}',
            '{"do": "step", "with": []}',
            "[" * 5000,
            '{"do": "step", "id": {}}',
        ):
            channel.send(text)
            assert answer(channel, None)["type"] in ("error", "state")
        assert place.session.lane.epoch == 1
        channel.send(json.dumps({"do": "epoch", "id": 99}))
        assert answer(channel, 99)["type"] == "answer"
    assert place.session.lane.epoch == 2


@pytest.mark.slow
def test_a_message_that_is_too_large_or_no_text_ends_the_connection(served):
    place = served("xor")
    exceptions = pytest.importorskip("websockets.exceptions")
    for message in ("x" * 100_000, b"\x00" * 10):
        with connect(place) as channel:
            channel.send(message)
            with pytest.raises(exceptions.ConnectionClosed):
                deque(iter(lambda: channel.recv(timeout=10), None))
    with connect(place) as channel:
        channel.send(json.dumps({"do": "epoch", "id": 1}))
        assert answer(channel, 1)["type"] == "answer"


# -- without a server --------------------------------------------------------------------------------------------------


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_whatever_headers_say_the_guard_answers(host, origin, given_cookie):
    guard = Guard(["127.0.0.1"], 80)
    headers = {"host": host, "origin": origin, "cookie": given_cookie}
    assert guard.refusal(headers, socket=True)


@pytest.mark.parametrize(
    ("host", "own"),
    [("192.0.2.7:80", True), ("[fd00::2]:80", True), ("me:80", True), ("192.0.2.7:81", False), ("192.0.2.7", False),
     ("evil.example:80", False), ("192.0.2.7.evil.example:80", False), (":80", False)],
)  # fmt: skip
def test_where_all_addresses_are_listened_at_names_are_still_refused(host, own):
    assert Guard(["me"], 80, addresses=True).is_own_host({"host": host}) is own
    assert not Guard(["you"], 80).is_own_host({"host": host})


def test_two_host_headers_are_none():
    assert lower([(b"Host", b"127.0.0.1:1"), (b"host", b"evil")])["host"] == ""


def test_files_that_lead_out_of_a_folder_are_not_offered(tmp_path):
    folder, outside = tmp_path / "data", tmp_path / "secret.csv"
    folder.mkdir()
    outside.write_text("a,b\n1,0\n2,1\n")
    (folder / "good.csv").write_text("a,b\n1,0\n2,1\n")
    (folder / "link.csv").symlink_to(outside)
    (folder / "text.txt").write_text("x")
    assert list(files_in(folder)) == ["good.csv"]
    begun = source(str(folder), {})
    assert begun.datasets[:2] == ["good.csv", "xor"]
    for name in ("link.csv", "../secret.csv", str(outside), "good.csv/../../secret.csv"):
        with pytest.raises(LabError, match=r"data must be one of good\.csv, xor"):
            begun.data_called(name)


SIMPLE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.lists(st.integers(), max_size=3)
)


@given(st.dictionaries(st.sampled_from(settings.SETTINGS), SIMPLE, max_size=3))
def test_whatever_a_page_sets_is_taken_on_or_refused_in_one_line(values):
    session = SESSION
    values = {name: 300 if name == "seed" and isinstance(x, int) and x > 10**30 else x for name, x in values.items()}
    future = session.ask("change", {"values": values})
    session._answer(0.0)
    error = future.exception(0)
    if error is not None:
        assert isinstance(error, LabError)
        assert "\n" not in str(error)
        assert "; " in str(error)
    assert len(session.lane.history.loss) == 1


SESSION = Session(source("xor", {"hidden": (2,)}))
