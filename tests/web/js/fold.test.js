import assert from "node:assert/strict";
import { test } from "node:test";
import { finds, fold } from "../../../web/assets/js/fold.js";

test("both i's are one, however they are written", () => {
  for (const text of ["ISPARTA", "ısparta", "İSPARTA", "i\u0307sparta"]) assert.equal(fold(text), "isparta");
});

test("blanks between words are one, and none stands around them", () => {
  assert.equal(fold("  Zafer\u00a0 \tMahallesi\n"), "zafer mahallesi");
});

test("every word typed must stand somewhere, in any order", () => {
  const street = fold("Işık Sokağı ve Çöp");

  assert.ok(finds("cop ISI", street));
  assert.ok(finds("", street));
  assert.ok(!finds("cop yok", street));
});
