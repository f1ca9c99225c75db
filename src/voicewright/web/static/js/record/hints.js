// What can be told of a take before anybody else hears it. The server judges it again, and its word counts.
import { dbfs, frameLevels, peakOf, SILENCE_DB } from "./levels.js";

const FRAME_S = 0.02;
const CLIPPED = 0.989;
const SHORTEST_RUN = 3;
const OVER_NOISE_DB = 10;
const UNDER_LOUDEST_DB = 32;
const FASTEST_LETTERS_PER_S = 26;
const SLOWEST_LETTERS_PER_S = 5;
const EDGE_S = 0.06;

/**
 * @param {Float32Array} samples
 * @param {number} rate
 * @param {number | null} noiseDb of the room; null: nobody has checked
 * @returns {{durationS: number, peakDb: number, speechDb: number, noiseDb: number, speechS: number, startsAtS: number, endsAtS: number, clipped: number}}
 */
export function measure(samples, rate, noiseDb = null) {
  const levels = frameLevels(samples, rate);
  const sorted = [...levels].sort((a, b) => a - b);
  const loudest = sorted.length ? sorted[Math.floor((sorted.length - 1) * 0.98)] : SILENCE_DB;
  const quiet = sorted.length ? sorted[Math.floor((sorted.length - 1) * 0.05)] : SILENCE_DB;
  const floor = noiseDb ?? Math.min(quiet, loudest - 15);
  const threshold = Math.max(floor + OVER_NOISE_DB, loudest - UNDER_LOUDEST_DB);
  const loud = levels.map((level) => level > threshold && level > -60);
  const first = loud.indexOf(true);
  const last = loud.lastIndexOf(true);
  const active = levels.filter((_, index) => loud[index]);
  const power = active.reduce((sum, level) => sum + 10 ** (level / 10), 0) / (active.length || 1);
  return {
    durationS: samples.length / rate,
    peakDb: dbfs(peakOf(samples)),
    speechDb: active.length ? 10 * Math.log10(power) : SILENCE_DB,
    noiseDb: noiseDb ?? quiet,
    speechS: first < 0 ? 0 : (last - first + 1) * FRAME_S,
    startsAtS: first < 0 ? 0 : first * FRAME_S,
    endsAtS: first < 0 ? 0 : samples.length / rate - (last + 1) * FRAME_S,
    clipped: clippedOf(samples),
  };
}

/** Samples in runs at full scale. */
export function clippedOf(samples) {
  let clipped = 0;
  let run = 0;
  for (const sample of samples) {
    if (Math.abs(sample) >= CLIPPED) {
      run += 1;
      if (run === SHORTEST_RUN) clipped += SHORTEST_RUN;
      else if (run > SHORTEST_RUN) clipped += 1;
    } else run = 0;
  }
  return clipped;
}

/**
 * What to say of a take; empty: nothing is wrong that can be told here.
 * @param {ReturnType<typeof measure>} measured
 * @param {string} text the sentence
 * @returns {{code: string, tone: "warn" | "bad", text: string}[]}
 */
export function hintsFor(measured, text) {
  if (measured.speechS < 0.2) {
    return [hint("silent", "bad", "No speech was heard. Is the right microphone chosen, and is it switched on?")];
  }
  const found = [];
  if (measured.clipped > 0) found.push(hint("clipping", "bad", "It was too loud and is cut off at the top. Move back a little, or turn the microphone down, and read it again."));
  else if (measured.speechDb < -38) found.push(hint("quiet", "warn", "It is very quiet. Come closer, or turn the microphone up."));
  if (measured.speechDb - measured.noiseDb < 20) found.push(hint("noise", "warn", "There is much noise behind the voice. Wait for a quieter moment, or come closer."));
  const letters = [...text].filter((character) => /[\p{L}\p{N}]/u.test(character)).length;
  if (letters && measured.speechS < letters / FASTEST_LETTERS_PER_S) {
    found.push(hint("short", "bad", "It is shorter than the sentence takes. Were all of the words read?"));
  } else {
    if (measured.startsAtS < EDGE_S) found.push(hint("start", "warn", "The beginning may be cut off. Press first, breathe in, then speak."));
    if (measured.endsAtS < EDGE_S) found.push(hint("end", "warn", "The end may be cut off. Wait a moment before you stop."));
  }
  if (letters && measured.speechS > letters / SLOWEST_LETTERS_PER_S + 2) {
    found.push(hint("long", "warn", "It takes long for this sentence. Pauses within it are learnt as well."));
  }
  return found;
}

function hint(code, tone, text) {
  return { code, tone, text };
}
