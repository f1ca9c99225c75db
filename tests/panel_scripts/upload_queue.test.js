// The queue of an upload: a few at a time, pause, retry, and a service that goes away.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Queue, SendFailed } from "../../src/voicewright/web/static/js/upload/queue.js";

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A queue whose sends end when the test says so. */
function made(count, options = {}) {
  const going = new Map();
  const send = (item, signal) => new Promise((resolve, reject) => {
    going.set(item.name, { resolve, reject });
    signal.addEventListener("abort", () => reject(new Error("aborted")));
  }).finally(() => going.delete(item.name));
  const timers = [];
  const queue = new Queue(send, { atOnce: 2, later: (act, ms) => timers.push({ act, ms }), never: () => {}, ...options });
  queue.add(Array.from({ length: count }, (_, number) => ({ name: String(number), size: 1 })));
  const states = () => queue.items.map((item) => item.state).join(" ");
  return { queue, going, timers, states };
}

test("so many at once, in order, until all are done", async () => {
  const { queue, going, states } = made(3);
  assert.equal(queue.isBusy, false);
  queue.start();
  assert.equal(states(), "sending sending waiting");
  assert.equal(queue.isBusy, true);
  going.get("1").resolve("b");
  await settle();
  assert.equal(states(), "sending done sending");
  going.get("0").resolve("a");
  going.get("2").resolve("c");
  await settle();
  assert.deepEqual([states(), queue.state, queue.isBusy], ["done done done", "done", false]);
  assert.deepEqual(queue.items.map((item) => item.result), ["a", "b", "c"]);
});

test("a pause breaks off what is being sent, and it is sent again", async () => {
  const { queue, going, states } = made(3);
  queue.start();
  going.get("0").resolve("a");
  await settle();
  queue.pause();
  await settle();
  assert.deepEqual([states(), queue.state, queue.isBusy], ["done waiting waiting", "paused", true]);
  queue.start();
  assert.equal(states(), "done sending sending");
});

test("what is refused stops nobody else, and can be tried again, alone or with all", async () => {
  const { queue, going, states } = made(3);
  queue.start();
  going.get("0").reject(new SendFailed("refused", "no sound"));
  going.get("1").reject(new TypeError("a bug"));
  await settle();
  going.get("2").resolve("c");
  await settle();
  assert.deepEqual([states(), queue.state], ["failed failed done", "done"]);
  assert.equal(queue.items[0].error.message, "no sound");
  queue.retry(queue.items[0]);
  assert.equal(states(), "sending failed done");
  going.get("0").resolve("a");
  await settle();
  queue.retry();
  assert.equal(states(), "done sending done");
});

test("while nobody answers it waits, longer each time, and then goes on where it was", async () => {
  const { queue, going, timers, states } = made(2);
  queue.start();
  going.get("0").reject(new SendFailed("away", "gone"));
  going.get("1").reject(new SendFailed("away", "gone"));
  await settle();
  assert.deepEqual([states(), queue.state, queue.isBusy], ["waiting waiting", "away", true]);
  assert.deepEqual(timers.map((timer) => timer.ms), [1000]);
  timers[0].act();
  assert.equal(states(), "sending sending");
  going.get("0").reject(new SendFailed("away", "busy", { afterMs: 7000 }));
  await settle();
  assert.equal(timers[1].ms, 7000);
  timers[1].act();
  going.get("0").resolve("a");
  going.get("1").resolve("b");
  await settle();
  assert.equal(queue.state, "done");
});

test("what would refuse everything stops it, with the reason, until somebody goes on", async () => {
  const { queue, going, states } = made(3);
  queue.start();
  going.get("0").reject(new SendFailed("halted", "The disk is full."));
  await settle();
  assert.deepEqual([states(), queue.state, queue.reason], ["waiting waiting waiting", "halted", "The disk is full."]);
  queue.start();
  assert.deepEqual([states(), queue.reason], ["sending sending waiting", ""]);
  going.get("1").reject(new SendFailed("halted", "", { signedOut: true }));
  await settle();
  assert.deepEqual([states(), queue.state, queue.signedOut, queue.isBusy], ["waiting waiting waiting", "halted", true, true]);
  queue.start();
  assert.equal(queue.signedOut, false);
});

test("a pause ends the wait", async () => {
  const { queue, going, timers } = made(1);
  queue.start();
  going.get("0").reject(new SendFailed("away", "gone"));
  await settle();
  queue.pause();
  timers[0].act();
  assert.equal(queue.state, "paused");
});
