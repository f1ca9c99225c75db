// Levels, hints and files of takes: figures of sounds that are known.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clippedOf, hintsFor, measure } from "../../src/voicewright/web/static/js/record/hints.js";
import { dbfs, levelWord, noiseOf, peakOf, rmsOf } from "../../src/voicewright/web/static/js/record/levels.js";
import { figures, Meters, place } from "../../src/voicewright/web/static/js/record/meter.js";
import { joined, wavOf } from "../../src/voicewright/web/static/js/record/wav.js";

const RATE = 16_000;
const TEXT = "The old map showed a village that no longer exists.";

const tone = (seconds, peak) => Float32Array.from({ length: seconds * RATE }, (_, index) => peak * Math.sin((2 * Math.PI * 200 * index) / RATE));
const room = (seconds, level = 0.0005) => Float32Array.from({ length: seconds * RATE }, (_, index) => level * (index % 2 ? 1 : -1));
const take = (speech, peak, { before = 0.3, after = 0.3, noise = 0.0005 } = {}) => joined([room(before, noise), tone(speech, peak), room(after, noise)]);
const hints = (sound, noiseDb = null) => hintsFor(measure(sound, RATE, noiseDb), TEXT).map(({ code }) => code);

test("levels are those of the textbook", () => {
  assert.equal(dbfs(1), 0);
  assert.equal(dbfs(0), -100);
  assert.ok(Math.abs(dbfs(rmsOf(tone(1, 1))) + 3.01) < 0.01);
  assert.ok(Math.abs(dbfs(peakOf(tone(1, 0.5))) + 6.02) < 0.01);
  assert.equal(rmsOf(new Float32Array(0)), 0);
});

test("the meter has words for them", () => {
  assert.match(levelWord(-6, 0).word, /Clipping/);
  assert.match(levelWord(-12, -2).word, /Too loud/);
  assert.equal(levelWord(-23, -10).word, "Good");
  assert.match(levelWord(-40, -30).word, /Too quiet/);
  assert.equal(levelWord(-64, -52).word, "Silent");
});

test("the room is told as quiet, noisy, loud, or no room at all", () => {
  assert.equal(noiseOf(room(3), RATE).tone, "good");
  assert.equal(noiseOf(room(3, 0.006), RATE).tone, "warn");
  assert.equal(noiseOf(room(3, 0.03), RATE).tone, "bad");
  assert.match(noiseOf(new Float32Array(3 * RATE), RATE).title, /Nothing comes/);
  assert.match(noiseOf(joined([room(2), tone(1, 0.3)]), RATE).title, /Something was heard/);
  assert.ok(Math.abs(noiseOf(room(3, 0.001), RATE).db + 60) < 0.1);
});

test("a take that is fine gets no hint", () => {
  assert.deepEqual(hints(take(3, 0.3)), []);
  const { durationS, speechS, startsAtS } = measure(take(3, 0.3), RATE);
  assert.ok(Math.abs(durationS - 3.6) < 0.01);
  assert.ok(Math.abs(speechS - 3) < 0.1);
  assert.ok(Math.abs(startsAtS - 0.3) < 0.05);
});

test("each fault of a take is told", () => {
  assert.deepEqual(hints(room(2)), ["silent"]);
  assert.deepEqual(hints(take(3, 0.012)), ["quiet"]);
  assert.ok(hints(Float32Array.from(take(3, 1.5), (one) => Math.max(-1, Math.min(1, one)))).includes("clipping"));
  assert.ok(hints(take(3, 0.2, { noise: 0.03 })).includes("noise"));
  assert.deepEqual(hints(take(1, 0.3)), ["short"]);
  assert.deepEqual(hints(take(3, 0.3, { before: 0 })), ["start"]);
  assert.deepEqual(hints(take(3, 0.3, { after: 0 })), ["end"]);
  assert.deepEqual(hints(take(20, 0.3, { before: 1, after: 1 })), ["long"]);
});

test("clipping is what stays at full scale", () => {
  assert.equal(clippedOf(Float32Array.of(0, 1, 0, 1, 1, 0)), 0);
  assert.equal(clippedOf(Float32Array.of(0, 1, 1, 1, 1, 0)), 4);
});

test("a file has 16-bit samples and says so", () => {
  const wav = wavOf(Float32Array.of(0, 0.5, -0.5, 1.2, -1.2), 48_000);
  const view = new DataView(wav.buffer);
  assert.equal(new TextDecoder().decode(wav.subarray(0, 4)), "RIFF");
  assert.equal(new TextDecoder().decode(wav.subarray(8, 16)), "WAVEfmt ");
  assert.equal(view.getUint32(4, true), wav.length - 8);
  assert.equal(view.getUint16(22, true), 1);
  assert.equal(view.getUint32(24, true), 48_000);
  assert.equal(view.getUint16(34, true), 16);
  assert.equal(view.getUint32(40, true), 10);
  assert.deepEqual([0, 1, 2, 3, 4].map((index) => view.getInt16(44 + 2 * index, true)), [0, 16384, -16384, 32767, -32768]);
});

test("a level has its place on the bar, and its figures", () => {
  assert.deepEqual([-100, -60, -30, 0, 3].map(place), [0, 0, 50, 100, 100]);
  assert.equal(figures(-23.4, -12), "loudness −23, peak −12 dBFS");
  assert.equal(figures(-100, -99), "loudness –∞, peak –∞ dBFS");
});

test("the mark of the peak jumps up at once and falls slowly", () => {
  globalThis.requestAnimationFrame = () => 1;
  const meters = new Meters({ querySelectorAll: () => [] });
  const peaks = [-20, -6, -60, -60, -3].map((peakDb) => {
    meters.show(-30, peakDb);
    return meters.peakDb;
  });
  assert.ok(peaks[1] === -6 && peaks[4] === -3, peaks);
  assert.ok(peaks[2] < -6 && peaks[3] < peaks[2] && peaks[3] > -12, peaks);
});
