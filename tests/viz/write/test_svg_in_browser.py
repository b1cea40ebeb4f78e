"""The SVG in a real browser, whose fonts and measures are not ours: no text leaves its box or meets another."""

from pathlib import Path

from tests.viz.examples import GOLDEN

PICTURES = [*GOLDEN.glob("*.svg"), *(Path(__file__).parents[3] / "docs" / "graphs").glob("*.svg")]

TROUBLE = """() => {
  const trouble = [];
  for (const group of document.querySelectorAll(".tg-box")) {
    const box = group.querySelector("rect, polygon").getBBox();
    for (const text of group.querySelectorAll("text")) {
      const own = text.getBBox();
      if (own.x < box.x || own.x + own.width > box.x + box.width ||
          own.y < box.y - 1 || own.y + own.height > box.y + box.height + 1)
        trouble.push(["leaves its box", text.textContent]);
    }
  }
  const texts = [...document.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
  const page = document.querySelector("svg").getBoundingClientRect();
  texts.forEach(([one, a], i) => {
    if (a.right > page.right || a.bottom > page.bottom) trouble.push(["leaves the picture", one]);
    for (const [other, b] of texts.slice(0, i))
      if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
        trouble.push(["overlap", one, other]);
  });
  return trouble;
}"""


def test_text_stays_in_its_place(tabs):
    assert len(PICTURES) > 8
    tab = tabs()
    found = {}
    for path in PICTURES:
        tab.goto(path.as_uri())
        found[path.name] = tab.evaluate(TROUBLE)
    assert not {name: trouble for name, trouble in found.items() if trouble}
