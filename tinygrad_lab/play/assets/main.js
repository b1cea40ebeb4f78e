// The page's beginning: every part is started, and the connection opened.

import { startThemes } from "./colours.js";
import "./boundary.js";
import "./charts.js";
import "./layers.js";
import "./troubles.js";
import { startControls } from "./controls.js";
import { startKeys } from "./keys.js";
import { startNetwork } from "./network.js";
import { startRuns } from "./runs.js";
import { connect } from "./socket.js";
import { byId, say } from "./state.js";
import { startTake } from "./take.js";
import { toast } from "./toast.js";
import { startTransport } from "./transport.js";
import { startWhy } from "./why.js";

startThemes();
for (const start of [startControls, startTransport, startNetwork, startRuns, startTake, startWhy, startKeys]) start();

const SAID = {
  lost: "The playground cannot be reached: its server has ended, or the connection is gone. Trying again …",
  ended: "The playground has ended. What you see is how it was.",
};

connect(what => {
  if (what instanceof Error) {
    toast(what.message);
    return;
  }
  const banner = byId("banner");
  document.body.classList.toggle("offline", what !== "open");
  banner.hidden = what === "open";
  if (what !== "open") say(banner, SAID[what]);
});
