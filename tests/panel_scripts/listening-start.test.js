import assert from "node:assert/strict";
import test from "node:test";
import { requestOf } from "../../src/voicewright/web/static/js/listening-start.js";

const values = { sides: ["1", "2", ""], said: "usual", count: "12", sentences: "" };

test("what is left empty is not compared", () => {
  assert.deepEqual(requestOf(values), { sides: [{ modelId: "1" }, { modelId: "2" }], count: 12 });
});

test("each line is a sentence", () => {
  const sent = requestOf({ ...values, said: "own", sentences: " One. \n\nTwo.\n" });
  assert.deepEqual(sent.sentences, ["One.", "Two."]);
  assert.equal("count" in sent, false);
});

test("recordings say what they say", () => {
  const sent = requestOf({ ...values, sides: ["1", "1:recording"], said: "own", sentences: "One." });
  assert.deepEqual(sent, { sides: [{ modelId: "1" }, { modelId: "1", recording: true }], count: 12 });
});
