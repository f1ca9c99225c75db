// Whether what a page shows is up to date.
import assert from "node:assert/strict";
import { test } from "node:test";
import { freshness, isInVain, isRefresh } from "../../src/voicewright/web/static/js/freshness.js";
import { sightings } from "../../src/voicewright/web/static/js/training/sightings.js";

function watched() {
  const shown = [];
  const asked = [];
  const waits = [];
  const one = freshness({ show: (it) => shown.push(it), ask: (it) => asked.push(it), later: (then, wait) => waits.push({ then, wait }) });
  return { one, shown, asked, waits };
}

test("one note for however many parts, gone with the next good answer", () => {
  const { one, shown, waits } = watched();
  one.set(false);
  one.set(false);
  assert.equal(waits.length, 1);
  assert.deepEqual(shown, []);
  waits[0].then();
  one.set(false);
  assert.deepEqual(shown, [true]);
  one.set(true);
  assert.deepEqual(shown, [true, false]);
});

test("the clock asks for nothing that nobody sees", () => {
  assert.equal(isInVain({ verb: "get" }, { hidden: true }), true);
  assert.equal(isInVain({ verb: "get" }, { hidden: false }), false);
  assert.equal(isInVain({ verb: "get", triggeringEvent: new CustomEvent("work") }, { hidden: true }), false);
});

test("a moment of silence is not told", () => {
  const { one, shown, waits } = watched();
  one.set(false);
  one.set(true);
  one.set(false); // another one, which lasts
  waits[0].then();
  assert.deepEqual(shown, [false]);
  waits[1].then();
  assert.deepEqual(shown, [false, true]);
});

test("parts that were asked for in vain are asked for again, later each time, or at once when it is back", () => {
  const { one, asked, waits } = watched();
  one.set(false, "job-moved");
  one.set(false, "job-moved");
  const [, again] = waits;
  assert.equal(waits.length, 2);
  again.then();
  assert.deepEqual(asked, ["job-moved"]);
  one.set(false, "job-moved");
  assert.ok(waits[2].wait > again.wait);
  one.set(false, "job-changed");
  one.set(true);
  assert.deepEqual(asked, ["job-moved", "job-moved", "job-changed"]);
  waits[2].then();
  assert.equal(asked.length, 3);
});

test("what somebody asked for is no refresh", () => {
  assert.ok(isRefresh({ verb: "get" }));
  assert.ok(isRefresh({ verb: "get", triggeringEvent: new CustomEvent("job-moved") }));
  assert.ok(!isRefresh({ verb: "get", triggeringEvent: new Event("input") }));
  assert.ok(!isRefresh({ verb: "post" }));
  assert.ok(!isRefresh(undefined));
});

test("what a page does not show is news once in each state", () => {
  const isNews = sightings();
  assert.deepEqual(
    [["1", "running"], ["1", "running"], ["2", "running"], ["1", "completed"], ["1", "running"]].map((it) => isNews(...it)),
    [true, false, true, true, true],
  );
});
