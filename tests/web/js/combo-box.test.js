import assert from "node:assert/strict";
import { test } from "node:test";
import { placeList } from "../../../web/assets/js/elements/placing.js";
import { isChosenByHand } from "../../../web/assets/js/fields.js";

/** @param {boolean[]} marked */
const options = (...marked) => marked.map((defaultSelected) => ({ defaultSelected }));

test("the list stands below its field, and above where there is more room", () => {
  const high = placeList({ left: 20, top: 100, bottom: 136, width: 300 }, 768);
  const low = placeList({ left: 20, top: 560, bottom: 596, width: 300 }, 768);

  assert.deepEqual(high, { left: "20px", width: "300px", top: "139px", bottom: "auto" });
  assert.deepEqual(low, { left: "20px", width: "300px", top: "auto", bottom: "211px" });
});

test("the list stays below where there is no more room above, and is wide enough to read", () => {
  const place = placeList({ left: 0, top: 100, bottom: 136, width: 120 }, 300);

  assert.deepEqual(place, { left: "0px", width: "240px", top: "139px", bottom: "auto" });
});

test("a choice is by hand when it is not the one that the page marked, or the first where it marked none", () => {
  assert.ok(!isChosenByHand({ selectedIndex: 1, options: options(false, true) }));
  assert.ok(isChosenByHand({ selectedIndex: 0, options: options(false, true) }));
  assert.ok(!isChosenByHand({ selectedIndex: 0, options: options(false, false) }));
  assert.ok(isChosenByHand({ selectedIndex: 1, options: options(false, false) }));
});
