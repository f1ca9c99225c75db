// The stream that comes back by itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { follow, poll } from "../../src/voicewright/web/static/js/live.js";

class Source extends EventTarget {
  static CLOSED = 2;
  static made = [];
  readyState = 1;
  constructor(address) {
    super();
    this.address = address;
    Source.made.push(this);
  }
  tell(name, data, lastEventId) {
    this.dispatchEvent(Object.assign(new Event(name), { data: JSON.stringify(data), lastEventId }));
  }
  break(readyState) {
    this.readyState = readyState;
    this.onerror();
  }
  close() {
    this.readyState = 2;
  }
}

test("it comes back, later each time, after the last event that it has seen", () => {
  Source.made = [];
  const heard = [];
  const waits = [];
  const states = [];
  const later = (open, wait) => waits.push([open, wait]);
  const stream = follow("/training/1/events", { progress: (data) => heard.push(data) }, { Source, later, state: (s) => states.push(s) });
  Source.made[0].tell("progress", { done: 1 }, "7");
  Source.made[0].break(0); // the browser comes back by itself
  assert.equal(waits.length, 0);
  Source.made[0].break(2);
  waits[0][0]();
  assert.equal(Source.made[1].address, "/training/1/events?after=7");
  Source.made[1].break(2);
  assert.ok(waits[1][1] > waits[0][1]);
  waits[1][0]();
  Source.made[2].onopen();
  Source.made[2].tell("progress", { done: 2 }, "8");
  assert.deepEqual(heard, [{ done: 1 }, { done: 2 }]);
  stream.close();
  assert.deepEqual(states, ["away", "away", "away", "open", "ended"]);
});

class Page extends EventTarget {
  hidden = false;
  see(isSeen) {
    this.hidden = !isSeen;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a page that nobody sees holds no stream, and one that is seen again asks for what it shows by then", () => {
  Source.made = [];
  const page = new Page();
  page.hidden = true;
  let mark = "a";
  const stream = follow(() => `/panel/jobs/events?mark=${mark}`, {}, { Source, page });
  assert.equal(Source.made.length, 0);
  page.see(true);
  page.see(true);
  assert.deepEqual(Source.made.map(({ address }) => address), ["/panel/jobs/events?mark=a"]);
  page.see(false);
  assert.equal(Source.made[0].readyState, 2);
  mark = "b";
  page.see(true);
  assert.equal(Source.made[1].address, "/panel/jobs/events?mark=b");
  stream.close();
  page.see(false);
  page.see(true);
  assert.equal(Source.made.length, 2);
});

test("a stream goes on after its last event when the page is seen again, and waits for nothing meanwhile", () => {
  Source.made = [];
  const page = new Page();
  follow("/training/1/events", { progress: () => {} }, { Source, page });
  Source.made[0].tell("progress", {}, "7");
  page.see(false);
  Source.made[0].onerror(); // of a stream that was let go
  assert.equal(Source.made.length, 1);
  page.see(true);
  assert.equal(Source.made[1].address, "/training/1/events?after=7");
});

test("a stream that is refused asks who is signed in, and gives up where nobody is", async () => {
  Source.made = [];
  const waits = [];
  const later = (open) => waits.push(open);
  let refused = { status: 503 };
  const whoAmI = () => Promise.reject(Object.assign(new Error(), refused));
  follow("/panel/jobs/events", {}, { Source, later, page: new Page(), whoAmI });
  Source.made[0].break(0); // the connection only
  Source.made[0].break(2);
  await settled();
  waits[0]();
  assert.equal(Source.made.length, 2); // the service is busy: it is still us
  refused = { status: 401 };
  Source.made[1].break(2);
  await settled();
  waits[1]();
  assert.equal(Source.made.length, 2);
});

test("what is polled is asked for while the page is seen, at once when it is again, and one at a time", async () => {
  const page = new Page();
  const waits = [];
  const states = [];
  const answers = [];
  const ask = () => new Promise((resolve, reject) => answers.push({ resolve, reject }));
  const polled = poll(ask, 4000, { page, later: (turn) => waits.push(turn), state: (s) => states.push(s) });
  answers[0].resolve([]);
  await settled();
  waits[0]();
  assert.equal(answers.length, 2);
  page.see(false);
  answers[1].reject(new Error("away"));
  await settled();
  assert.equal(waits.length, 1); // nobody sees it
  page.see(true);
  assert.equal(answers.length, 3);
  answers[2].resolve(undefined); // there was nothing to ask for
  await settled();
  assert.deepEqual(states, ["open", "away"]);
  polled.close();
});
