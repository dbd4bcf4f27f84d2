// What the browser runs on every page. Everything works as plain links and forms without it.

import htmx from "htmx.org";
import { enhance as enhancePicks } from "./js/pick.js";
import { install as installCompose } from "./js/compose.js";
import { install as installInbox } from "./js/inbox.js";
import { install as installKeys } from "./js/keys.js";
import { install as installLive } from "./js/live.js";
import { install as installScreen } from "./js/screen.js";

window.htmx = htmx;

installScreen();
installCompose();
installInbox(htmx);
installKeys();
installLive(htmx);

enhancePicks(document);
htmx.onLoad((element) => enhancePicks(element));
