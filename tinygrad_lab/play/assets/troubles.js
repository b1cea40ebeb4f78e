// Troubles by name, each with what to try and a button that tries it.

import { change } from "./controls.js";
import { format } from "./numbers.js";
import { byId, make, on, say } from "./state.js";
import { does } from "./transport.js";

let rows = [], drawn = null;

// A trouble stays where it is while its figures change: nothing is rebuilt under the pointer.
function build(troubles) {
  rows = troubles.map((trouble, i) => {
    const sentence = make("span", {}), button = make("button", { type: "button" });
    button.addEventListener("click", () => attempt(rows[i].trouble));
    const box = make("article", { class: "trouble" }, make("div", {}, make("strong", {}, trouble.name), " ", sentence, " ", make("em", {}, trouble.advice)), button);
    return { box, sentence, button, trouble };
  });
  byId("troubles").replaceChildren(...(rows.length ? rows.map(({ box }) => box) : [make("p", { class: "small" })]));
}

async function attempt({ settings, anew }) {
  await change(settings, anew);
  if (anew) await does("play");
}

on("frame", frame => {
  const { troubles, constant } = frame.detail, now = troubles.map(one => one.name).join();
  if (now !== drawn) {
    drawn = now;
    build(troubles);
  }
  troubles.forEach((trouble, i) => {
    rows[i].trouble = trouble;
    say(rows[i].sentence, trouble.sentence);
    say(rows[i].button, trouble.button);
    rows[i].button.hidden = !trouble.button;
  });
  if (!troubles.length) say(byId("troubles").firstChild, `None as far as can be seen. For comparison: ${constant.words} gives a loss of ${format(constant.loss)}.`);
});
