import assert from "node:assert/strict";
import { test } from "node:test";
import { isPress, reach } from "../../../web/assets/js/hotkeys.js";

/**
 * @param {string} key
 * @param {string[]} modifiers
 */
function press(key, ...modifiers) {
  const event = { key, code: "", getModifierState: (/** @type {string} */ name) => modifiers.includes(name) };
  return /** @type {KeyboardEvent} */ (/** @type {unknown} */ (event));
}

test("one key is done at once, another is missed", () => {
  assert.equal(reach([press("c")], "c"), "done");
  assert.equal(reach([press("r")], "c"), "missed");
});

test("a comma offers another key", () => {
  for (const key of ["e", "x"]) assert.equal(reach([press(key)], "e,x"), "done");
});

test("a blank asks for one key after the other", () => {
  assert.equal(reach([press("g")], "g y"), "begun");
  assert.equal(reach([press("g"), press("y")], "g y"), "done");
  assert.equal(reach([press("g"), press("x")], "g y"), "missed");
  assert.equal(reach([press("y")], "g y"), "missed");
});

test("a longer way is not done by a key that is one of its own", () => {
  assert.equal(reach([press("g"), press("y")], "y"), "missed");
});

test("a sign is itself with Shift and without, since keyboards differ; a letter is not", () => {
  assert.ok(isPress(press("/", "Shift"), "/"));
  assert.ok(isPress(press("/"), "/"));
  assert.ok(isPress(press("?", "Shift"), "?"));
  assert.ok(!isPress(press("C", "Shift"), "c"));
});

test("what belongs to the browser or the system is left alone", () => {
  for (const modifier of ["Control", "Alt", "Meta"]) assert.ok(!isPress(press("c", modifier), "c"));
  assert.ok(isPress(press("Enter", "Control"), "Control+Enter"));
  assert.ok(!isPress(press("Enter"), "Control+Enter"));
});
