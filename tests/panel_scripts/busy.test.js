// What a button shows while it is at work.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isBusy, unlessBusy, whileBusy } from "../../src/voicewright/web/static/js/busy.js";

const button = () => {
  const attributes = new Map();
  return {
    attributes, getAttribute: (name) => attributes.get(name) ?? null,
    setAttribute: (name, value) => attributes.set(name, value), removeAttribute: (name) => attributes.delete(name),
  };
};

/** A piece of work that the test ends, and a clock that it turns. */
function begin(pressed = button()) {
  const status = { textContent: "" };
  const work = {};
  let tick;
  const promise = new Promise((resolve, reject) => Object.assign(work, { resolve, reject }));
  const done = whileBusy(pressed, () => promise, { status, later: (tell) => { tick = tell; } });
  return { pressed, status, work, done, later: () => tick() };
}

test("a button is busy as long as its work goes on, and is never disabled", async () => {
  const { pressed, work, done } = begin();
  assert.equal(isBusy(pressed), true);
  assert.equal(pressed.disabled, undefined);
  work.resolve("made");
  assert.equal(await done, "made");
  assert.equal(isBusy(pressed), false);
  assert.equal(pressed.attributes.size, 0);
});

test("only what takes longer is told, and no more when it is over", async () => {
  const { status, work, done, later } = begin();
  assert.equal(status.textContent, "");
  later();
  assert.equal(status.textContent, "Working…");
  work.resolve();
  await done;
  assert.equal(status.textContent, "");
});

test("what fails ends it as well; work without a button is told, too", async () => {
  const { pressed, work, done } = begin();
  work.reject(new Error("refused"));
  await assert.rejects(done, /refused/);
  assert.equal(isBusy(pressed), false);
  const without = begin(null);
  without.later();
  assert.equal(without.status.textContent, "Working…");
  without.work.resolve();
  await without.done;
  assert.equal(isBusy(null), false);
});

test("a press on a button that is busy begins nothing", async () => {
  const { pressed, work, done } = begin();
  assert.equal(unlessBusy(pressed, () => assert.fail("it began")), undefined);
  work.resolve();
  await done;
});
