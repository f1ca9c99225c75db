// A file on its way: what of its progress and of its answer is told.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { post } from "../../src/voicewright/web/static/js/sent-file.js";

let sent;

/** What Node has not: a request that ends when the test says so. */
class Request {
  upload = {};
  headers = {};
  status = 0;
  responseText = "";
  constructor() {
    sent = this;
  }
  open(method, address) {
    this.asked = `${method} ${address}`;
  }
  setRequestHeader(name, value) {
    this.headers[name] = value;
  }
  getResponseHeader() {
    return this.retryAfter ?? null;
  }
  send(body) {
    this.body = body;
  }
  abort() {
    this.onloadend();
  }
  answer(status, text, retryAfter) {
    Object.assign(this, { status, responseText: text, retryAfter });
    this.onloadend();
  }
}

beforeEach(() => {
  globalThis.XMLHttpRequest = Request;
});

test("a file goes with its headers and says how far it is", async () => {
  const shares = [];
  const answer = post("/datasets/upload", "sound", { headers: { "X-Name": "a" }, progressed: (share) => shares.push(share) });
  assert.deepEqual([sent.asked, sent.body, sent.headers], ["POST /datasets/upload", "sound", { Accept: "application/json", "X-Name": "a" }]);
  sent.upload.onprogress({ lengthComputable: true, loaded: 1, total: 4 });
  sent.upload.onprogress({ lengthComputable: false, loaded: 1, total: 0 });
  assert.deepEqual(shares, [0.25, 0]);
  sent.answer(200, '{"id": 7}');
  assert.deepEqual(await answer, { status: 200, body: { id: 7 }, retryAfter: null });
});

test("a refusal is an answer as well, also a proxy's that is no JSON", async () => {
  const busy = post("/x", "sound");
  sent.answer(503, "<html>away</html>", "7");
  assert.deepEqual(await busy, { status: 503, body: null, retryAfter: "7" });
});

test("what is broken off ends without an answer", async () => {
  const stop = new AbortController();
  const answer = post("/x", "sound", { signal: stop.signal });
  stop.abort();
  assert.deepEqual(await answer, { status: 0, body: null, retryAfter: null });
});
