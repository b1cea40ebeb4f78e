// A training step in three acts: forward, backward, update. Each act has steps; the card says what happens in one.

const say = text => { byId("live").textContent = text; };
const computed = graph.nodes.filter(node => node.operation).map(node => node.id);
const computedAt = new Map(computed.map((id, i) => [id, i]));
const updates = graph.updates ?? [];
const LENGTHS = { forward: computed.length, backward: last, update: updates.length };
const ACTS = ["forward", "backward", "update"].filter(act => act !== "update" || updates.length);

function goToStep(step, act = state.act) {
  state.step = step;
  state.act = act;
  const moved = byId("card").offsetHeight;
  refresh();
  if (camera.fitted && moved !== byId("card").offsetHeight) fit();  // the card has grown
  const current = currentNode();
  if (current) revealStep(boxOf(current.id), (currentStep()?.contributions ?? []).map(({ edge }) => boxOf(edges[edge].source)));
  keepLink();
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

const currentStep = () => (state.act === "backward" && state.step ? data.steps[state.step - 1] : null);
function currentNode() {
  if (state.step === null) return null;
  if (state.act === "forward") return state.step ? nodes.get(computed[state.step - 1]) : null;
  if (state.act === "update") return nodes.get(updates[Math.max(state.step, 1) - 1].node);
  return currentStep() ? nodes.get(currentStep().node) : nodes.get(graph.outputs[0]);
}

const firstOf = act => (act === "update" ? 1 : 0);

function forward() {
  if (state.step === null) return goToStep(firstOf(state.act));
  if (state.step < LENGTHS[state.act]) return goToStep(state.step + 1);
  const next = ACTS[ACTS.indexOf(state.act) + 1];
  return next ? goToStep(firstOf(next), next) : play(false);
}

function backward() {
  if (state.step === null) return goToStep(LENGTHS[state.act]);
  if (state.step > firstOf(state.act)) return goToStep(state.step - 1);
  const before = ACTS[ACTS.indexOf(state.act) - 1];
  return before && goToStep(LENGTHS[before], before);
}

// -- playing, and links -------------------------------------------------------------------------------------------------

let clock = null;
function play(on = clock === null) {
  clearInterval(clock);
  clock = on ? setInterval(forward, 1800 / Number(byId("speed").value)) : null;
  byId("play").textContent = on ? "❚❚" : "▷";
  byId("play").setAttribute("aria-pressed", String(on));
  if (on) forward();
}

// Every step has a link of its own: training step, act and step.
function keepLink() {
  const text = state.step === null ? "#" : `#${data.moment ?? 0}-${state.act}-${state.step}`;
  byId("link").setAttribute("href", text);
  try {
    history.replaceState(null, "", text);
  } catch { /* inside another page there is no address to keep */ }
}

function followLink() {
  const [, act, step] = /^#\d+-(forward|backward|update)-(\d+)$/.exec(location.hash) ?? [];
  if (act && ACTS.includes(act)) goToStep(Math.min(Number(step), LENGTHS[act]), act);
}

function nextTrainingStep() {
  location.hash = `#${(data.moment ?? 0) + 1}-forward-0`;
  location.reload();
}

// -- the card -------------------------------------------------------------------------------------------------------------

function showSteps() {
  const length = LENGTHS[state.act], card = byId("card");
  card.classList.toggle("stepping", state.step !== null);
  for (const act of ACTS) byId(act).setAttribute("aria-pressed", String(state.act === act && state.step !== null));
  byId("counter").textContent = state.step === null ? "all gradients" : `${state.step} of ${length}`;
  byId("slider").min = firstOf(state.act);
  byId("slider").max = length;
  byId("slider").value = state.step ?? length;
  byId("slider").setAttribute("aria-valuetext", `${state.act}, ${byId("counter").textContent}`);
  showScore();
  if (state.act === "forward" && state.step !== null) card.replaceChildren(...forwardCard());
  else if (!graph.outputs.some(id => nodes.get(id).gradient)) card.replaceChildren(make("p", {}, ...graph.notes));
  else if (state.step === null) card.replaceChildren(make("p", { class: "note" }, invitation()));
  else if (state.act === "update") card.replaceChildren(...updateCard(updates[Math.max(state.step, 1) - 1]));
  else if (state.step === 0) card.replaceChildren(...seedCard());
  else card.replaceChildren(...stepCard(currentStep()));
}

function invitation() {
  if (state.quiz) return "Quiz: gradients stay hidden until you have typed them. Press → to begin at the output, or select a node.";
  return "Every gradient is in place. Press → to watch back-propagation from the output, one operation at a time.";
}

const labelled = (content, ...name) => make("div", { class: "term" }, content, make("small", {}, ...name));
const sign = text => make("span", { class: "sign" }, text);
const formula = text => make("p", { class: "formula" }, text);
const heading = (node, more = "") => {
  const place = placeOf(node);
  return make("h2", {}, jump(node.id), make("small", {}, `${place && ` in ${place}`}${node.source ? ` · ${node.source}` : ""}${more}`));
};

function forwardCard() {
  if (!state.step) return [make("h2", {}, "Forward: values appear"), make("p", {}, "Inputs and parameters are known. Press → for the first operation.")];
  const node = nodes.get(computed[state.step - 1]);
  const known = node.in.toSorted((a, b) => a.position - b.position).map(edge => nodes.get(edge.source));
  return [
    heading(node), formula(operationText(node)),
    make("div", { class: "equation" }, ...known.map(source => labelled(quantity(source.value), symbolOf(source))),
      sign("→"), Object.assign(labelled(quantity(node.value), symbolOf(node)), { className: "term result" })),
  ];
}

function seedCard() {
  const output = nodes.get(graph.outputs[0]), name = symbolOf(output);
  return [
    make("h2", {}, "Backward: the sweep begins at the output"), formula(`∂${name}/∂${name} = 1`),
    make("p", {}, `The gradient of ${graph.outputs.map(id => nodeLabel(nodes.get(id))).join(", ")} with respect to itself is `, quantity(output.gradient), "."),
  ];
}

function stepCard(step) {
  const node = nodes.get(step.node);
  return [heading(node), make("div", { class: "contributions" }, ...step.contributions.map(({ edge }) => contributionCard(node, edges[edge])))];
}

// ∂f/∂a += ∂f/∂m · b = 1 × 3: first in names, then in numbers.
function contributionCard(node, edge) {
  const source = nodes.get(edge.source);
  return make("div", { class: "contribution", "data-edge": edge.number },
    make("p", { class: "formula" }, `∂${resultName()}/∂`, jump(source.id, symbolOf(source)), ` += ${contributionText(node, edge)}`),
    make("div", { class: "equation" }, ...numbersOf(node, edge, source), accumulation(source, edge)));
}

function numbersOf(node, edge, source) {
  const local = edge.local !== null && isLocal(templateOf(node, edge.position)), factors = factorsOf(node, edge);
  const upstream = gradientKnown(node) ? quantity(node.gradient) : make("span", { class: "number" }, "?");
  const summed = local && !sameShape(edge.local, edge.gradient.shape);
  const result = labelled(answer(edge, node), summed ? "summed over broadcast axes" : partial(source));
  result.classList.add("result");
  if (factors && contributionKnown(edge) && gradientKnown(node)) return productOf(factors, edge, result);
  if (!local) return [labelled(upstream, partial(node)), sign("→"), result];
  const known = !state.quiz || state.answered.has(edge.number) || state.answered.has(`local-${edge.number}`);
  const derivative = known ? matrix(edge.local) : question({
    key: `local-${edge.number}`, value: edge.local, label: `local derivative by ${symbolOf(source)}`, done: () => refresh(),
    mistakes: slipsOfLocal(node, edge),
  });
  const name = known ? filled(templateOf(node, edge.position), node) : `∂${symbolOf(node)}/∂${symbolOf(source)}`;
  return [labelled(upstream, partial(node)), sign("×"), labelled(derivative, name), sign("="), result];
}

// Two small matrices and their product: an element of it lights up the row and the column that it comes from.
function productOf([left, right], edge, result) {
  const tables = [left, right].map(factor => matrix(factor.value)), product = matrix(edge.gradient.value);
  const light = (i, j) => {
    const mark = (table, wanted) => [...table.rows].forEach((tr, r) => [...tr.cells].forEach((td, c) => td.classList.toggle("lit", wanted(r, c))));
    mark(tables[0], r => r === i);
    mark(tables[1], (_, c) => c === j);
    mark(product, (r, c) => r === i && c === j);
  };
  [...product.rows].forEach((tr, i) => [...tr.cells].forEach((td, j) => td.addEventListener("pointerenter", () => light(i, j))));
  light(0, 0);
  result.firstChild.replaceWith(product);
  return [labelled(tables[0], left.text), labelled(tables[1], right.text), sign("="), result];
}

function updateCard(update) {
  const node = nodes.get(update.node);
  const settings = Object.entries(update.numbers).map(([name, x]) => `${name} = ${format(x)}`).join(", ");
  const memory = Object.entries(update.state).map(([name, summary]) => labelled(quantity(summary), name));
  return [
    heading(node, ` · ${update.optimizer}, ${settings}`), formula(update.formula),
    make("div", { class: "equation" }, labelled(quantity(update.before), `w: ${symbolOf(node)} before`),
      labelled(quantity(update.gradient), `g: ${partial(node)}`), ...memory, sign("→"),
      Object.assign(labelled(quantity(update.after), `w: ${symbolOf(node)} after`), { className: "term result" })),
    ...(state.step === updates.length && data.more && location.protocol !== "about:"
      ? [make("button", { type: "button", id: "again", on: { click: nextTrainingStep } }, "Next training step")] : []),
  ];
}

function sameShape(value, shape) {
  const own = [];
  for (let part = value; Array.isArray(part); part = part[0]) own.push(part.length);
  return own.join() === shape.join();
}

function answer(edge, node) {
  if (contributionKnown(edge)) {
    const note = state.quiz && state.answered.has(edge.number) ? make("span", { class: "right" }, " ✓") : "";
    return make("span", {}, quantity(edge.gradient), note);
  }
  return question({
    key: edge.number, value: edge.gradient.value, label: `contribution to ${labelOf(edge.source)}`, done: () => refresh(),
    mistakes: slipsOfProduct(node, edge),
  });
}

// Where several contributions meet, the sum so far.
function accumulation(source, edge) {
  if (source.uses < 2 && !seeded(source)) return "";
  const known = source.out.filter(other => other.step <= edge.step && other.arrived <= edge.arrived).every(contributionKnown);
  const key = `sum-${edge.number}`, total = edge.total ?? (edge.arrived === source.uses ? source.gradient.value : null);
  const asked = state.quiz && known && edge.arrived > 1 && total !== null && !state.answered.has(key);
  const sum = !known ? "?" : asked ? question({ key, value: total, label: `sum at ${symbolOf(source)}`, done: () => refresh(), mistakes: slipsOfSum(source, edge) })
    : edge.total !== null ? matrix(edge.total) : edge.arrived === source.uses ? quantity(source.gradient) : shapeText(edge.gradient);
  return make("span", { class: "accumulation" }, sign("Σ"), labelled(sum, `sum at ${symbolOf(source)}, ${edge.arrived} of ${source.uses}`));
}

function spoken() {
  if (state.step === null) return "All gradients are shown.";
  const node = currentNode();
  if (state.act === "forward") return state.step ? `Forward ${state.step} of ${computed.length}: ${operationText(node)}.` : "Forward: inputs and parameters are known.";
  if (state.act === "update") return `Update ${state.step} of ${updates.length}: ${nodeLabel(node)}.`;
  if (state.step === 0) return `Step 0 of ${last}. The gradient of the output with respect to itself is 1.`;
  const parts = currentStep().contributions.map(({ edge: number }) => {
    const edge = edges[number];
    const what = contributionKnown(edge) ? brief(edge.gradient) : "unknown, please type it";
    return `contribution to ${labelOf(edge.source)}: ${what}`;
  });
  return `Step ${state.step} of ${last}, ${nodeLabel(node)}. ${parts.join("; ")}.`;
}
