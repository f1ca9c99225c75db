// Calls of the REST API: what is sent, and what a refusal becomes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, call } from "../../src/voicewright/web/static/js/api.js";
import { callHere, SIGNED_OUT, whyNot } from "../../src/voicewright/web/static/js/signed-out.js";

function answering(status, body, type = "application/json") {
  const asked = [];
  globalThis.fetch = async (address, sent) => {
    asked.push([address, sent]);
    return new Response(body, { status, headers: { "Content-Type": type } });
  };
  return asked;
}

test("JSON goes out and comes back", async () => {
  const asked = answering(200, '{"id": 7}');
  assert.deepEqual(await call("POST", "/things", { json: { name: "Ann" } }), { id: 7 });
  const [address, sent] = asked[0];
  assert.equal(address, "/things");
  assert.equal(sent.body, '{"name":"Ann"}');
  assert.equal(sent.headers["Content-Type"], "application/json");
  assert.equal(sent.credentials, "same-origin");
});

test("an answer without a body is null", async () => {
  globalThis.fetch = async () => new Response(null, { status: 204 });
  assert.equal(await call("DELETE", "/things/7"), null);
});

test("a refusal has the code, the words and the fields", async () => {
  answering(422, JSON.stringify({ error: "Choose another name.", code: "NAME_TAKEN", requestId: "r1", fields: [{ field: "name", message: "taken" }] }));
  await assert.rejects(call("POST", "/things"), (error) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.message, "Choose another name.");
    assert.equal(error.code, "NAME_TAKEN");
    assert.deepEqual(error.fields, [{ field: "name", message: "taken" }]);
    return true;
  });
});

test("OpenAI's form of a refusal is understood too", async () => {
  answering(404, JSON.stringify({ error: { message: "No such voice.", code: "VOICE_NOT_FOUND" } }));
  await assert.rejects(call("POST", "/v1/audio/speech"), { message: "No such voice.", code: "VOICE_NOT_FOUND" });
});

test("who is signed out is led to sign in, unless the page holds what would be lost", async () => {
  const gone = [];
  globalThis.location = { pathname: "/panel/voices", search: "?page=2", assign: (address) => gone.push(address) };
  answering(401, JSON.stringify({ error: "Sign in.", code: "NOT_AUTHENTICATED" }));
  await assert.rejects(call("POST", "/things", { stay: true }), { status: 401 });
  await assert.rejects(callHere("POST", "/things"), { status: 401, message: SIGNED_OUT });
  assert.deepEqual(gone, []);
  await assert.rejects(call("POST", "/things"), { status: 401 });
  assert.deepEqual(gone, ["/panel/sign-in?next=%2Fpanel%2Fvoices%3Fpage%3D2"]);
});

test("a page goes on only for the account that it was opened with", async () => {
  const told = (id) => async () => ({ id });
  assert.equal(await whyNot("ann", told("ann")), "");
  assert.match(await whyNot("ann", told("bob")), /^Somebody else is signed in now/);
  answering(401, JSON.stringify({ error: "Sign in.", code: "NOT_AUTHENTICATED" }));
  assert.match(await whyNot("ann"), /^Nobody is signed in yet/);
  delete globalThis.location;
});

test("no answer at all says what to look for", async () => {
  globalThis.fetch = async () => { throw new TypeError("failed"); };
  await assert.rejects(call("GET", "/things"), { code: "UNREACHABLE", status: 0 });
});
