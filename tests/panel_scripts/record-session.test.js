// The order of sentences, what counts, coverage, and takes on their way.
import assert from "node:assert/strict";
import { test } from "node:test";
import { coverageOf, unitsOf, verdictOn } from "../../src/voicewright/web/static/js/record/coverage.js";
import { sentencesKept, sentencesOf, Session } from "../../src/voicewright/web/static/js/record/session.js";
import { holds, passes, Uploads } from "../../src/voicewright/web/static/js/record/uploads.js";
import { fitted } from "../../src/voicewright/web/static/js/record/waveform.js";

const prompts = ["one", "two", "three"].map((text) => ({ text, sounds: [...text].join(" ") }));
const session = (taken = []) => new Session({ prompts, taken, others: { seconds: 0 } });
const good = { state: "kept", verdict: "good", reasons: [], seconds: 2 };

test("sentences come one after another, and back", () => {
  const one = session();
  const take = one.keep();
  assert.equal(one.prompt.text, "two");
  one.skip();
  assert.equal(one.prompt.text, "three");
  assert.ok(one.back());
  assert.equal(one.prompt.text, "two");
  assert.ok(one.back());
  assert.equal(one.prompt.text, "one");
  assert.ok(!one.back());
  assert.equal(one.left, 3);
  assert.equal(one.unsent, 1);
  one.settle(take, { ...good, id: "a" });
  assert.equal(one.seconds, 2);
});

test("a new take replaces the one before, which counts until then", () => {
  const one = session();
  one.settle(one.keep(), { ...good, id: "a" });
  one.back();
  const again = one.keep();
  assert.equal(again.replaces, "a");
  assert.equal(one.seconds, 2);
  one.settle(again, { ...good, verdict: "rejected", id: "a", seconds: 0 });
  assert.equal(one.seconds, 2);
  assert.equal(one.count("rejected"), 0);
  assert.equal(one.count("good"), 1);
});

test("what can't be used is asked for again, last", () => {
  const one = session();
  const take = one.keep();
  one.settle(take, { state: "kept", verdict: "rejected", reasons: ["noise"], seconds: 0, id: "a" });
  assert.equal(one.count("rejected"), 1);
  one.keep();
  one.keep();
  assert.equal(one.prompt.text, "one");
  assert.equal(one.keep().replaces, "a");
  assert.equal(one.prompt, null);
});

test("who comes back goes on with what is missing; what was spoilt goes when it is read again", () => {
  const one = new Session({
    prompts: [{ ...prompts[1], replaces: "spoilt" }, prompts[2]],
    taken: [{ ...prompts[0], id: "a", verdict: "usable", reasons: [], seconds: 3 }],
    others: { seconds: 10 },
  });
  assert.equal(one.prompt.text, "two");
  assert.equal(one.seconds, 13);
  assert.equal(one.keep().replaces, "spoilt");
});

test("own sentences come at once, each only once, and are kept in the browser", () => {
  const one = session();
  assert.equal(one.add(["mine", "mine", "two"]), 1);
  assert.equal(one.prompt.text, "mine");
  one.keep();
  assert.equal(one.prompt.text, "one");
});

/** A browser's storage: what is kept, under names that can be listed. */
class Storage {
  getItem(name) {
    return this[name] ?? null;
  }

  setItem(name, value) {
    this[name] = value;
  }

  removeItem(name) {
    delete this[name];
  }
}

test("own sentences are kept until they are read, for one account", () => {
  const storage = Object.assign(new Storage(), { "voicewright.microphone": "m" });
  const own = sentencesKept("ann", "x", storage);
  own.keep(["a"]);
  own.keep(["a", "b"]);
  assert.deepEqual(own.read(), ["a", "b"]);
  own.forget("a");
  assert.deepEqual(sentencesKept("ann", "x", storage).read(), ["b"]);
  assert.deepEqual(sentencesKept("ann", "y", storage).read(), []);

  // the next who signs in on this computer finds nothing of hers
  assert.deepEqual(sentencesKept("an", "x", storage).read(), []);
  assert.deepEqual(Object.keys(storage), ["voicewright.microphone"]);
});

test("a text becomes sentences that can be read in one breath", () => {
  assert.deepEqual(sentencesOf("Good morning! How are you?\n\n***\nFine, thanks."), ["Good morning!", "How are you?", "Fine, thanks."]);
  const pieces = sentencesOf(`${"word ".repeat(40)}, ${"more ".repeat(40)}.`, 120);
  assert.ok(pieces.every((piece) => piece.length <= 120));
  assert.equal(pieces.join(" ").replace(/[^a-z]/g, "").length, 320);
});

test("coverage counts sounds and pairs, and pauses only as neighbours", () => {
  assert.deepEqual([...unitsOf("a b | a").heard], ["a", "b"]);
  assert.deepEqual([...unitsOf("a b | a").pairs], ["| a", "a b", "b |", "a |"]);
  assert.equal(unitsOf("").pairs.size, 0);
  const coverage = coverageOf(prompts, prompts.slice(0, 1), 4, 180);
  assert.deepEqual([coverage.sounds, coverage.allSounds], [3, 7]);
  assert.equal(coverage.stage, "begun");
  assert.match(coverage.text, /4 sounds were not heard yet, and 56 s of speech are missing/);
});

test("it says when it is enough, and what more would bring", () => {
  const stage = (seconds, sounds, pairShare) => verdictOn({ seconds, sounds, allSounds: 40, pairShare }, 180).stage;
  assert.equal(stage(300, 39, 0.9), "begun");
  assert.equal(stage(60, 40, 0.2), "first");
  assert.equal(stage(300, 40, 0.2), "first");
  assert.equal(stage(179, 40, 0.7), "first");
  assert.equal(stage(180, 40, 0.7), "good");
  assert.equal(stage(600, 40, 0.9), "ideal");
  assert.equal(verdictOn({ seconds: 180, sounds: 0, allSounds: 0, pairShare: 0 }, 180).stage, "good");
});

test("takes go one after another; those that nobody answers wait and are tried again", async () => {
  const seen = [];
  const waits = [];
  let answers = [new Error("away"), "a", { status: 422 }, "c"];
  const send = async (job) => {
    const answer = answers.shift();
    if (typeof answer !== "string") throw answer;
    return `${job}${answer}`;
  };
  const uploads = new Uploads(send, {
    changed: (job, state, outcome) => seen.push([job, state, typeof outcome === "string" ? outcome : ""].join(" ").trim()),
    away: (away) => seen.push(away ? "away" : "back"),
    later: (again, wait) => waits.push([again, wait]),
  });
  uploads.add(1);
  await new Promise(setImmediate);
  uploads.add(2);
  uploads.add(3);
  assert.deepEqual(seen, ["1 sending", "1 waiting", "away"]);
  waits[0][0]();
  await new Promise(setImmediate);
  assert.deepEqual(seen.slice(3), ["1 sending", "back", "1 kept 1a", "2 sending", "2 failed", "3 sending", "back", "3 kept 3c"]);
});

test("whoever is signed out loses no take: all wait until they go on", async () => {
  const seen = [];
  const held = [];
  let refusal = { status: 401 };
  const send = async (job) => {
    if (refusal) throw refusal;
    return `${job} there`;
  };
  const uploads = new Uploads(send, {
    changed: (job, state) => seen.push(`${job} ${state}`),
    held: (why) => held.push(why?.status ?? null),
    later: () => assert.fail("it must not try by itself"),
  });
  uploads.add("a");
  await new Promise(setImmediate);
  uploads.add("b");
  uploads.hurry();
  await new Promise(setImmediate);
  assert.deepEqual([seen, held, uploads.jobs], [["a sending", "a waiting"], [401], ["a", "b"]]);
  refusal = { status: 403 };
  uploads.goOn();
  await new Promise(setImmediate);
  assert.deepEqual([held, uploads.jobs], [[401, null, 403], ["a", "b"]]);
  refusal = null;
  uploads.goOn();
  await new Promise(setImmediate);
  assert.deepEqual([seen.at(-1), held.at(-1), uploads.jobs], ["b kept", null, []]);
  assert.ok(holds({ status: 401 }) && !holds({ status: 422 }) && !holds(new TypeError()));
});

test("only what may pass is tried again", () => {
  assert.ok(passes({ status: 0 }) && passes({ status: 429 }) && passes({ status: 503 }) && passes(new TypeError()));
  assert.ok(!passes({ status: 422 }) && !passes({ status: 409 }) && !passes({ status: 401 }));
});

test("a long take is drawn by its loudest neighbours", () => {
  assert.deepEqual(fitted([0.1, 0.2], 5), [0.1, 0.2]);
  assert.deepEqual(fitted([0.1, 0.9, 0.3, 0.2], 2), [0.9, 0.3]);
});
