// What can be taken along: folder and report, code, command line, link. And links that set everything.

import { format } from "./numbers.js";
import { ask } from "./socket.js";
import { byId, known, make, on, say } from "./state.js";
import { toast } from "./toast.js";

export async function openTake() {
  try {
    show(await ask("repeat"));
  } catch (error) {
    toast(error.message);
    return;
  }
  say(byId("take-path"), known.state.watching ? "the terminal that trains writes them at its end" : "");
  byId("take-folder").disabled = known.state.watching;
  if (!byId("take").open) byId("take").showModal();
}

function show({ command, exact, changes, link }) {
  say(byId("take-command"), command);
  say(byId("take-exact"), exact ? "gives the same numbers, bit for bit" : changes.length ? "trains with these settings from the start; the numbers are others, because on this run" : "trains with these settings");
  const told = x => (x === null ? "none" : typeof x === "number" ? format(x) : String(x));
  byId("take-changes").replaceChildren(...changes.map(one => make("li", {}, `${one.name} was changed from ${told(one.before)} to ${told(one.after)} at epoch ${one.epoch.toLocaleString("en-US")}`)));
  say(byId("take-link"), `${location.origin}/#${link}`);
}

async function write() {
  const button = byId("take-folder");
  button.disabled = true;
  say(byId("take-path"), "writing …");
  try {
    const written = await ask("export");
    show(written);
    say(byId("take-path"), `wrote ${written.path}/report.html`);
    written.problems.forEach(toast);
  } catch (error) {
    say(byId("take-path"), error.message.replace(/^play: /, ""));
  }
  button.disabled = false;
}

async function copy(event) {
  const text = byId(event.target.dataset.copy).textContent;
  try {
    await navigator.clipboard.writeText(text);
    say(event.target, "copied");
  } catch {
    getSelection().selectAllChildren(byId(event.target.dataset.copy));
    say(event.target, "selected");
  }
  setTimeout(() => say(event.target, "copy"), 1500);
}

// -- links -------------------------------------------------------------------------------------------------------------

const sorted = text => [...new URLSearchParams(text)].filter(([name]) => name !== "epochs").map(String).sort().join("&");

// The page's own address says its settings; an address that says others sets them, unless a run would be lost.
function follow() {
  const { state } = known, wanted = location.hash.slice(1);
  if (!state || !wanted) return;
  const epochs = new URLSearchParams(wanted).get("epochs");
  if (sorted(wanted) === sorted(state.link) && !epochs) return;
  const begun = (known.frame?.last ?? 1) > 1;
  if (begun && sorted(wanted) === sorted(state.link)) return;
  if (begun) offer(wanted);
  else set(wanted);
}

async function set(text) {
  byId("banner").hidden = true;
  try {
    await ask("link", { text });
  } catch (error) {
    toast(error.message);
  }
}

function offer(text) {
  const yes = make("button", { type: "button" }, "begin it"), no = make("button", { type: "button" }, "keep this run");
  yes.addEventListener("click", () => set(text));
  no.addEventListener("click", () => {
    byId("banner").hidden = true;
    address(known.state);
  });
  byId("banner").replaceChildren("The link sets another experiment, and this run would be lost. ", yes, no);
  byId("banner").hidden = false;
}

function address(state) {
  const settings = state.link.replace(/&?epochs=\d+$/, "");
  if (location.hash.slice(1) !== settings) history.replaceState(null, "", `#${settings}`);
}

let begun = false;
on("frame", () => {
  if (begun) return;
  begun = true;
  follow();
});
on("state", state => { if (begun && byId("banner").hidden) address(state); });

export function startTake() {
  byId("export").addEventListener("click", openTake);
  byId("take-folder").addEventListener("click", write);
  for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", copy);
  addEventListener("hashchange", follow);
}
