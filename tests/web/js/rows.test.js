import assert from "node:assert/strict";
import { test } from "node:test";
import { stepped, successor } from "../../../web/assets/js/rows.js";

test("steps begin at the first row, and go on from the focused one before the open one", () => {
  assert.equal(stepped({ count: 3, focused: -1, open: -1 }, 1), 0);
  assert.equal(stepped({ count: 3, focused: -1, open: 1 }, 1), 2);
  assert.equal(stepped({ count: 3, focused: 0, open: 2 }, 1), 1);
});

test("steps stop at both ends", () => {
  assert.equal(stepped({ count: 3, focused: 2, open: -1 }, 1), 2);
  assert.equal(stepped({ count: 3, focused: 0, open: -1 }, -1), 0);
});

test("what is settled is followed by the next row, the last one by the row before it", () => {
  assert.equal(successor(["a", "b", "c"], 1), "c");
  assert.equal(successor(["a", "b", "c"], 2), "b");
  assert.equal(successor(["a"], 0), undefined);
  assert.equal(successor(["a", "b"], -1), undefined);
});
