import assert from "node:assert/strict";
import test from "node:test";
import { actionOf, Round } from "../../src/voicewright/web/static/js/listening-trial.js";

const trials = (...choices) => choices.map((choice, place) => ({ number: place + 1, text: "One.", choice }));

test("one may choose when both were heard, and not before", () => {
  const round = new Round(trials(null, null));
  assert.equal(round.canChoose, false);
  assert.equal(round.played("a", 0.5), false);
  assert.equal(round.played("a", 0.95), true);
  assert.equal(round.played("a", 1), false, "it is told once");
  assert.equal(round.canChoose, false);
  round.played("b", 1);
  assert.equal(round.canChoose, true);
  round.chose("b");
  assert.equal(round.current.number, 2);
  assert.equal(round.canChoose, false);
});

test("a test goes on where it was left, and one can go back", () => {
  const round = new Round(trials("a", null, null));
  assert.equal(round.current.number, 2);
  assert.equal(round.voted, 1);
  round.back();
  assert.equal(round.current.number, 1);
  assert.equal(round.canChoose, true, "it was heard before");
  assert.equal(round.canGoBack, false);
  round.back();
  round.chose("none");
  assert.deepEqual(round.trials.map((trial) => trial.choice), ["none", null, null]);
});

test("behind the last trial nothing is heard", () => {
  const round = new Round(trials("a", "b"));
  assert.equal(round.current, null);
  assert.equal(round.canChoose, false);
  assert.equal(round.played("a", 1), false);
});

test("keys play and choose", () => {
  assert.deepEqual(actionOf("a"), ["play", "a"]);
  assert.deepEqual(actionOf("B"), ["play", "b"]);
  assert.deepEqual([actionOf("1"), actionOf("2"), actionOf("0")], [["choose", "a"], ["choose", "b"], ["choose", "none"]]);
  assert.equal(actionOf("x"), null);
});
