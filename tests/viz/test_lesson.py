"""A training step in three acts, the quiz and the links, in a real browser."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.viz.test_browser import agrees, box, neuron, number, numbers
from tests.viz.test_browser import show as show  # the fixture
from tinygrad_lab import nn, viz
from tinygrad_lab.viz.describe.updates import formula_of

pytestmark = pytest.mark.slow
X, T = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[1.0], [1.0], [0.0]])


class Net(nn.Module):
    def __init__(self):
        rng = np.random.default_rng(0)
        self.hidden, self.out = nn.Linear(2, 3, rng=rng), nn.Linear(3, 1, rng=rng)

    def forward(self, x):
        return self.out(np.tanh(self.hidden(x)))


def lesson(steps=3):
    model = Net()
    optimizer = tl.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    graph = viz.draw(lambda x, target: nn.MSELoss()(model(x), target), X, T, optimizer=optimizer, training_steps=steps)
    return model, optimizer, graph


@pytest.fixture
def opened(show, tmp_path):
    def open_lesson(steps=3):
        model, optimizer, graph = lesson(steps)
        return model, optimizer, show(graph.snapshot, following=graph.following)

    return open_lesson


def test_parameters_and_optimizer_are_as_before():
    model, optimizer, graph = lesson()
    fresh = Net()
    for one, other in zip(model.parameters(), fresh.parameters(), strict=True):
        np.testing.assert_array_equal(one.data, other.data)
    assert optimizer.states == [{}] * 4
    assert [s.operations for s in graph.following] == [4, 4]


def test_updates_are_those_of_the_optimizer(opened):
    model, optimizer, tab = opened()
    tab.keyboard.press("3")
    assert formula_of(optimizer) in tab.locator("#card .formula").inner_text()
    assert "lr = 0.1, momentum = 0.9" in tab.locator("#card").inner_text()
    nn.MSELoss()(model(X), T).backward()
    optimizer.step()
    for name, parameter in model.named_parameters():
        assert tab.locator("#card h2 button").inner_text() == name
        shown = numbers(tab, "#card .result")
        np.testing.assert_allclose(shown, np.ravel(parameter.data), rtol=1e-3)
        tab.keyboard.press("ArrowRight")


def test_the_next_training_step_begins_where_the_update_ended(opened):
    model, optimizer, tab = opened(steps=2)
    nn.MSELoss()(model(X), T).backward()
    optimizer.step()
    loss = nn.MSELoss()(model(X), T)
    tab.keyboard.press("3")
    tab.keyboard.press("End")
    tab.locator("#again").click()
    tab.wait_for_selector("#forward[aria-pressed=true]")
    tab.keyboard.press("End")
    assert number(tab.locator("#card .result .number").inner_text()) == pytest.approx(loss.item(), rel=1e-3)
    tab.keyboard.press("3")
    tab.keyboard.press("End")
    assert tab.locator("#again").count() == 0


def test_values_appear_one_by_one(show):
    tab = show(neuron()[0])
    tab.keyboard.press("1")
    assert tab.locator("g.box.future").count() == 4
    for i, text in enumerate(["multiply = x · w", "add = multiply + b", "tanh = tanh(add)", "f = tanh · x"], start=1):
        tab.keyboard.press("ArrowRight")
        assert tab.locator("#card .formula").inner_text() == text
        assert tab.locator("g.box.future").count() == 4 - i
    assert box(tab, "x").locator(".gradient").text_content() == ""
    tab.keyboard.press("ArrowRight")  # on to the next act
    assert tab.locator("#backward").get_attribute("aria-pressed") == "true"


def test_the_card_speaks_in_the_users_names(show):
    a, b = tl.Value(2.0, name="a"), tl.Value(3.0, name="b")
    m = a * b
    m.name = "m"
    tab = show((m * 1.0).graph().snapshot)
    tab.keyboard.press("End")
    texts = tab.locator(".contribution .formula").all_inner_texts()
    assert texts == ["∂f/∂a += ∂f/∂m · b", "∂f/∂b += ∂f/∂m · a"]
    assert numbers(tab, '.contribution[data-edge="0"] .equation') == [1.0, 3.0, 3.0]


def test_matrix_rules_light_up_row_and_column(opened):
    _, _, tab = opened()
    tab.keyboard.press("Home")
    for _ in range(2):
        tab.keyboard.press("ArrowRight")
    card = tab.locator(".contribution", has_text="out.weight +=")
    assert card.locator(".formula").inner_text() == "∂L/∂out.weight += (∂L/∂out)ᵀ tanh"
    left, right, result = (card.locator("table.matrix").nth(i) for i in range(3))
    result.locator("td").nth(2).hover()
    row = [number(text) for text in left.locator("td.lit").all_inner_texts()]
    column = [number(text) for text in right.locator("td.lit").all_inner_texts()]
    assert number(result.locator("td.lit").inner_text()) == pytest.approx(float(np.dot(row, column)), rel=1e-2)
    assert len(row) == len(column) == 3


def test_every_step_has_a_link(show):
    tab = show(neuron()[0])
    tab.keyboard.press("Home")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    link = tab.locator("#link").get_attribute("href")
    assert link == "#0-backward-2"
    tab.reload()
    assert tab.locator("#counter").inner_text() == "2 of 4"


def test_it_plays_by_itself(show):
    tab = show(neuron()[0])
    tab.evaluate("""() => {  // the test lets the time pass
      window.setInterval = (tick, pause) => { Object.assign(window, { tick, pause }); return 1; };
      window.clearInterval = () => { window.tick = null; };
    }""")
    tab.locator("#speed").select_option("4")
    tab.keyboard.press("1")
    tab.keyboard.press("a")
    assert tab.evaluate("() => pause") == 450
    for _ in range(8):
        assert tab.evaluate("() => { tick(); return clock !== null; }")
    assert tab.evaluate("() => `${byId('counter').textContent} ${state.act}`") == "4 of 4 backward"
    assert tab.evaluate("() => { tick(); return clock === null && tick === null; }")


def test_wrong_answers_are_explained_and_counted(show):
    x, y = tl.Value(3.0, name="x"), tl.Value(5.0, name="y")
    tab = show(((x * y) * 2.0 + x).graph().snapshot)
    tab.keyboard.press("q")
    tab.keyboard.press("End")  # x · y, with 2 arriving
    card = tab.locator(".contribution", has_text="∂f/∂x +=")

    def answer(key, text):
        field = card.locator(f'[data-question^="{key}"]')
        field.fill(text)
        field.press("Enter")

    number_ = card.get_attribute("data-edge")
    answer("local", "3")
    assert "derivative by y" in card.locator(".verdict").first.inner_text()
    answer("local", "5")
    answer(number_, "5")
    assert "local derivative alone" in card.locator(".verdict").first.inner_text()
    answer(number_, "2")
    assert "multiply it by the local derivative" in card.locator(".verdict").first.inner_text()
    answer(number_, "10")
    assert tab.locator("#score").inner_text().startswith("0 of 2")
    for edge in tab.locator(".contribution [data-question]").all():
        assert edge.is_visible()


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_nothing_jumps_and_nothing_is_cut(show, size):
    _, _, graph = lesson()
    tab = show(graph.snapshot)
    tab.set_viewport_size({"width": size[0], "height": size[1]})
    places = set()
    for key in "123":
        tab.keyboard.press(key)
        for _ in range(3):
            places.add(tuple(tab.locator(own).bounding_box()["y"] for own in ("#picture", "footer", "#card")))
            assert tab.evaluate("document.documentElement.scrollWidth") <= size[0]
            right = tab.locator("footer button:visible").evaluate_all(
                "all => all.map(b => b.getBoundingClientRect().right)"
            )
            assert right
            assert max(right) <= size[0]
            tab.keyboard.press("ArrowRight")
    assert len(places) == 1
    assert agrees(
        box(tab, "out.bias").locator(".gradient").text_content(), graph.snapshot.by_id["out.bias"].gradient.value
    )
