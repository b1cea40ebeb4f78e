// What the page knows: the state, the latest frame, and who wants to hear of either.

export const known = { state: null, frame: null, theme: null };

const listeners = { state: [], frame: [], theme: [] };

export function on(kind, listener) {
  listeners[kind].push(listener);
}

export function tell(kind, content) {
  known[kind] = content;
  for (const listener of listeners[kind]) listener(content);
}

export const byId = id => document.getElementById(id);

// An element with attributes and children; text is text, whatever stands in it.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function draw(tag, attributes = {}) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// Sets text only where it is another: what is read aloud is not read again.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
