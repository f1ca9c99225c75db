// Moments and lengths in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clock } from "../../src/voicewright/web/static/js/audio-player.js";
import { ago, write } from "../../src/voicewright/web/static/js/times.js";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const at = (seconds) => ago(new Date(NOW + seconds * 1000), NOW);

test("how long ago something was", () => {
  assert.equal(at(-5), "just now");
  assert.equal(at(20), "in a moment");
  assert.equal(at(-60), "1 minute ago");
  assert.equal(at(-3 * 3600), "3 hours ago");
  assert.equal(at(-86400), "yesterday");
  assert.equal(at(2 * 604800), "in 2 weeks");
  assert.equal(at(90 * 86400), "in 3 months");
});

test("a page's moments are written once, and again only when their words change", () => {
  let writes = 0;
  const time = {
    dateTime: new Date(NOW - 120_000).toISOString(),
    hasAttribute: () => true,
    get textContent() { return this.text; },
    set textContent(text) { this.text = text; writes += 1; },
  };
  const root = { querySelectorAll: () => [time] };
  write(root, NOW);
  write(root, NOW);
  assert.equal(time.textContent, "2 minutes ago");
  assert.equal(writes, 1);
  write(root, NOW + 60_000);
  assert.equal(time.textContent, "3 minutes ago");
});

test("a player's clock", () => {
  assert.equal(clock(7.9), "0:07");
  assert.equal(clock(61), "1:01");
  assert.equal(clock(Infinity), "–:––");
});
