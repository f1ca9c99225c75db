// Notes in the corner do not pile up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { keepNewest } from "../../src/voicewright/web/static/js/notes.js";

function corner(...codes) {
  const parent = { children: [] };
  for (const code of codes) {
    const toast = { dataset: { toast: code }, parentNode: parent };
    toast.remove = () => parent.children.splice(parent.children.indexOf(toast), 1);
    parent.children.push(toast);
  }
  return parent;
}

test("the same refusal again takes the place of the first, and others stay", () => {
  const notes = corner("DATABASE_UNAVAILABLE", "RATE_LIMITED", "DATABASE_UNAVAILABLE");
  const newest = notes.children[2];
  keepNewest([{ addedNodes: [newest] }]);
  assert.deepEqual(notes.children.map((one) => one.dataset.toast), ["RATE_LIMITED", "DATABASE_UNAVAILABLE"]);
  assert.equal(notes.children[1], newest);
});

test("a note that went at once harms nothing", () => {
  keepNewest([{ addedNodes: [{ dataset: { toast: "x" }, parentNode: null }] }]);
});
