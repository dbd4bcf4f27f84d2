// What the browser runs on every page. Everything works as plain links and forms without it.

import htmx from "htmx.org";
import "./js/elements/combo-box.js";
import "./js/elements/drop-menu.js";
import "./js/elements/reply-composer.js";
import { install as installForms } from "./js/forms.js";
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
installForms();
installInbox(htmx);
installKeys();
installLive(htmx);
