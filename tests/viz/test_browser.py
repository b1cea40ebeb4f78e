"""The page in a real browser: Debian's Chromium, offline, from a file, driven with the keyboard."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import viz
from tinygrad_lab.viz.choose import labels
from tinygrad_lab.viz.describe.capture import capture
from tinygrad_lab.viz.describe.snapshot import Snapshot
from tinygrad_lab.viz.describe.stepper import steps
from tinygrad_lab.viz.describe.summary import jsonable
from tinygrad_lab.viz.describe.tracing import Trace, run
from tinygrad_lab.viz.write.html import page


@pytest.fixture
def show(tabs: Callable[..., Any], tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open a snapshot's page; at the end, fail if a script failed or anything but the file was asked for."""
    troubles: list[str] = []

    def open_page(snapshot: Snapshot, **options: Any) -> Any:
        path = tmp_path / "graph.html"
        path.write_text(page(snapshot, **options), encoding="utf-8")
        listeners = {
            "pageerror": lambda error: troubles.append(f"error: {error}"),
            "console": lambda message: troubles.append(f"console: {message.text}"),
            "dialog": lambda dialog: troubles.append(f"dialog: {dialog.message}"),
            "request": lambda request: request.url == path.as_uri() or troubles.append(f"request: {request.url}"),
        }
        tab = tabs(listeners, offline=True, reduced_motion="reduce")
        tab.goto(path.as_uri())
        return tab

    yield open_page
    assert not troubles


# -- graphs ------------------------------------------------------------------------------------------------------------


class Xor(tl.nn.Module):
    """The network with two hidden layers, and its loss."""

    def __init__(self) -> None:
        super().__init__()
        rng = np.random.default_rng(0)
        layers = [
            layer for m, n in ((2, 4), (4, 4), (4, 1)) for layer in (tl.nn.Linear(m, n, rng=rng), tl.nn.Sigmoid())
        ]
        self.net = tl.nn.Sequential(*layers)
        self.loss = tl.nn.MSELoss()

    def forward(self, x, y):
        return self.loss(self.net(x), y)


X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])


def xor() -> tuple[Snapshot, dict[str, np.ndarray]]:
    """A snapshot, and the parameters' gradients by `backward()`."""
    model = Xor()
    loss, trace = run(model, (X, Y))
    snapshot = capture([loss], trace, "XOR")
    model(X, Y).backward()
    return snapshot, {name: parameter.grad for name, parameter in model.named_parameters()}


def neuron() -> tuple[Snapshot, list[tl.Value]]:
    """A scalar graph in which x is used twice."""
    x, w, b = (tl.Value(data, name=name) for data, name in ((2.0, "x"), (-3.0, "w"), (6.5, "b")))
    output = np.tanh(x * w + b) * x
    snapshot = capture([output], Trace(), "neuron")
    output.backward()
    return snapshot, [x, w, b]


class Recurrent(tl.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        rng = np.random.default_rng(0)
        self.inner, self.outer = tl.nn.Linear(3, 4, rng=rng), tl.nn.Linear(4, 4, rng=rng)

    def forward(self, x, h):
        return np.tanh(self.inner(x) + self.outer(h))


class Unrolled(tl.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = Recurrent()

    def forward(self, x):
        h = np.zeros((1, 4))
        for t in range(len(x)):
            h = self.cell(x[t : t + 1], h)
        return np.mean(h)


def unrolled(steps_: int = 6) -> Snapshot:
    output, trace = run(Unrolled(), (np.ones((steps_, 3)),))
    return capture([output], trace, "unrolled")


def mesh(n: int) -> Snapshot:
    rng = np.random.default_rng(1)
    pool = [tl.Value(float(x), name=f"v{i}") for i, x in enumerate(rng.normal(size=6))]
    for _ in range(n):
        i, j = rng.integers(max(0, len(pool) - 12), len(pool), 2)
        pool.append(np.tanh(pool[i] + pool[j]) if rng.random() < 0.5 else pool[i] - pool[j])
    return capture([sum(pool[-12:])], Trace(), "mesh")


# -- reading the page --------------------------------------------------------------------------------------------------


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("∞", "inf").replace("NaN", "nan"))


def close(shown: float, exact: float) -> bool:
    return shown == exact or (math.isnan(shown) and math.isnan(exact)) or abs(shown - exact) <= 6e-4 * abs(exact)


def numbers(tab: Any, selector: str) -> list[float]:
    """The numbers in the innermost elements below `selector`."""
    texts = tab.locator(f"{selector} :is(td, span.number:not(:has(svg)))").all_inner_texts()
    return [number(text) for text in texts]


def agrees(text: str, gradient: Any) -> bool:
    """Whether a gradient in one line, all elements or the norm, is the one that Python has."""
    text = text.removeprefix("∇ ")
    if text.startswith("‖·‖"):
        return close(number(text.removeprefix("‖·‖ ")), float(np.linalg.norm(gradient)))
    shown = [number(part) for part in text.strip("[]").split(", ")]
    return len(shown) == np.size(gradient) and all(map(close, shown, np.ravel(gradient).tolist()))


def box(tab: Any, own: str) -> Any:
    return tab.locator(f'#world g.box[data-id="{own}"]').first


# -- gradients and steps -----------------------------------------------------------------------------------------------


def test_every_gradient_shown_is_pythons(show):
    snapshot, gradients = xor()
    tab = show(snapshot)
    for name, gradient in gradients.items():
        assert agrees(box(tab, name).locator(".gradient").text_content(), gradient), name
    tab.keyboard.press("t")
    rows = tab.locator("#rows tr").all()
    shown = {row.get_attribute("data-id"): row.locator("td.of-gradient").inner_text() for row in rows}
    assert set(shown) == {node.id for node in snapshot.nodes}
    for name, gradient in gradients.items():
        assert agrees(shown[name], gradient), name
    for node in snapshot.nodes:
        assert agrees(shown[node.id], node.gradient.value) if node.gradient else shown[node.id] == "", node.id


@pytest.mark.parametrize("make", [xor, neuron])
def test_stepping_with_the_keyboard_shows_every_contribution(show, make):
    snapshot, _ = make()
    tab = show(snapshot)
    assert "Every gradient" in tab.locator("#card").inner_text()
    tab.keyboard.press("ArrowRight")
    assert numbers(tab, "#card") == [1.0]
    for i, step in enumerate(steps(snapshot), start=1):
        tab.keyboard.press("ArrowRight")
        assert tab.locator("#counter").inner_text() == f"{i} of {len(steps(snapshot))}"
        assert tab.locator("g.box.current").get_attribute("data-id") == step.node.id
        for contribution in step.contributions:
            card = f'.contribution[data-edge="{contribution.number}"]'
            exact = np.ravel(contribution.edge.gradient.value).tolist()
            assert all(map(close, numbers(tab, f"{card} .result"), exact)), (step.node.id, contribution.edge.source)
            if contribution.uses > 1:
                total = np.ravel(contribution.total).tolist()
                assert all(map(close, numbers(tab, f"{card} .accumulation"), total))
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#counter").inner_text().startswith(f"{len(steps(snapshot))} of")


def test_gradients_appear_as_they_arrive(show):
    snapshot, (x, w, _) = neuron()
    tab = show(snapshot)
    gradient = box(tab, "x").locator(".gradient")
    tab.keyboard.press("Home")
    assert gradient.text_content() == "∇ …"
    tab.keyboard.press("ArrowRight")  # tanh(…) · x
    assert gradient.text_content().endswith("(1 of 2)")
    assert box(tab, "w").locator(".gradient").text_content() == "∇ …"
    tab.keyboard.press("End")
    assert agrees(gradient.text_content(), x.grad)
    assert agrees(box(tab, "w").locator(".gradient").text_content(), w.grad)
    tab.keyboard.press("ArrowLeft")
    assert gradient.text_content().endswith("(1 of 2)")
    tab.keyboard.press("Escape")
    assert agrees(gradient.text_content(), x.grad)
    assert tab.locator("#counter").inner_text() == "all gradients"


def test_a_screen_reader_hears_each_step(show):
    snapshot, _ = neuron()
    tab = show(snapshot)
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    spoken = tab.locator("#live").text_content()
    assert spoken.startswith("Step 1 of 4, multiply. contribution to tanh: 2;")


# -- quiz --------------------------------------------------------------------------------------------------------------


def test_quiz_hides_until_the_answer_is_right(show):
    snapshot, _ = neuron()
    tab = show(snapshot)
    tab.keyboard.press("q")
    assert "?" in box(tab, "x").locator(".gradient").text_content()
    tab.keyboard.press("Home")
    tab.keyboard.press("ArrowRight")
    (step, *_) = steps(snapshot)
    first, second = step.contributions
    field = tab.locator(f'[data-question="{first.number}"]')
    field.fill("123")
    field.press("Enter")
    wrong = tab.locator(".question", has=field).locator(".verdict")
    assert wrong.inner_text() == "✗ wrong, try again"
    assert "score" not in tab.locator("#score").inner_text()
    assert field.get_attribute("aria-invalid") == "true"
    field.fill(f"{first.edge.gradient.value * 1.005:.6f}")  # half a per cent off
    field.press("Enter")
    assert field.count() == 0
    assert tab.locator("#live").text_content().startswith("Right")
    assert box(tab, first.edge.source).locator(".gradient").text_content().startswith("∇ 2")
    tab.locator(f'.contribution[data-edge="{second.number}"] .result button', has_text="Show").click()
    assert numbers(tab, f'.contribution[data-edge="{second.number}"] .result')
    tab.locator("#quiz").click()
    assert "?" not in box(tab, "w").locator(".gradient").text_content()


def test_quiz_asks_for_a_whole_array(show):
    snapshot, gradients = xor()
    tab = show(snapshot)
    tab.keyboard.press("q")
    box(tab, "net.0.bias").click()
    field = tab.locator('#panel [data-question="net.0.bias"]')
    values = gradients["net.0.bias"].tolist()
    field.fill("1 2 3")
    field.press("Enter")
    assert "4 numbers" in tab.locator("#panel .verdict").inner_text()
    field.fill(", ".join(map(str, [*values[:3], 77])))
    field.press("Enter")
    assert "3 of 4 are right" in tab.locator("#panel .verdict").inner_text()
    field.fill(", ".join(map(str, values)))
    field.press("Enter")
    assert agrees(box(tab, "net.0.bias").locator(".gradient").text_content(), gradients["net.0.bias"])


def test_quiz_hides_what_marks_say_about_gradients(show):
    x = tl.Value(2.0, name="x")
    tab = show(capture([x * 0.0], Trace(), "dead"))
    mark = box(tab, "x").locator(".badge")
    assert mark.is_visible()
    tab.keyboard.press("q")
    assert not mark.is_visible()
    assert "exactly 0" not in box(tab, "x").get_attribute("aria-label")


def test_quiz_never_writes_a_hidden_gradient_into_the_page(show):
    snapshot, _ = neuron()
    tab = show(snapshot)
    tab.keyboard.press("q")
    for key in ["Home", "ArrowRight", "ArrowRight", "t"]:
        tab.keyboard.press(key)
    text = tab.locator("body").inner_text() + "".join(
        tab.locator("#world g.box").evaluate_all("all => all.map(b => b.ariaLabel)")
    )
    hidden = f"{snapshot.by_id['w'].gradient.value:.4g}".replace("-", "−")
    assert hidden not in text


def test_numbers_and_shapes_are_written_as_in_pictures(show):
    rng = np.random.default_rng(0)
    sizes = 10.0 ** rng.integers(-12, 12, size=60)
    numbers_ = [*(rng.normal(size=60) * sizes).tolist(), 0.0, 1.0, 0.5, 9999.5, 99995.0, 1e4, 1e-4, 12345.0, 0.1235]
    z = [complex(a, b) for a, b in zip(numbers_[::2], numbers_[1::2], strict=False)]
    special = [float("nan"), float("inf"), float("-inf"), complex("nan"), 3 - 4j, -0.0]
    values = [*numbers_, *z, *special]
    tab = show(neuron()[0])
    assert tab.evaluate("all => all.map(x => format(x))", jsonable(values)) == [labels.number(x) for x in values]
    shapes = [(), (3,), (2, 3), (1, 2, 3)]
    written = tab.evaluate("all => all.map(shape => shapeText({ shape }))", [list(s) for s in shapes])
    assert written == [str(s or "scalar") for s in shapes]


# -- modules, search, paths --------------------------------------------------------------------------------------------


def test_modules_open_and_close(show):
    snapshot, _ = xor()
    tab = show(snapshot)
    tab.keyboard.press("c")
    assert tab.locator("#caption").inner_text() == "7 operations, 2 shown"
    net = box(tab, "net")
    assert net.get_attribute("aria-expanded") == "false"
    net.focus()
    tab.keyboard.press("Enter")
    assert box(tab, "net").get_attribute("aria-expanded") == "true"
    box(tab, "net/0").locator(".handle").click()
    assert box(tab, "net.0.weight").is_visible()
    box(tab, "net/0/linear").click()
    tab.keyboard.press("Enter")  # closes the module around
    assert box(tab, "net.0.weight").count() == 0
    tab.keyboard.press("e")
    assert tab.locator("#caption").inner_text() == "7 operations"


def test_a_closed_module_shows_the_gradient_of_its_result(show):
    snapshot, _ = xor()
    tab = show(snapshot)
    tab.keyboard.press("c")
    exact = snapshot.by_id["net/5/sigmoid"].gradient
    assert agrees(box(tab, "net").locator(".gradient").text_content(), exact.value)


def test_large_graphs_begin_closed(show):
    tab = show(unrolled(12), max_nodes=30)
    assert tab.locator("#caption").inner_text().endswith("25 shown")
    assert box(tab, "cell#3").get_attribute("aria-expanded") == "false"


def test_what_repeats_in_a_large_graph_is_folded_and_opens(show):
    value = tl.Value(1.0, name="x")
    for _ in range(100):
        value = np.tanh(2.0 * value)
    tab = show(capture([value], Trace(), "chain"), max_nodes=50)
    assert tab.locator("#caption").inner_text() == "200 operations, 1 shown"
    tab.locator("#world .handle").click()
    assert tab.locator("#caption").inner_text() == "200 operations"


def test_search_finds_and_opens(show):
    snapshot, _ = xor()
    tab = show(snapshot)
    tab.keyboard.press("c")
    tab.keyboard.press("/")
    tab.keyboard.type("4.BIAS")
    assert tab.locator("#hits").inner_text() == "1 found"
    tab.keyboard.press("Enter")
    assert box(tab, "net.4.bias").is_visible()
    assert "selected" in box(tab, "net.4.bias").get_attribute("class")
    assert tab.locator("#panel h2").inner_text() == "net.4.bias"
    tab.locator("#search").fill("no such thing")
    assert tab.locator("#hits").inner_text() == "0 found"


def test_search_opens_the_module_that_uses_a_shared_parameter(show):
    tab = show(unrolled(12), max_nodes=30)
    tab.keyboard.press("/")
    tab.keyboard.type("cell.inner.weight")
    tab.keyboard.press("Enter")
    assert box(tab, "cell.inner.weight").is_visible()


def test_path_to_the_output(show):
    snapshot, _ = xor()
    tab = show(snapshot)
    box(tab, "net.4.weight").click()
    tab.keyboard.press("p")
    aside = set(tab.locator("g.box.aside").evaluate_all("boxes => boxes.map(box => box.dataset.id)"))
    assert "net/0/linear" in aside
    assert not aside & {"net.4.weight", "net/4/linear", "net/5/sigmoid", "loss/mse_loss"}
    assert tab.locator("#way").get_attribute("aria-pressed") == "true"


def test_arrows_walk_along_the_edges(show):
    snapshot, _ = xor()
    tab = show(snapshot)
    for key, expected in [("ArrowUp", "loss/mse_loss"), ("ArrowUp", "net/5/sigmoid"), ("ArrowUp", "net/4/linear"),
                          ("ArrowDown", "net/5/sigmoid"), ("k", "net/4/linear"), ("j", "net/5/sigmoid")]:  # fmt: skip
        tab.keyboard.press(key)
        assert tab.evaluate("document.activeElement.dataset.id") == expected


def test_panel_tells_what_is_known(show):
    snapshot, _ = neuron()
    tab = show(snapshot)
    box(tab, "tanh").click()
    panel = tab.locator("#panel").inner_text()
    assert "∂f/∂add += ∂f/∂tanh · (1 − tanh²)" in panel
    assert "Computed from" in panel
    tab.locator("#panel button.link", has_text="multiply").click()
    assert tab.locator("#panel h2").inner_text() == "multiply"


# -- the rest of the page ----------------------------------------------------------------------------------------------


def test_keys_overlay_theme_and_zoom(show):
    tab = show(neuron()[0])
    tab.keyboard.press("?")
    assert tab.locator("dialog").is_visible()
    tab.keyboard.press("ArrowRight")  # the overlay takes the keys
    assert tab.locator("#counter").inner_text() == "all gradients"
    tab.keyboard.press("Escape")
    assert not tab.locator("dialog").is_visible()
    background = "getComputedStyle(document.body).backgroundColor"
    before = tab.evaluate(background)
    tab.keyboard.press("d")
    assert tab.evaluate(background) != before
    world = tab.locator("#world")
    fitted = world.get_attribute("transform")
    tab.keyboard.press("+")
    tab.keyboard.press("Shift+ArrowRight")
    assert world.get_attribute("transform") != fitted
    tab.keyboard.press("f")
    assert world.get_attribute("transform") == fitted


def test_dragging_and_the_wheel_move_the_picture(show):
    tab = show(neuron()[0])
    world, before = tab.locator("#world"), tab.locator("#world").get_attribute("transform")
    box(tab, "w").click()
    tab.mouse.move(60, 300)
    tab.mouse.down()
    tab.mouse.move(160, 340, steps=4)
    tab.mouse.up()
    moved = world.get_attribute("transform")
    assert moved != before
    assert tab.locator("#panel h2").inner_text() == "w"  # a drag is no click
    tab.mouse.wheel(0, -200)
    tab.wait_for_function("old => document.getElementById('world').getAttribute('transform') !== old", arg=moved)


def test_hovering_shows_a_summary(show):
    tab = show(neuron()[0])
    box(tab, "w").hover()
    assert "value -3" in tab.locator("#tip").inner_text()


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "\"'<>|{}\\&amp;",
    "名前 ∂ \u2028",
    "]]>",
    "{{data}}",
]


def test_hostile_names_are_only_names(show):
    values = [tl.Value(float(i + 1), name=name) for i, name in enumerate(HOSTILE)]
    tab = show(capture([sum(values)], Trace(), "</title><script>alert(3)</script>{{script}}"))
    shown = set(tab.locator("g.box .name").all_text_contents())
    assert set(HOSTILE) - {HOSTILE[0]} <= shown
    assert tab.locator("h1").inner_text() == "</title><script>alert(3)</script>{{script}}"
    assert tab.locator("img").count() == 0
    tab.keyboard.press("t")
    assert HOSTILE[0] in tab.locator("#rows").inner_text()


def test_not_a_number_is_shown_and_its_origin_selected(show):
    x = tl.Value([0.0, 1.0], name="x")
    with np.errstate(all="ignore"):
        output = np.sum(np.log(x) * x)
    tab = show(capture([output], Trace(), "trouble"))
    assert "trouble" in box(tab, "log").get_attribute("class")
    assert tab.locator("#panel h2").inner_text() == "log"
    assert box(tab, "sum").locator(".line").text_content() == "NaN"


@pytest.mark.parametrize("make", [lambda: xor()[0], lambda: neuron()[0], unrolled, lambda: mesh(120)])
def test_no_boxes_overlap_and_text_stays_inside(show, make):
    tab = show(make())
    tab.keyboard.press("e")
    found = tab.evaluate("""() => {
        const all = [...boxes.values()], bad = [];
        const path = box => (box ? [box.id, ...path(boxes.get(box.parent))] : []);
        for (const a of all) {
            for (const b of all) {
                const nested = path(a).includes(b.id) || path(b).includes(a.id);
                if (a !== b && !nested && a.x < b.x + b.width && b.x < a.x + a.width
                    && a.y < b.y + b.height && b.y < a.y + a.height) bad.push([a.id, b.id]);
            }
            const parent = boxes.get(a.parent);
            if (parent && (a.x < parent.x || a.y < parent.y || a.x + a.width > parent.x + parent.width
                || a.y + a.height > parent.y + parent.height)) bad.push([a.id, "outside", parent.id]);
            for (const text of a.element.querySelectorAll(":scope > text")) {
                if (text.getBBox().width > a.width) bad.push([a.id, text.textContent]);
            }
        }
        return bad;
    }""")
    assert found == []


def test_lines_lead_down_into_their_boxes(show):
    tab = show(unrolled(3))
    tab.keyboard.press("e")
    ends = tab.evaluate("""() => links.map(link => {
        const a = boxes.get(link.source), b = boxes.get(link.target), first = link.points[0], last = link.points.at(-1);
        return [first[1] - (a.y + a.height), last[1] - b.y, last[0] - b.x, b.x + b.width - last[0],
                Math.min(...link.points.slice(1).map((point, i) => point[1] - link.points[i][1]))];
    })""")
    for start, end, left, right, fall in ends:
        assert start == pytest.approx(0, abs=1e-6)
        assert end == pytest.approx(0, abs=1e-6)
        assert min(left, right) > 0
        assert fall >= -1e-6


@pytest.mark.parametrize("make", [lambda: xor()[0], unrolled, lambda: mesh(60)])
def test_lines_pass_by_the_boxes_and_frames_of_others(show, make):
    tab = show(make())
    tab.keyboard.press("e")
    met = tab.evaluate("""() => {
        const path = box => (box ? [box.id, ...path(boxes.get(box.parent))] : []), met = [];
        for (const link of links) {
            const own = new Set([...path(boxes.get(link.source)), ...path(boxes.get(link.target))]);
            const others = [...boxes.values()].filter(box => !own.has(box.id));
            const length = link.forward.getTotalLength();
            for (let s = 0; s <= length; s += 4) {
                const { x, y } = link.forward.getPointAtLength(s);
                for (const box of others) {
                    if (x > box.x + 1 && x < box.x + box.width - 1 && y > box.y + 1 && y < box.y + box.height - 1) {
                        met.push([link.source, link.target, box.id]);
                    }
                }
            }
        }
        return met;
    }""")
    assert met == []


def test_the_table_fits_and_breaks_no_name_into_pieces(show):
    def network(x, target):
        net = tl.nn.Sequential(tl.nn.Linear(2, 4), tl.nn.Sigmoid(), tl.nn.Linear(4, 1))
        return tl.nn.BCEWithLogitsLoss()(net(x), target)

    tab = show(viz.draw(network, X * 1.0, Y * 1.0).snapshot)
    tab.keyboard.press("t")
    heights = tab.locator("#rows tr").evaluate_all("rows => rows.map(row => row.getBoundingClientRect().height)")
    assert max(heights) < 75  # three lines
    assert tab.evaluate("byId('table').scrollWidth <= byId('table').clientWidth")


def test_a_module_called_after_its_class_says_it_once(show):
    tab = show(viz.draw(lambda x: tl.nn.Sequential(tl.nn.Linear(2, 2), tl.nn.Tanh())(x), np.ones((1, 2))).snapshot)
    assert tab.locator("#world .title text").first.text_content() == "Sequential"


def test_a_thousand_operations_open(show):
    snapshot = mesh(850)
    assert snapshot.operations > 1000
    tab = show(snapshot, max_nodes=10_000)
    assert tab.locator("#world g.box").count() > 1000
    tab.keyboard.press("End")
    assert tab.locator("g.box.current").count() == 1


def test_a_large_page_comes_packed_and_says_the_same(show, monkeypatch):
    snapshot = mesh(100)
    monkeypatch.setattr("tinygrad_lab.viz.write.html.LARGE", 50)
    tab = show(snapshot, max_nodes=10_000)
    found = tab.evaluate(
        "graph.nodes.map(n => [n.id, n.operation, n.value.norm, n.gradient && n.gradient.norm, n.uses])"
    )
    for row, node in zip(found, snapshot.nodes, strict=True):
        assert (row[0], row[1], row[4]) == (node.id, node.operation, node.uses)
        assert row[2] == pytest.approx(node.value.norm, rel=1e-4)
        assert (row[3] is None) == (node.gradient is None)
    steps_ = tab.evaluate("data.steps.map(s => [s.node, s.contributions.map(c => [c.edge, c.arrived])])")
    assert steps_ == [[s.node.id, [[c.number, c.arrived] for c in s.contributions]] for s in steps(snapshot)]


def test_a_tangle_opens_within_the_limit(show):
    tab = show(mesh(1500), max_nodes=150)
    assert tab.locator("#world g.box.group").count() <= 150
    assert tab.locator("#world g.box").count() <= 200


def test_depth_says_how_many_levels_are_open(show):
    snapshot, _ = xor()
    assert box(show(snapshot, depth=0), "net").get_attribute("aria-expanded") == "false"
    tab = show(snapshot, depth=1)
    assert box(tab, "net").get_attribute("aria-expanded") == "true"
    assert box(tab, "net/0").get_attribute("aria-expanded") == "false"
    assert box(show(snapshot), "net/0").get_attribute("aria-expanded") == "true"


def test_a_graph_without_gradients_says_why(show):
    def broken(g, y, x):
        raise ZeroDivisionError("not yet")

    tab = show(capture([tl.primitive(broken)(lambda x: x + 1)(tl.Value(1.0))], Trace(), "unfinished"))
    assert "not yet" in tab.locator("#card").inner_text()
    tab.keyboard.press("ArrowRight")


def test_a_step_brings_what_it_is_about_into_sight(show):
    snapshot, _ = xor()
    tab = show(snapshot)
    stage = tab.locator("#picture").bounding_box()
    tab.keyboard.press("Home")
    for step in steps(snapshot):
        tab.keyboard.press("ArrowRight")
        place = box(tab, step.node.id).locator(".shape").first.bounding_box()
        assert place["x"] >= stage["x"]
        assert place["x"] + place["width"] <= stage["x"] + stage["width"]
        assert place["y"] >= stage["y"]
        assert place["y"] + place["height"] <= tab.locator("footer").bounding_box()["y"]
        assert place["width"] > 60  # large enough to be read
