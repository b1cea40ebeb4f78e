// What the reader does: selecting, opening, searching, keys. The last file: it starts the page.

// -- what shows where -------------------------------------------------------------------------------------------------

const boxOf = id => {
  const item = nodes.get(id) ?? groups.get(id), stand = standIn(item);
  return boxes.get(stand) ?? [...boxes.values()].find(box => box.item.id === id) ?? boxes.get(hider(item));
};

// The closed module that hides a leaf outside it.
function hider(leaf) {
  const use = leaf.out?.[0];
  return use ? standIn(nodes.get(use.target)) : standIn(leaf);
}

// Brings every visible thing up to date with `state`; the layout stays.
function refresh() {
  const current = currentNode(), currentBox = current && boxOf(current.id);
  const way = state.path && state.selected !== null ? pathToOutput(nodesOf(state.selected)) : null;
  const found = new Set(state.found), trouble = new Set(data.path);
  for (const box of boxes.values()) {
    const { element, item } = box, inside = nodesOf(item.id);
    element.classList.toggle("current", box === currentBox);
    element.classList.toggle("selected", item.id === state.selected);
    element.classList.toggle("found", found.has(item.id));
    element.classList.toggle("trouble", item.id === data.first);
    element.classList.toggle("future", isFuture(box));
    element.classList.toggle("aside", Boolean(way) && !box.frame && !inside.some(id => way.nodes.has(id)));
    element.setAttribute("aria-label", describe(box));
    if (box.kind === "group") element.setAttribute("aria-expanded", String(box.frame));
    const text = element.querySelector("text.gradient");
    if (text) text.textContent = gradientText(shownNode(item));
    if (box.marks.size) {
      const marks = new Set(inside.flatMap(id => marksNow(nodes.get(id))));
      for (const [mark, pill] of box.marks) pill.classList.toggle("hidden", !marks.has(mark));
    }
  }
  for (const link of links) refreshLink(link, way, trouble);
  const focusable = boxOf(state.selected ?? graph.outputs[0]);
  for (const box of boxes.values()) box.element.setAttribute("tabindex", box === focusable ? 0 : -1);
  showPanel();
  showSteps();
  if (!byId("table").hidden) showTable();
}

// Whether what a box shows is still to be computed.
function isFuture({ item, frame }) {
  if (state.act !== "forward" || state.step === null || frame) return false;
  const inside = groups.has(item.id) ? item.operations : item.operation ? [item] : [];
  return inside.some(node => computedAt.get(node.id) >= state.step);
}

function refreshLink(link, way, trouble) {
  const { edges: own, forward: line, back, label } = link;
  const passed = own.filter(edge => edge.gradient && state.step !== null && (swept() === null || edge.step <= swept()));
  const now = own.filter(edge => state.act === "backward" && edge.step === state.step && state.step);
  line.classList.toggle("aside", Boolean(way) && !own.some(edge => way.edges.has(edge.number)));
  line.classList.toggle("way", Boolean(way) && own.some(edge => way.edges.has(edge.number)));
  line.classList.toggle("trouble", own.some(edge => trouble.has(edge.source) && trouble.has(edge.target)));
  back.classList.toggle("passed", passed.length > 0);
  back.classList.toggle("now", now.length > 0);
  if (passed.length) back.style.strokeWidth = width(passed);
  label.textContent = now.map(edge => (contributionKnown(edge) ? brief(edge.gradient) : "?")).join(" + ");
}

// Lines of gradients are the thicker, the larger their norm among all contributions.
const norms = edges.map(edge => edge.gradient?.norm).filter(norm => typeof norm === "number" && norm > 0);
const [smallest, largest] = norms.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, 0]);
function width(passed) {
  const norm = Math.max(...passed.map(edge => (typeof edge.gradient.norm === "number" ? edge.gradient.norm : 0)));
  if (state.quiz || !norm || largest === smallest) return 2;
  return 1.2 + 3.3 * Math.log(norm / smallest) / Math.log(largest / smallest);
}

function describe({ item, kind, frame }) {
  if (kind === "group") return `module ${groupLabel(item)}, ${frame ? "open" : "closed"}, ${item.operations.length} operations`;
  const marks = marksNow(item).map(mark => data.meanings[mark]);
  return [`${item.kind} ${nodeLabel(item)}`, shapeText(item.value), `value ${brief(item.value)}`,
    gradientText(item).replace("∇", "gradient"), ...marks].filter(Boolean).join(", ");
}

// -- selecting and opening --------------------------------------------------------------------------------------------

function select(id, boxId = null) {
  state.selected = id;
  refresh();
  const box = boxes.get(boxId) ?? (id === null ? null : boxOf(id));
  if (id !== null) box?.element.focus({ preventScroll: true });
}

function focusBox(box) {
  if (state.selected === box.item.id) return;
  state.selected = box.item.id;
  refresh();
}

// Opens what hides an item, selects it, and brings it into sight.
function goTo(id) {
  const item = nodes.get(id) ?? groups.get(id);
  let closed = around(item).filter(group => !state.open.has(group));
  if (nodes.has(id) && !item.operation && item.out.length) closed = [...closed, ...around(nodes.get(item.out[0].target))];
  if (closed.some(group => !state.open.has(group))) {
    closed.forEach(group => state.open.add(group));
    redraw();
  }
  select(id);
  reveal(boxOf(id), true);
}

// Opens or closes a group, and leaves it where it is on the screen.
function toggle(id) {
  const before = boxes.get(id), at = before && [camera.x + before.x * camera.scale, camera.y + before.y * camera.scale];
  if (!state.open.delete(id)) state.open.add(id);
  state.selected = id;
  redraw();
  const after = boxes.get(id);
  if (at) pan(at[0] - camera.x - after.x * camera.scale, at[1] - camera.y - after.y * camera.scale);
  reveal(after);
  after.element.focus({ preventScroll: true });
  say(`${groupLabel(groups.get(id))} ${state.open.has(id) ? "opened" : "closed"}.`);
}

function setAll(open) {
  state.open = new Set(open ? groups.keys() : []);
  if (state.selected !== null && nodes.has(state.selected) && standIn(nodes.get(state.selected)) !== state.selected) state.selected = null;
  redraw();
  fit();
}

// Enter: opens or closes the selected module, or closes the one around the selected node.
function enter() {
  const id = state.selected;
  if (id === null) return;
  const group = groups.has(id) ? id : around(nodes.get(id)).at(-1);
  if (group) toggle(group);
}

// Goes from the selected node to what it was computed from (-1) or what uses it (1), or, `aside`, to its neighbour in time.
function walk(direction, aside) {
  const visible = [...boxes.values()].filter(box => !box.frame && !box.stub);
  const at = boxes.get(state.selected);
  if (!at) return goTo(graph.outputs[0]);
  if (aside) return goTo(visible[Math.min(visible.length - 1, Math.max(0, visible.indexOf(at) + direction))].item.id);
  const next = direction < 0
    ? links.filter(link => link.target === at.id).map(link => boxes.get(link.source).item)
    : links.filter(link => link.source === at.id).map(link => boxes.get(link.target).item);
  const best = next.sort((a, b) => Boolean(b.operation) - Boolean(a.operation) || b.order - a.order)[0];
  return best && goTo(best.id);
}

// -- search -----------------------------------------------------------------------------------------------------------

function search(text) {
  const wanted = text.trim().toLowerCase();
  const matches = item => [item.id, item.name, item.operation, item.path, item.kind].some(part => part?.toLowerCase().includes(wanted));
  state.found = wanted ? [...groups.values(), ...nodes.values()].filter(matches).sort((a, b) => a.order - b.order).map(item => item.id) : [];
  byId("hits").textContent = wanted ? `${state.found.length} found` : "";
  refresh();
}

let hit = -1;
function nextHit(direction) {
  if (!state.found.length) return;
  hit = (hit + direction + state.found.length) % state.found.length;
  goTo(state.found[hit]);
  byId("search").focus();
  byId("hits").textContent = `${hit + 1} of ${state.found.length}`;
}

// -- switches ---------------------------------------------------------------------------------------------------------

function setPath() {
  state.path = !state.path;
  byId("way").setAttribute("aria-pressed", String(state.path));
  refresh();
}

function setTable() {
  const table = byId("table");
  table.hidden = !table.hidden;
  stage.toggleAttribute("hidden", !table.hidden);
  byId("tabular").setAttribute("aria-pressed", String(!table.hidden));
  refresh();
  if (!table.hidden) table.focus();
}

function setTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}

function leave() {
  if (state.step !== null) goToStep(null);
  else if (state.selected !== null) select(null);
}

const actions = {
  next: forward, back: backward, first: () => goToStep(firstOf(state.act)), last: () => goToStep(LENGTHS[state.act]),
  all: () => goToStep(null), play: () => play(), ...Object.fromEntries(ACTS.map(act => [act, () => goToStep(firstOf(act), act)])),
  fit, open: () => setAll(true), close: () => setAll(false), larger: () => zoom(1.25), smaller: () => zoom(0.8),
  way: setPath, tabular: setTable, theme: setTheme, quiz: () => setQuiz(!state.quiz), help: () => byId("keys").showModal(),
};
for (const [id, action] of Object.entries(actions)) byId(id).addEventListener("click", action);

const keys = {
  1: () => actions.forward(), 2: () => actions.backward(), 3: () => actions.update?.(), a: actions.play,
  ArrowRight: forward, ArrowLeft: backward, Home: actions.first, End: actions.last, Escape: leave,
  ArrowUp: () => walk(-1), ArrowDown: () => walk(1), k: () => walk(-1, true), j: () => walk(1, true), Enter: enter,
  f: fit, 0: fit, "+": actions.larger, "=": actions.larger, "-": actions.smaller, e: actions.open, c: actions.close,
  "/": () => byId("search").focus(), p: setPath, t: setTable, d: setTheme, q: actions.quiz, "?": actions.help,
};
const moves = { ArrowRight: [-80, 0], ArrowLeft: [80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] };

document.addEventListener("keydown", event => {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
  if (target.matches("input:not([type=range])")) {
    if (key === "Escape") target.blur();
    return;
  }
  if ((key === "Enter" || key === " ") && target.closest("button")) return;  // the button's own
  if (byId("table").contains(target) && (key === "ArrowUp" || key === "ArrowDown")) return;  // scrolls
  const action = event.shiftKey && moves[key] ? () => pan(...moves[key]) : keys[key === " " ? "Enter" : key];
  if (!action) return;
  event.preventDefault();
  action();
});

byId("search").addEventListener("input", event => { hit = -1; search(event.target.value); });
byId("search").addEventListener("keydown", event => { if (event.key === "Enter") nextHit(event.shiftKey ? -1 : 1); });
byId("slider").addEventListener("input", event => goToStep(Number(event.target.value)));
byId("speed").addEventListener("change", () => { if (clock !== null) play(true); });
stage.addEventListener("click", () => select(null));
new ResizeObserver(() => { if (camera.fitted && stage.clientWidth) fit(); }).observe(stage);

// On paper: all of it, in light colours, whatever is on the screen.
let screenTheme;
window.addEventListener("beforeprint", () => {
  screenTheme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
  stage.setAttribute("viewBox", `-20 -20 ${camera.width + 40} ${camera.height + 40}`);
  world.removeAttribute("transform");
});
window.addEventListener("afterprint", () => {
  if (screenTheme) document.documentElement.dataset.theme = screenTheme;
  else delete document.documentElement.dataset.theme;
  stage.removeAttribute("viewBox");
  fit();
});

// The first look, once there is a place to look at: in another page that may be later.
function begin() {
  fit();
  followLink();
  if (state.step !== null) return;
  if (data.first) goTo(data.first);
  else if (camera.scale < (document.body.classList.contains("inline") ? 0.3 : 0.4)) reveal(boxOf(graph.outputs[0]), true);
}

openUpTo(data.limit, data.depth);
byId("update").hidden = !updates.length;
redraw();
if (stage.clientWidth > 50) begin();
else {
  const waiting = new ResizeObserver(() => {
    if (stage.clientWidth <= 50) return;
    waiting.disconnect();
    begin();
  });
  waiting.observe(stage);
}
