// The connection: commands out, state and frames in. Where it is lost, it tries again; where the server has ended, not.

import { tell } from "./state.js";

const decoder = new TextDecoder();
const waiting = new Map();
let socket = null, next = 1, ended = false, tries = 0;

// A frame: the length of its JSON, the JSON, and the bytes of arrays, which the JSON names by where they are.
function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(decoder.decode(new Uint8Array(buffer, 4, length)));
  const base = 4 + length;
  const array = ({ at, n, kind }) => (kind === "u1" ? new Uint8Array(buffer, base + at, n) : new Float32Array(buffer, base + at, n));
  return { ...header, array, bytes: buffer.byteLength };
}

export function connect(report) {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    tries = 0;
    report("open");
  };
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) tell("frame", decode(data));
    else hear(JSON.parse(data), report);
  };
  socket.onclose = () => {
    for (const { reject } of waiting.values()) reject(new Error("the connection was lost"));
    waiting.clear();
    report(ended ? "ended" : "lost");
    tries += 1;
    if (!ended) setTimeout(() => connect(report), Math.min(500 * tries, 3000));
  };
}

function hear(message, report) {
  if (message.type === "state") tell("state", message);
  else if (message.type === "bye") {
    ended = true;
    report("ended");
  } else {
    const asker = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.type === "error") (asker?.reject ?? report)(new Error(message.content));
    else asker?.resolve(message.content);
  }
}

// Asks for a command; gives its answer, or the error that says what is wrong.
export function ask(name, values = {}) {
  return new Promise((resolve, reject) => {
    if (socket?.readyState !== WebSocket.OPEN) {
      reject(new Error("the playground cannot be reached"));
      return;
    }
    const id = next++;
    waiting.set(id, { resolve, reject });
    socket.send(JSON.stringify({ do: name, with: values, id }));
  });
}
