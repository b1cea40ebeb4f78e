// The quiz: local derivatives, products and sums are hidden until they have been typed; wrong answers are explained.

// A field for an answer. `mistakes` has what a usual slip would give, and what to say of it.
function question({ key, value, label, done, mistakes = [] }) {
  const count = flat(value).length;
  const input = make("input", {
    type: "text", autocomplete: "off", spellcheck: "false", "aria-label": label, "data-question": key,
    placeholder: count === 1 ? "?" : `${count} numbers`, size: Math.min(30, 8 + 4 * count),
  });
  const verdict = make("span", { class: "verdict", role: "status" });
  let tried = false;
  const settle = () => {
    state.answered.add(key);
    const card = byId("card").contains(input);
    done();
    (card && byId("card").querySelector("[data-question]") || byId("next")).focus();
  };
  const check = () => {
    const typed = parseNumbers(input.value), right = countRight(typed, value);
    if (!tried) state.score.asked++;
    if (right === count && typed.length === count) {
      if (!tried) state.score.right++;
      settle();
      say(`Right: ${label}.`);
      return;
    }
    tried = true;
    input.setAttribute("aria-invalid", "true");
    const slip = mistakes.find(one => one.value !== null && flat(one.value).length === typed.length
      && countRight(typed, one.value) === flat(one.value).length);
    verdict.textContent = slip ? `✗ ${slip.text}` : count === 1 ? "✗ wrong, try again"
      : typed.length !== count ? `✗ ${count} numbers, row by row; you typed ${typed.length}` : `✗ wrong: ${right} of ${count} are right`;
    showScore();
  };
  input.addEventListener("keydown", event => {
    if (event.key !== "Enter") return;
    event.preventDefault();  // or it would press the button that is focused next
    check();
  });
  const show = () => {
    if (!tried) state.score.asked++;
    settle();
  };
  return make("span", { class: "question" }, input,
    make("button", { type: "button", on: { click: check } }, "Check"),
    make("button", { type: "button", class: "link", on: { click: show } }, "Show"), verdict);
}

function showScore() {
  const { right, asked } = state.score;
  byId("score").textContent = state.quiz && asked ? `${right} of ${asked} right at once` : "";
}

function setQuiz(on) {
  state.quiz = on;
  state.answered.clear();
  state.score = { right: 0, asked: 0 };
  byId("quiz").setAttribute("aria-pressed", String(on));
  refresh();
  say(on ? "Quiz on: gradients are hidden until you type them." : "Quiz off: gradients are shown.");
}

const each = (value, other, combine) => (Array.isArray(value)
  ? value.map((x, i) => each(x, Array.isArray(other) ? other[i] : other, combine)) : combine(value, Array.isArray(other) ? NaN : other));
const numeric = value => flat(value).every(x => typeof x === "number");

// What usual slips give instead of upstream × local, each explained by the step that leads there.
function slipsOfProduct(node, edge) {
  const g = node.gradient.value, local = edge.local;
  if (g === null || local === null || !numeric(g) || !numeric(local)) return [];
  const others = node.in.filter(other => other !== edge && other.local !== null && numeric(other.local));
  return [
    { value: local, text: `that is the local derivative alone: multiply it by ${partial(node)}` },
    { value: g, text: `that is ${partial(node)} alone: multiply it by the local derivative` },
    { value: each(g, local, (a, b) => -a * b), text: "the size is right, the sign is not" },
    { value: each(g, local, (a, b) => a + b), text: "that is a sum: the chain rule multiplies" },
    ...others.map(other => ({
      value: each(g, other.local, (a, b) => a * b), text: `that is the contribution to ${symbolOf(nodes.get(other.source))}`,
    })),
    { value: node.value.value, text: `that is the value of ${symbolOf(node)}, not a derivative` },
  ];
}

function slipsOfLocal(node, edge) {
  const own = argumentOf(node, edge.position);
  const others = node.in.filter(other => other !== edge && other.local !== null);
  return [
    ...others.map(other => ({ value: other.local, text: `that is the derivative by ${symbolOf(nodes.get(other.source))}` })),
    { value: own?.value.value ?? null, text: `that is the value of ${own ? symbolOf(own) : "the argument"}` },
    { value: node.value.value, text: `that is the value of ${symbolOf(node)}` },
    { value: edge.gradient.value, text: `that is the product with ${partial(node)} already` },
    { value: numeric(edge.local) ? each(edge.local, edge.local, a => -a) : null, text: "the size is right, the sign is not" },
  ];
}

function slipsOfSum(source, edge) {
  const before = source.out.find(other => other.arrived === edge.arrived - 1);
  return [
    { value: edge.gradient.value, text: "that is the last contribution alone: what came before adds to it" },
    { value: before?.total ?? null, text: "that is the sum before this step: add the contribution" },
  ];
}
