// What the type checker cannot see by itself: the events of the page, and what hangs on its window.

import type htmx from "htmx.org";

type HtmxEvent = CustomEvent<{
  elt: Element;
  target?: Element;
  parameters: Record<string, unknown>;
  xhr: XMLHttpRequest;
}>;

declare global {
  interface Window {
    htmx: typeof htmx;
  }
  interface DocumentEventMap {
    "cozum:morphed": CustomEvent<Element>;
    "htmx:load": HtmxEvent;
    "htmx:configRequest": HtmxEvent;
    "htmx:beforeRequest": HtmxEvent;
    "htmx:afterRequest": HtmxEvent;
    "htmx:afterSettle": HtmxEvent;
    "htmx:sendError": HtmxEvent;
    "htmx:responseError": HtmxEvent;
  }
}
