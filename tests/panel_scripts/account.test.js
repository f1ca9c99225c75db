// The account's pages: keys, what ended since the last look, and what has to be typed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isTyped } from "../../src/voicewright/web/static/js/account-data.js";
import { choose, expiryOf, filled } from "../../src/voicewright/web/static/js/account-keys.js";
import { copy } from "../../src/voicewright/web/static/js/copy.js";
import { canTell, ended, isOn, turnOff, turnOn, words } from "../../src/voicewright/web/static/js/job-notices.js";

test("a key expires so many days from now, or never", () => {
  assert.equal(expiryOf("30", Date.UTC(2026, 0, 1)), "2026-01-31T00:00:00.000Z");
  assert.equal(expiryOf(""), "");
});

test("a snippet has the secret wherever it belongs", () => {
  assert.equal(filled("a API_KEY b API_KEY", "vw_$&1"), "a vw_$&1 b vw_$&1");
});

test("a preset ticks what it names and nothing else", () => {
  const boxes = [{ value: "speech", checked: false }, { value: "admin", checked: true }];
  choose(boxes, ["speech"]);
  assert.deepEqual(boxes.map((box) => box.checked), [true, false]);
});

test("a text is put on the clipboard, or left selected where there is none", async () => {
  const written = [];
  assert.equal(await copy({ textContent: "vw_x" }, { writeText: async (text) => written.push(text) }), true);
  assert.deepEqual(written, ["vw_x"]);
  const selected = [];
  globalThis.getSelection = () => ({ selectAllChildren: (element) => selected.push(element) });
  globalThis.document = { execCommand: () => false };
  const source = { textContent: "vw_y" };
  assert.equal(await copy(source, undefined), false);
  assert.deepEqual(selected, [source]);
  delete globalThis.document;
});

test("what is to be deleted is typed whole", () => {
  assert.equal(isTyped(" Ann@Example.com ", "ann@example.com"), true);
  assert.equal(isTyped("ann@example.co", "ann@example.com"), false);
  assert.equal(isTyped("", ""), false);
});

test("the first look tells of nothing, later ones of what has ended since", () => {
  const job = (id, status) => ({ id, status, name: "Ann" });
  const first = ended(null, [job("1", "completed"), job("2", "running"), job("3", "queued")]);
  assert.deepEqual(first.news, []);
  const next = [job("1", "completed"), job("2", "failed"), job("3", "cancelled"), job("4", "completed")];
  const second = ended(first.now, next);
  assert.deepEqual(second.news.map((one) => one.id), ["2", "4"]);
  assert.deepEqual(ended(second.now, next).news, []);
  assert.match(words(second.news[0]).title, /failed/);
  assert.match(words(second.news[1]).title, /is trained/);
});

test("notes are shown where the page is encrypted, the browser allows it and somebody wants it", async () => {
  const kept = new Map();
  const scope = {
    isSecureContext: true,
    Notification: { permission: "default", requestPermission: async () => (scope.Notification.permission = "granted") },
    localStorage: { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) },
  };
  assert.equal(isOn(scope), false);
  assert.equal(await turnOn(scope), true);
  assert.equal(isOn(scope), true);
  turnOff(scope);
  assert.equal(isOn(scope), false);
  assert.equal(canTell({ ...scope, isSecureContext: false }), false);
  assert.equal(await turnOn({ isSecureContext: true }), false);
});
