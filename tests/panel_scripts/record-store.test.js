// Which take of a sentence stays, once the server has judged the new one.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { keepTake } from "../../src/voicewright/web/static/js/record/store.js";

const PLACE = { dataset: "Ann & Bob", speaker: "Ann", language: "en-us" };
const TAKE = { wav: new Uint8Array(2), text: "Good morning.", name: "take-1.wav", replaces: null };
let asked = [];
let verdict = "good";
let deletion = 204;

beforeEach(() => {
  asked = [];
  verdict = "good";
  deletion = 204;
  globalThis.fetch = async (address, { method, body }) => {
    asked.push({ method, address, body });
    if (method === "DELETE") return deletion === 204 ? new Response(null, { status: 204 }) : Response.json({ error: "No." }, { status: deletion });
    return Response.json({ files: [{ sample: { id: "new", verdict, reasons: ["why"], speech_seconds: 3.5 } }] });
  };
});

const deleted = () => asked.filter(({ method }) => method === "DELETE").map(({ address }) => address);

test("a take is sent with its words, and its judgement comes back", async () => {
  assert.deepEqual(await keepTake(PLACE, TAKE), { id: "new", verdict: "good", reasons: ["why"], seconds: 3.5 });
  const [{ method, address, body }] = asked;
  assert.deepEqual([method, address], ["POST", "/datasets/upload"]);
  const { audio, ...fields } = Object.fromEntries(body);
  assert.deepEqual(fields, { dataset_name: "Ann & Bob", speaker: "Ann", language: "en-us", transcript: "Good morning." });
  assert.deepEqual([audio.name, audio.type, audio.size], ["take-1.wav", "audio/wav", 2]);
  assert.deepEqual(deleted(), []);
});

test("a take that can be used replaces the one before", async () => {
  for (verdict of ["good", "usable"]) assert.equal((await keepTake(PLACE, { ...TAKE, replaces: "old" })).id, "new");
  assert.deepEqual(deleted(), Array(2).fill("/datasets/Ann%20%26%20Bob/clips/old"));
});

test("one that can't be used goes itself, and the one before stays", async () => {
  verdict = "rejected";
  const kept = await keepTake(PLACE, { ...TAKE, replaces: "old" });
  assert.deepEqual([kept.id, kept.verdict], ["old", "rejected"]);
  assert.deepEqual(deleted(), ["/datasets/Ann%20%26%20Bob/clips/new"]);
});

test("the only take of a sentence stays, whatever it is worth; the same bytes again are the same take", async () => {
  verdict = "rejected";
  assert.equal((await keepTake(PLACE, TAKE)).id, "new");
  assert.equal((await keepTake(PLACE, { ...TAKE, replaces: "new" })).id, "new");
  assert.deepEqual(deleted(), []);
});

test("one that is gone already is let go; where nobody answers the take is not kept yet", async () => {
  deletion = 404;
  assert.equal((await keepTake(PLACE, { ...TAKE, replaces: "old" })).id, "new");
  deletion = 503;
  await assert.rejects(keepTake(PLACE, { ...TAKE, replaces: "old" }), { status: 503 });
});
