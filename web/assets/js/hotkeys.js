// What `data-hotkey` says, and how far the keys pressed lead into it. As in GitHub's markup: "g y" is g and
// then y, "e,x" is e or x, "Control+Enter" both at once.

import { matchKeybindingPress, parseKeybinding } from "tinykeys";

/** @typedef {import("tinykeys").KeybindingPress} Press */

/** @type {Map<string, Press[][]>} */
const parsed = new Map();

/**
 * A sign may stand on Shift: "/" does on a Turkish keyboard, "?" on most.
 * @param {string} press
 */
function withItsShift(press) {
  return /^\P{L}$/u.test(press) ? `[Shift]+${press}` : press;
}

/** @param {string} hotkey */
function parse(hotkey) {
  const known = parsed.get(hotkey);
  if (known) return known;
  const sequences = hotkey.split(",").map((sequence) => {
    const presses = sequence.trim().split(" ").map(withItsShift);
    return parseKeybinding(presses.join(" "));
  });
  parsed.set(hotkey, sequences);
  return sequences;
}

/**
 * Whether the keys `pressed`, oldest first, are the whole of one of its sequences ("done"), or lead to one.
 * @param {KeyboardEvent[]} pressed
 * @param {string} hotkey
 * @returns {"done" | "begun" | "missed"}
 */
export function reach(pressed, hotkey) {
  const fitting = parse(hotkey).filter(
    (sequence) =>
      pressed.length <= sequence.length &&
      pressed.every((event, position) => matchKeybindingPress(event, sequence[position])),
  );
  if (fitting.some((sequence) => sequence.length === pressed.length)) return "done";
  return fitting.length > 0 ? "begun" : "missed";
}

/**
 * Whether this one press is `hotkey`.
 * @param {KeyboardEvent} event
 * @param {string} hotkey
 */
export function isPress(event, hotkey) {
  return reach([event], hotkey) === "done";
}
