// The end of a log, and who has scrolled away from it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isAtEnd, tail } from "../../src/voicewright/web/static/js/training/log-tail.js";

class Box extends EventTarget {
  lines = [];
  scrollTop = 0;
  clientHeight = 100;
  get scrollHeight() {
    return this.lines.length * 20;
  }
  get childElementCount() {
    return this.lines.length;
  }
  get firstElementChild() {
    return { remove: () => this.lines.shift() };
  }
  append(...lines) {
    this.lines.push(...lines);
  }
  focus() {}
  scrollTo(top) {
    this.scrollTop = top;
    this.dispatchEvent(new Event("scroll"));
  }
}
const write = (line) => line.id;
const lines = (...ids) => ids.map((id) => ({ id }));

test("it stays at the end until somebody scrolls up, and goes there again when asked", () => {
  const [box, button] = [new Box(), Object.assign(new EventTarget(), { hidden: true })];
  const log = tail(box, button, { write });
  log.add(lines(1, 2, 3, 4, 5, 6, 7, 8));
  assert.equal(box.scrollTop, 160);
  box.scrollTo(10);
  assert.deepEqual([log.follows, button.hidden], [false, false]);
  log.add(lines(9));
  assert.equal(box.scrollTop, 10);
  button.dispatchEvent(new Event("click"));
  assert.deepEqual([log.follows, button.hidden, box.scrollTop], [true, true, 180]);
});

test("a line that comes twice is there once, and the oldest go", () => {
  const box = new Box();
  const log = tail(box, new EventTarget(), { write, most: 3 });
  log.add(lines(1, 2));
  log.add(lines(2, 3, 4));
  assert.deepEqual(box.lines, [2, 3, 4]);
});

test("nothing goes away under the eyes of who reads", () => {
  const box = new Box();
  const log = tail(box, new EventTarget(), { write, most: 3 });
  log.add(lines(1, 2, 3));
  Object.defineProperty(box, "scrollHeight", { value: 1000 });
  box.scrollTo(0);
  log.add(lines(4, 5));
  assert.equal(box.lines.length, 5);
  assert.equal(isAtEnd({ scrollTop: 876, clientHeight: 100, scrollHeight: 1000 }), true);
  assert.equal(isAtEnd({ scrollTop: 800, clientHeight: 100, scrollHeight: 1000 }), false);
});
