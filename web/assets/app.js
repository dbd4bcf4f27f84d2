// What the browser runs on every page. Everything works as plain links and forms without it.

import htmx from "htmx.org";
import { enhance as enhancePicks } from "./js/pick.js";
import { install as installCompose } from "./js/compose.js";
import { install as installInbox } from "./js/inbox.js";
import { install as installKeys } from "./js/keys.js";
import { install as installLive } from "./js/live.js";
import { install as installScreen } from "./js/screen.js";

window.htmx = htmx;
// A refused step answers with the thing as it stands now and the words that were typed: shown like any answer.
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "409|422", swap: true },
  { code: "[45]..", swap: false, error: true },
];
// The policy forbids style attributes, which htmx would copy from an old element to a new one.
htmx.config.attributesToSettle = ["class"];

installScreen();
installCompose();
installInbox(htmx);
installKeys();
installLive(htmx);

enhancePicks(document);
htmx.onLoad((element) => enhancePicks(element));
