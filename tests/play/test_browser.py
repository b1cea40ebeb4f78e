"""The page in a real browser: it is driven, and every number that it shows is compared with Python's."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys

import numpy as np
import pytest

from tinygrad_lab.lab import Config, loading, running
from tinygrad_lab.play.looking import look

WATCH_SHIFTS = """() => {
  window.shift = 0;
  const add = list => list.getEntries().forEach(entry => { window.shift += entry.value; });
  new PerformanceObserver(add).observe({ type: "layout-shift" });
}"""
XOR = {"hidden": (6,), "lr": 0.1, "optimizer": "adam"}


def number(x):
    """A number as Python writes it with four digits."""
    return f"{x:.4g}"


def figures(tab):
    """The first row of the table of figures, by name."""
    return {cell.get_attribute("data-figure"): cell.inner_text() for cell in tab.locator("#figures tbody td").all()}


def wait_for(tab, condition):
    tab.wait_for_function(condition, timeout=20_000, polling=30)  # a tab behind another draws nothing


def test_xor_is_learnt_paused_changed_looked_back_at_and_taken_along(served, visit, tmp_path):
    place = served("xor", **XOR)
    tab = visit(place)
    tab.select_option("#speed", "100")
    tab.click("#play")
    wait_for(tab, "() => document.querySelector('[data-figure=accuracy]').textContent === '1'")
    tab.click("#play")
    wait_for(tab, "() => document.getElementById('play').getAttribute('aria-pressed') === 'false'")
    lane = place.session.lane
    epoch = lane.epoch
    wait_for(tab, f"() => document.getElementById('now').textContent === '{epoch:,}'")
    history = lane.history
    assert history.accuracy[-1] == 1
    shown = {"epoch": f"{epoch:,}", "loss": number(history.loss[-1]), "accuracy": number(history.accuracy[-1])}
    assert figures(tab) == shown
    check_every_number(tab, lane.run.experiment, lane.run.dataset)

    tab.fill("#lr", "0.02")
    tab.press("#lr", "Enter")
    wait_for(tab, "() => location.hash.includes('lr=0.02')")
    assert lane.config.lr == lane.run.experiment.optimizer.rate(0) == 0.02
    assert lane.epoch == epoch
    tab.click("#epoch")
    wait_for(tab, f"() => document.getElementById('now').textContent === '{epoch + 1:,}'")

    tab.locator("#slider").evaluate("s => { s.value = 5; s.dispatchEvent(new Event('input')); }")
    wait_for(tab, "() => document.getElementById('now').textContent === '5'")
    assert figures(tab)["loss"] == number(history.loss[4])
    tab.wait_for_timeout(300)  # until the fine map is there, and nothing else looks back
    moment = lane.moments.nearest(5)
    with moment.back():
        check_every_number(tab, moment.experiment, lane.run.dataset)
    tab.keyboard.press("End")
    wait_for(tab, f"() => document.getElementById('now').textContent === '{epoch + 1:,}'")

    tab.click("#export")
    tab.click("#take-folder")
    wait_for(tab, "() => document.getElementById('take-path').textContent.startsWith('wrote')")
    assert "trains with these settings from the start; the numbers are others" in tab.inner_text("#take-exact")
    assert "lr was changed from 0.1 to 0.02" in tab.inner_text("#take-changes")
    written = tmp_path / "runs" / "xor-1"
    assert (written / "report.html").stat().st_size > 10_000
    rows = list(csv.DictReader((written / "history.csv").read_text().splitlines()))
    assert [float(row["loss"]) for row in rows] == lane.history.loss
    assert np.array_equal(loading.load(written).model.state_dict()["0.weight"], lane.run.model.state_dict()["0.weight"])


def check_every_number(tab, experiment, dataset):
    """Compare weights, biases, gradients and steps that the page shows with those of a network as it is."""
    seen = look(experiment, dataset)
    cards = tab.locator(".card").all()
    assert len(cards) == len(seen.layers)
    for card, layer in zip(cards, seen.layers, strict=True):
        size, ratio = card.locator("output").all_inner_texts()
        assert size == f"{np.sqrt(np.mean(layer.gradient**2)):.3g}"
        assert ratio == f"{layer.ratio:.3g}"
        outputs = card.locator(".histogram.activations").get_attribute("aria-label")
        assert outputs == f"what comes out from {number(layer.output.min())} to {number(layer.output.max())}"
        gradients = card.locator(".histogram.gradients").get_attribute("aria-label")
        assert gradients == f"gradients from {number(layer.gradient.min())} to {number(layer.gradient.max())}"
    for column, layer in enumerate(seen.layers, 1):
        buttons = tab.locator(".unit").all()[2 if column == 1 else 2 + len(seen.layers[0].bias) :]
        for unit in (0, len(layer.bias) - 1):
            buttons[unit].click()
            wanted = [*layer.weight[unit], layer.bias[unit]]
            assert tab.locator("#inspect td").all_inner_texts() == [number(x) for x in wanted]


def test_two_tabs_see_one_run_and_a_reopened_one_goes_on(served, visit):
    place = served("xor", **XOR)
    first, second = visit(place), visit(place)
    first.fill("#noise", "0.1")
    first.press("#noise", "Enter")
    wait_for(second, "() => document.getElementById('noise').value === '0.1'")
    for _ in range(3):
        second.keyboard.press("e")
    for tab in (first, second):
        wait_for(tab, "() => document.getElementById('now').textContent === '4'")
    second.close()
    first.click("#play")
    third = visit(place)
    wait_for(third, "() => Number(document.getElementById('now').textContent) > 10")
    third.keyboard.press(" ")
    wait_for(first, "() => document.getElementById('play').getAttribute('aria-pressed') === 'false'")
    wait_for(third, "() => document.getElementById('play').getAttribute('aria-pressed') === 'false'")
    last = f"() => document.getElementById('now').textContent === '{place.session.lane.epoch:,}'"
    for tab in (first, third):
        wait_for(tab, last)
    assert figures(first) == figures(third)


def test_runs_side_by_side_begin_with_the_same_weights(served, visit):
    place = served("two_moons", points=40, hidden=(4,))
    tab = visit(place)
    tab.click("#play")
    wait_for(tab, "() => Number(document.getElementById('now').textContent) > 5")
    tab.click("#add")
    wait_for(tab, "() => document.querySelectorAll('.box').length === 2")
    tab.fill("#lr", "1")
    tab.press("#lr", "Enter")
    wait_for(tab, "() => [...document.querySelectorAll('.run')].map(r => r.innerText).join().includes('rate 1')")
    tab.locator("#lr").blur()
    one, two = place.session.lanes
    assert one.epoch == two.epoch == 1
    assert one.history.loss == two.history.loss
    for _ in range(4):
        tab.keyboard.press("e")
    wait_for(tab, "() => document.querySelectorAll('#figures tbody tr')[1].cells[1].textContent === '5'")
    cells = tab.locator("#figures tbody tr").all()
    for row, lane, lr in zip(cells, (one, two), (0.1, 1.0), strict=True):
        trained = running.run(Config(data="two_moons", points=40, hidden=(4,), lr=lr, epochs=5))
        assert lane.history.loss == trained.history.loss
        assert row.locator("[data-figure=loss]").inner_text() == number(trained.history.loss[-1])


def test_a_point_explains_itself_step_by_step(served, visit):
    place = served("xor", **XOR)
    tab = visit(place)
    box = tab.locator(".points").bounding_box()
    plane = place.session.plane(place.session.lane)
    x = place.session.lane.run.dataset.x[3]
    share = [(x[k] - plane.low[k]) / (plane.high[k] - plane.low[k]) for k in (0, 1)]
    tab.mouse.click(box["x"] + share[0] * box["width"], box["y"] + (1 - share[1]) * box["height"])
    frame = tab.frame_locator("#why-frame")
    frame.locator("#counter").wait_for()
    assert tab.input_value("#why-point") == "3"
    frame.locator("#next").click()
    frame.locator("#next").click()
    assert frame.locator("#counter").inner_text() == "1 of 4"
    tab.keyboard.press("Escape")


def test_a_server_that_has_ended_says_so_in_the_page(served, visit):
    place = served("xor")
    tab = visit(place)
    place.end()
    tab.wait_for_selector("#banner:has-text('has ended')")


def test_a_link_sets_everything_and_trains_to_its_epoch(served, visit):
    place = served("xor")
    tab = visit(place, "#data=linear&points=30&hidden=5+3&activation=relu&lr=0.5&seed=7&epochs=15")
    wait_for(tab, "() => document.getElementById('now').textContent === '15'")
    trained = running.run(Config(data="linear", points=30, hidden=(5, 3), activation="relu", lr=0.5, seed=7, epochs=15))
    assert place.session.lane.history.loss == trained.history.loss
    tab.evaluate("() => { location.hash = 'data=circles&lr=0.3'; }")
    tab.click("#banner button:has-text('keep')")
    assert place.session.lane.config.data == "linear"
    tab.evaluate("() => { location.hash = 'data=circles&lr=0.3'; }")
    tab.click("#banner button:has-text('begin')")
    wait_for(tab, "() => document.getElementById('data').value === 'circles'")
    assert place.session.lane.config.lr == 0.3


def test_hostile_names_are_text(served, visit, tmp_path):
    names = ["<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", '" onclick="alert(3)']
    path = tmp_path / "<b>data.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, "kind"])
        for i in range(12):
            writer.writerow([i, -i, i % 3, ["<script>alert(4)</script>", "{{x}}"][i % 2]])
    place = served(str(path))
    tab = visit(place)
    tab.locator(".unit").nth(0).click()
    assert tab.inner_text("#inspect h3") == names[0]
    assert "<script>alert(4)</script>" in tab.inner_text("#legend")
    assert tab.locator("option", has_text=names[1]).count() == 2
    tab.keyboard.press("w")
    tab.frame_locator("#why-frame").locator("#counter").wait_for()
    assert not tab.locator("main img, main b, main script").count()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_and_nothing_sticks_out(served, visit, width):
    place = served("two_moons", points=40, hidden=(4,), validation_fraction=0.3)
    tab = visit(place, viewport={"width": width, "height": 800 if width > 500 else 844})
    tab.evaluate(WATCH_SHIFTS)
    place.ask("speed", epochs=100)
    place.ask("play", to=40)
    wait_for(tab, "() => document.getElementById('now').textContent === '40'")
    tab.wait_for_timeout(100)  # what comes after the last frame is told of, too
    assert tab.evaluate("() => window.shift") < 0.01
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= width
    named = """e => e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || e.innerText.trim()
      || e.labels?.length || e.title"""
    found = tab.locator("button:visible, input:visible, select:visible, canvas[role]:visible")
    assert found.count() > 10
    assert found.evaluate_all(f"all => all.filter(e => !({named})(e)).map(e => e.outerHTML)") == []


def test_the_keyboard_is_enough(served, visit):
    tab = visit(served("xor", **XOR))
    tab.keyboard.press("?")
    assert tab.locator("#keys").is_visible()
    tab.keyboard.press("Escape")
    before = tab.evaluate("() => getComputedStyle(document.body).backgroundColor")
    tab.keyboard.press("d")
    assert tab.evaluate("() => getComputedStyle(document.body).backgroundColor") != before
    for _ in range(6):
        tab.keyboard.press("e")
    wait_for(tab, "() => document.getElementById('now').textContent === '7'")
    tab.keyboard.press("[")
    wait_for(tab, "() => document.getElementById('now').textContent === '6'")
    tab.keyboard.press("]")
    wait_for(tab, "() => document.getElementById('now').textContent === '7'")
    tab.keyboard.press("r")
    wait_for(tab, "() => document.getElementById('now').textContent === '1'")
    tab.keyboard.press("x")
    tab.locator("#take").wait_for()
    command = tab.inner_text("#take-command")
    assert re.fullmatch(r"tinygrad-lab train --hidden 6 --optimizer adam --epochs 1", command)


def test_the_program_that_is_downloaded_predicts_what_the_run_does(served, visit, tmp_path):
    place = served("three_spirals", points=30, hidden=(5,), standardize=True)
    tab = visit(place)
    tab.keyboard.press("e")
    tab.keyboard.press("x")
    with tab.expect_download() as download:
        tab.click("#take-code")
    path = tmp_path / "model.py"
    download.value.save_as(path)
    run = place.session.lane.run
    code = f"import json, sys, model; print(json.dumps(model.predict({run.dataset.x.tolist()}).tolist()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == run.predict(run.dataset.x).tolist()
