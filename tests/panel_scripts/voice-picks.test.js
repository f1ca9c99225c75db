import assert from "node:assert/strict";
import test from "node:test";
import { MOST, Picks } from "../../src/voicewright/web/static/js/voice-picks.js";

test("so many voices are compared at most", () => {
  const picks = new Picks();
  for (let id = 0; id < MOST; id += 1) assert.equal(picks.set(String(id), `Voice ${id}`, true), true);
  assert.equal(picks.set("more", "One more", true), false);
  assert.equal(picks.has("more"), false);
  picks.set("0", "Voice 0", false);
  assert.equal(picks.set("more", "One more", true), true);
  assert.deepEqual(picks.ids, ["1", "2", "3", "more"]);
});

test("figures are compared of one's own voices", () => {
  const picks = new Picks();
  picks.set("mine", "Mine", true, true);
  assert.equal(picks.canCompare, false);
  picks.set("theirs", "Theirs", true, false);
  assert.equal(picks.canCompare, false);
  picks.set("theirs", "Theirs", false);
  picks.set("mine too", "Mine too", true, true);
  assert.equal(picks.canCompare, true);
  assert.equal(picks.words, "2 voices chosen");
});
