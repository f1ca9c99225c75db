// Where a space is a space, and where it plays.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isTyping, nextOf } from "../../src/voicewright/web/static/js/clip-keys.js";

test("a space plays only where nothing is written or pressed", () => {
  const typing = (tagName, more = {}) => isTyping({ tagName, isContentEditable: false, ...more });
  for (const tag of ["TEXTAREA", "SELECT", "BUTTON", "A", "SUMMARY"]) assert.ok(typing(tag), tag);
  assert.ok(typing("DIV", { isContentEditable: true }));
  assert.ok(typing("INPUT", { type: "text" }) && typing("INPUT", { type: "checkbox" }));
  assert.ok(!typing("INPUT", { type: "range" }) && !typing("DIV") && !typing("BODY"));
});

test("after the last clip comes none", () => {
  assert.equal(nextOf(["a", "b"], "a"), "b");
  assert.equal(nextOf(["a", "b"], "b"), null);
});
