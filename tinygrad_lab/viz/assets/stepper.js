// The way through the reverse sweep: upstream gradient × local derivative = contribution, and the quiz.

const say = text => { byId("live").textContent = text; };

function goToStep(step) {
  state.step = step;
  refresh();
  if (camera.fitted) fit();  // the card has grown
  const current = currentNode();
  if (current) revealStep(boxOf(current.id), (currentStep()?.contributions ?? []).map(({ edge }) => boxOf(edges[edge].source)));
  say(spoken());
}

// Brings the operation into sight, with what it hands gradients to if there is room.
function revealStep(box, receivers) {
  reveal(box, true);
  const all = [box, ...receivers.filter(Boolean)], s = camera.scale;
  const x = Math.min(...all.map(one => one.x)), y = Math.min(...all.map(one => one.y));
  const width = Math.max(...all.map(one => one.x + one.width)) - x, height = Math.max(...all.map(one => one.y + one.height)) - y;
  if (width * s < stage.clientWidth - 80 && height * s < stage.clientHeight - 80) reveal({ x, y, width, height });
}

const currentStep = () => (state.step ? data.steps[state.step - 1] : null);
const currentNode = () => (currentStep() ? nodes.get(currentStep().node) : state.step === 0 ? nodes.get(graph.outputs[0]) : null);

function forward() { goToStep(state.step === null ? 0 : Math.min(last, state.step + 1)); }
function backward() { goToStep(state.step === null ? last : Math.max(0, state.step - 1)); }

function showSteps() {
  byId("card").classList.toggle("stepping", state.step !== null);
  byId("counter").textContent = state.step === null ? "all gradients" : `${state.step} of ${last}`;
  byId("slider").max = last;
  byId("slider").value = state.step ?? last;
  byId("slider").setAttribute("aria-valuetext", byId("counter").textContent);
  const card = byId("card");
  if (!graph.outputs.some(id => nodes.get(id).gradient)) card.replaceChildren(make("p", {}, ...graph.notes));
  else if (state.step === null) card.replaceChildren(make("p", { class: "note" }, invitation()));
  else if (state.step === 0) card.replaceChildren(...seedCard());
  else card.replaceChildren(...stepCard(currentStep()));
}

function invitation() {
  if (state.quiz) return "Quiz: gradients stay hidden until you have typed them. Press → to begin at the output, or select a node.";
  return "Every gradient is in place. Press → to watch back-propagation from the output, one operation at a time.";
}

function seedCard() {
  const name = graph.outputs.map(id => nodeLabel(nodes.get(id))).join(", ");
  return [
    make("h2", {}, "The sweep begins at the output"),
    make("p", {}, `The gradient of ${name} with respect to itself is `, quantity(nodes.get(graph.outputs[0]).gradient), "."),
  ];
}

function stepCard(step) {
  const node = nodes.get(step.node);
  const place = placeOf(node);
  const upstream = gradientKnown(node) ? quantity(node.gradient) : make("span", { class: "number" }, "?");
  return [
    make("h2", {}, jump(node.id), make("small", {}, `${place && ` in ${place}`}${node.source ? ` · ${node.source}` : ""}`)),
    make("div", { class: "contributions" },
      node.gradient.shape.length ? make("div", { class: "upstream" }, labelled(upstream, "upstream gradient g")) : "",
      ...step.contributions.map(({ edge }) => contributionCard(node, edges[edge]))),
  ];
}

const labelled = (content, ...name) => make("div", { class: "term" }, content, make("small", {}, ...name));
const sign = text => make("span", { class: "sign" }, text);

// One equation: upstream gradient × local derivative = contribution. Large upstream gradients stand beside, as g.
function contributionCard(node, edge) {
  const source = nodes.get(edge.source), scalar = node.gradient.shape.length === 0;
  const upstream = !scalar ? make("span", { class: "number" }, "g")
    : gradientKnown(node) ? quantity(node.gradient) : make("span", { class: "number" }, "?");
  const rule = isFormula(edge.rule) ? [make("code", {}, edge.rule)] : ["the rule of ", make("code", {}, node.operation)];
  const linear = edge.local === null;
  const left = linear ? [labelled(make("span", {}, ...rule), "rule, linear in g")]
    : [labelled(upstream, "upstream g"), sign("×"), labelled(matrix(edge.local), "local, by ", ...rule)];
  const summed = !linear && !sameShape(edge.local, edge.gradient.shape);
  const result = labelled(answer(edge), summed ? "contribution, summed over broadcast axes" : "contribution");
  result.classList.add("result");
  return make("div", { class: "contribution", "data-edge": edge.number },
    make("span", {}, "to ", edge.argument ? `${edge.argument} = ` : "", jump(source.id)),
    make("div", { class: "equation" }, ...left, sign("="), result, accumulation(source, edge)));
}

function sameShape(value, shape) {
  const own = [];
  for (let part = value; Array.isArray(part); part = part[0]) own.push(part.length);
  return own.join() === shape.join();
}

function answer(edge) {
  if (contributionKnown(edge)) {
    const note = state.quiz && state.answered.has(edge.number) ? make("span", { class: "right" }, " ✓") : "";
    return make("span", {}, quantity(edge.gradient), note);
  }
  return question({
    key: edge.number, value: edge.gradient.value, label: `contribution to ${labelOf(edge.source)}`, done: () => refresh(),
  });
}

// Where several contributions meet, the sum so far.
function accumulation(source, edge) {
  if (source.uses < 2 && !seeded(source)) return "";
  const known = source.out.filter(other => other.step <= edge.step && other.arrived <= edge.arrived).every(contributionKnown);
  const sum = !known ? "?" : edge.total !== null ? matrix(edge.total)
    : edge.arrived === source.uses ? quantity(source.gradient) : `${shapeText(edge.gradient)}`;
  return make("span", { class: "accumulation" }, sign("Σ"), labelled(sum, `sum at ${nodeLabel(source)}, ${edge.arrived} of ${source.uses}`));
}

function spoken() {
  if (state.step === null) return "All gradients are shown.";
  if (state.step === 0) return `Step 0 of ${last}. The gradient of the output with respect to itself is 1.`;
  const step = currentStep(), node = nodes.get(step.node);
  const parts = step.contributions.map(({ edge: number }) => {
    const edge = edges[number];
    const what = contributionKnown(edge) ? brief(edge.gradient) : "unknown, please type it";
    return `contribution to ${labelOf(edge.source)}: ${what}`;
  });
  return `Step ${state.step} of ${last}, ${nodeLabel(node)}. ${parts.join("; ")}.`;
}

// -- quiz -------------------------------------------------------------------------------------------------------------

// A field for an answer. Right answers reveal; wrong ones say how many numbers are right.
function question({ key, value, label, done }) {
  const count = flat(value).length;
  const input = make("input", {
    type: "text", autocomplete: "off", spellcheck: "false", "aria-label": label, "data-question": key,
    placeholder: count === 1 ? "?" : `${count} numbers`, size: Math.min(30, 8 + 4 * count),
  });
  const verdict = make("span", { class: "verdict", role: "status" });
  const settle = () => {
    state.answered.add(key);
    const card = byId("card").contains(input);
    done();
    (card && byId("card").querySelector("[data-question]") || byId("next")).focus();
  };
  const check = () => {
    const typed = parseNumbers(input.value), right = countRight(typed, value);
    if (right === count && typed.length === count) {
      settle();
      say(`Right: ${label}.`);
      return;
    }
    input.setAttribute("aria-invalid", "true");
    verdict.textContent = count === 1 ? "✗ wrong, try again"
      : typed.length !== count ? `✗ ${count} numbers, row by row; you typed ${typed.length}` : `✗ wrong: ${right} of ${count} are right`;
  };
  input.addEventListener("keydown", event => {
    if (event.key !== "Enter") return;
    event.preventDefault();  // or it would press the button that is focused next
    check();
  });
  return make("span", { class: "question" }, input,
    make("button", { type: "button", on: { click: check } }, "Check"),
    make("button", { type: "button", class: "link", on: { click: settle } }, "Show"), verdict);
}

function setQuiz(on) {
  state.quiz = on;
  state.answered.clear();
  byId("quiz").setAttribute("aria-pressed", String(on));
  refresh();
  say(on ? "Quiz on: gradients are hidden until you type them." : "Quiz off: gradients are shown.");
}
