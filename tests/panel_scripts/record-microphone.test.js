// The microphone: what it writes down, what becomes of that when something comes between, and what is told where
// there is none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { faultOf, impossible, Microphone } from "../../src/voicewright/web/static/js/record/microphone.js";

const RATE = 8000;
const PIECE = 800; // 0.1 s

/** A browser whose microphone says what the test wants. */
function browser() {
  const made = { tracks: [], state: "running", resumed: 0, setTimeout() {} };
  class Track extends EventTarget {
    readyState = "live";
    stop() {
      this.readyState = "ended";
    }
  }
  made.AudioContext = class {
    sampleRate = RATE;
    audioWorklet = { addModule: async () => {} };
    createMediaStreamSource = () => ({ connect() {} });
    get state() {
      return made.state;
    }
    resume = async () => {
      made.resumed += 1;
    };
    close() {}
  };
  made.AudioWorkletNode = class {
    constructor() {
      this.port = made.port = {};
    }
  };
  const getUserMedia = async () => {
    const track = new Track();
    made.tracks.push(track);
    return { getTracks: () => [track], getAudioTracks: () => [track] };
  };
  made.navigator = { mediaDevices: { getUserMedia } };
  /** Pieces of a tenth of a second, each of one value. */
  made.hear = (...values) => values.forEach((value) => made.port.onmessage({ data: new Float32Array(PIECE).fill(value) }));
  return made;
}

async function opened(heard) {
  const there = browser();
  const microphone = new Microphone(heard, there);
  await microphone.open();
  return { there, microphone };
}

/** The value of each piece. */
const values = (sound) => Array.from({ length: sound.length / PIECE }, (_, index) => sound[index * PIECE]);

test("a take has the moment before it, and a moment after its end", async () => {
  const { there, microphone } = await opened();
  there.hear(1, 2, 3);
  microphone.start();
  there.hear(4);
  const take = microphone.stop();
  there.hear(5, 6, 7);
  assert.deepEqual(values(await take), [2, 3, 4, 5, 6]);
});

test("the room is heard for as long as is asked, and nothing from before", async () => {
  const { there, microphone } = await opened();
  there.hear(1);
  const room = microphone.listen(0.3);
  there.hear(2, 3, 4, 5);
  assert.deepEqual(values(await room), [2, 3, 4]);
});

test("whoever waits for what is dropped gets null: by another take, another device, or the end of this one", async () => {
  const between = {
    start: ({ microphone }) => microphone.start(),
    listen: ({ microphone }) => void microphone.listen(1),
    drop: ({ microphone }) => microphone.drop(),
    device: ({ microphone }) => microphone.open("another"),
    unplugged: ({ there }) => there.tracks.at(-1).dispatchEvent(new Event("ended")),
  };
  for (const [name, come] of Object.entries(between)) {
    const { there, microphone } = await opened();
    const room = microphone.listen(0.3);
    there.hear(1);
    await come({ there, microphone });
    assert.equal(await room, null, name);
    microphone.start();
    const take = microphone.stop();
    there.hear(8, 9);
    assert.deepEqual(values(await take).slice(-2), [8, 9], `${name}: the next take`);
  }
});

test("a microphone that is pulled out is told of, and an earlier one is let go", async () => {
  let gone = 0;
  const { there, microphone } = await opened({ ended: () => (gone += 1) });
  await microphone.open("another");
  assert.deepEqual(there.tracks.map((track) => track.readyState), ["ended", "live"]);
  assert.ok(microphone.isOpen);
  there.tracks[1].dispatchEvent(new Event("ended"));
  assert.equal(gone, 1);
});

test("what the system has broken off goes on when somebody records or checks the room", async () => {
  for (const press of [(microphone) => microphone.start(), (microphone) => void microphone.listen(1)]) {
    const { there, microphone } = await opened();
    press(microphone);
    assert.equal(there.resumed, 1, "it is running");
    there.state = "interrupted";
    press(microphone);
    assert.equal(there.resumed, 2);
  }
});

test("a browser that does not begin to listen is told of, and nobody waits for it without an end", async () => {
  const there = browser();
  const { AudioContext } = there;
  there.AudioContext = class extends AudioContext {
    resume = () => new Promise(() => {});
  };
  there.setTimeout = (run) => run();
  const microphone = new Microphone({}, there);
  const fault = await microphone.open().then(() => null, faultOf);
  assert.match(fault, /headphones/);
  assert.ok(!microphone.isOpen, "it is let go");
});

test("where nothing can be recorded, it is told what to change", () => {
  const able = { isSecureContext: true, navigator: { mediaDevices: { getUserMedia() {} } }, AudioWorkletNode: class {} };
  assert.equal(impossible(able), null);
  assert.match(impossible({ ...able, isSecureContext: false }).text, /https/);
  assert.match(impossible({ ...able, navigator: {} }).text, /current/);
  assert.match(impossible({ ...able, AudioWorkletNode: undefined }).text, /current/);
});

test("each fault of opening has its own advice", () => {
  const advice = (name) => faultOf({ name, message: "why" });
  assert.match(advice("NotAllowedError"), /allow/);
  assert.match(advice("NotFoundError"), /Plug one in/);
  assert.equal(advice("OverconstrainedError"), advice("NotFoundError"));
  assert.match(advice("NotReadableError"), /Another program/);
  assert.match(advice("TypeError"), /\(why\)/);
});
