"""The page's text: one file, nothing loaded, safe with any name."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import weakref
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab import viz
from tinygrad_lab.viz.describe.capture import capture
from tinygrad_lab.viz.describe.snapshot import Snapshot
from tinygrad_lab.viz.describe.stepper import steps
from tinygrad_lab.viz.describe.tracing import Trace, run
from tinygrad_lab.viz.write.html import SCRIPTS, _asset, page


class Elements(HTMLParser):
    """Collects start tags with their attributes, and the text in each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.inside = "data" if ("id", "data") in attributes else tag

    def handle_data(self, data):
        self.texts[self.inside] = self.texts.get(self.inside, "") + data

    def handle_endtag(self, tag):
        self.inside = ""


def graph(name: str = "x", title: str = "graph") -> Snapshot:
    x = tl.Value([1.0, 2.0], name=name)
    return capture([np.sum(x * x)], Trace(), title)


def test_holds_the_snapshot_and_the_steps():
    snapshot = graph()
    data = json.loads(Elements(page(snapshot)).texts["data"])
    assert data["snapshot"] == json.loads(json.dumps(snapshot.to_dict()))
    assert [step["node"] for step in data["steps"]] == [step.node.id for step in steps(snapshot)]


def test_nothing_is_loaded_from_anywhere():
    found = Elements(page(graph()))
    named = {"src", "href", "srcset", "action", "data"}
    assert [(tag, a["href"]) for tag, a in found.tags if a.keys() & named] == [("a", "#")]  # to a step of this page
    outside = re.findall(r"https?://[^\s\"'`]+", found.texts["script"] + found.texts["style"])
    assert set(outside) <= {"http://www.w3.org/2000/svg"}  # a name, not an address
    assert "@import" not in found.texts["style"]
    assert "url(" not in found.texts["style"]


def test_policy_names_the_only_script_and_style():
    found = Elements(page(graph()))
    policy = next(a["content"] for tag, a in found.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    for tag in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(found.texts[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_handlers_and_styles_are_not_in_the_markup():
    names = {name for _, attributes in Elements(page(graph())).tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name == "style"]


def test_is_small_before_data():
    text = page(graph())
    assert len(text.encode()) - len(Elements(text).texts["data"].encode()) < 150_000


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_name_and_title_come_back_unchanged(name, title):
    snapshot = graph(name or "x", title)
    found = Elements(page(snapshot))
    assert json.loads(found.texts["data"])["snapshot"]["nodes"][0]["name"] == (name or "x")
    assert [tag for tag, _ in found.tags if tag == "script"] == ["script", "script"]


@pytest.mark.parametrize("name", ["</script><script>", "<!--<script>", "]]>", "\ud800", "\u2028", "{{script}}", "&lt;"])
def test_hostile_names_stay_text(name):
    text = page(graph(name, name))
    text.encode()
    assert text.count("<script") == 2
    assert json.loads(Elements(text).texts["data"])["snapshot"]["title"].encode("utf-8", "replace")


def test_not_a_number_is_json():
    x = tl.Value([np.nan, np.inf], name="x")
    with np.errstate(all="ignore"):
        data = Elements(page(capture([np.sum(x * -x)], Trace(), "bad"))).texts["data"]
    assert json.loads(data, parse_constant=pytest.fail)["snapshot"]["nodes"][0]["value"]["value"] == ["nan", "inf"]


def test_keeps_nothing_alive(collect):
    x = tl.Value(np.ones(3), name="x")
    text, gone = page(capture([np.sum(x)], Trace(), "sum")), weakref.ref(x)
    del x
    collect()
    assert gone() is None
    assert text


def test_every_element_the_script_asks_for_is_there():
    markup = _asset("page.html")
    asked = {own for name in SCRIPTS for own in re.findall(r'byId\("([\w-]+)"\)', _asset(name))}
    assert {own for own in asked if f'id="{own}"' not in markup} == set()


def test_every_key_is_in_the_overlay():
    keys = re.search(r"const keys = \{(.*?)\};", _asset("page.js"), re.DOTALL)
    assert keys is not None
    names = re.findall(r'(?:^|, |\s)"?([\w/+=?-]+)"?:', keys[1])
    signs = {"ArrowRight": "→", "ArrowLeft": "←", "ArrowUp": "↑", "ArrowDown": "↓", "Escape": "Esc", "-": "−"}
    overlay = re.findall(r"<kbd>(.*?)</kbd>", _asset("page.html"))
    aliases = {"0", "="}  # of f and +
    assert {name for name in names if signs.get(name, name) not in overlay} - aliases == set()


def chain(n: int) -> Snapshot:
    value = tl.Value(1.0, name="x")
    for _ in range(n):
        value = np.tanh(2.0 * value)
    return capture([np.sum(value)], Trace(), "chain")


def test_repetitions_fold_in_large_graphs_only():
    small, large = (json.loads(Elements(page(chain(n), max_nodes=50)).texts["data"]) for n in (10, 100))
    assert small["snapshot"]["groups"] == []
    (group,) = large["snapshot"]["groups"]
    assert group["name"] == "multiply, tanh × 100"
    inside = [node for node in large["snapshot"]["nodes"] if node["group"] == group["id"]]
    assert len([node for node in inside if node["operation"]]) == 200
    assert len([node for node in inside if node["kind"] == "constant"]) == 100
    outside = [node["id"] for node in large["snapshot"]["nodes"] if not node["group"]]
    assert outside == ["sum"]
    assert large["steps"] == json.loads(Elements(page(chain(100), max_nodes=500)).texts["data"])["steps"]


def test_options_say_what_is_grouped_and_how_deep_it_opens(tmp_path):
    path = tmp_path / "page.html"
    viz.draw(np.tanh, 0.5, depth=1).html(path)
    assert json.loads(Elements(path.read_text(encoding="utf-8")).texts["data"])["depth"] == 1
    whole = json.loads(Elements(page(chain(100), fold=False, max_nodes=50)).texts["data"])
    forced = json.loads(Elements(page(chain(10), fold=True)).texts["data"])
    assert whole["snapshot"]["groups"] == []
    assert [group["name"] for group in forced["snapshot"]["groups"]] == ["multiply, tanh × 10"]


def test_repeated_calls_fold_together():
    class Net(tl.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = tl.nn.Linear(2, 2, rng=np.random.default_rng(0))

        def forward(self, x):
            for _ in range(30):
                x = np.tanh(self.cell(x))
            return np.sum(x)

    output, trace = run(Net(), (np.ones((1, 2)),))
    groups = json.loads(Elements(page(capture([output], trace, "net"), max_nodes=20)).texts["data"])["snapshot"][
        "groups"
    ]
    assert [group["name"] for group in groups[:2]] == ["cell × 30", "cell#0"]
    assert {group["parent"] for group in groups[1:]} == {groups[0]["id"]}
