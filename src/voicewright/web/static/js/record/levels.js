// How loud sound is, in figures and in words. Levels are in dBFS: 0 is the loudest that can be written down.

export const SILENCE_DB = -100;
const FRAME_S = 0.02;

/** A level of 0 to 1 as dBFS, never below -100. */
export function dbfs(level) {
  return level > 0 ? Math.max(20 * Math.log10(level), SILENCE_DB) : SILENCE_DB;
}

/** The loudest sample, 0 to 1 and above. */
export function peakOf(samples) {
  let peak = 0;
  for (const sample of samples) {
    const size = Math.abs(sample);
    if (size > peak) peak = size;
  }
  return peak;
}

/** The root of the mean square. */
export function rmsOf(samples) {
  if (!samples.length) return 0;
  let power = 0;
  for (const sample of samples) power += sample * sample;
  return Math.sqrt(power / samples.length);
}

/** The levels of frames of 20 ms, in dBFS. */
export function frameLevels(samples, rate) {
  const length = Math.max(1, Math.round(rate * FRAME_S));
  const levels = [];
  for (let start = 0; start + length <= samples.length; start += length) {
    levels.push(dbfs(rmsOf(samples.subarray(start, start + length))));
  }
  return levels;
}

/**
 * What the meter says of the last moment.
 * @param {number} rmsDb
 * @param {number} peakDb
 * @returns {{word: string, tone: "quiet" | "warn" | "good" | "bad"}}
 */
export function levelWord(rmsDb, peakDb) {
  if (peakDb >= -0.5) return { word: "Clipping: move away or turn it down", tone: "bad" };
  if (peakDb >= -3) return { word: "Too loud: turn it down a little", tone: "warn" };
  if (rmsDb < -50) return { word: "Silent", tone: "quiet" };
  if (peakDb < -26) return { word: "Too quiet: come closer or turn it up", tone: "warn" };
  return { word: "Good", tone: "good" };
}

/**
 * What a few seconds of silence tell of the room.
 * @param {Float32Array} samples
 * @param {number} rate
 * @returns {{db: number, tone: "good" | "warn" | "bad", title: string, text: string}}
 */
export function noiseOf(samples, rate) {
  const levels = frameLevels(samples, rate).sort((a, b) => a - b);
  const db = levels.length ? levels[Math.floor(levels.length / 2)] : SILENCE_DB;
  const figure = `${db.toFixed(0).replace("-", "−")} dBFS`;
  const told = (tone, title, text) => ({ db, tone, title: `${title} (${figure})`, text });
  if (levels.length && levels.at(-1) <= -95) {
    return told("bad", "Nothing comes from this microphone", "Is it muted, or switched off? Choose another one above, or look at the system's sound settings.");
  }
  if (levels.length && levels[Math.floor(levels.length * 0.9)] > db + 20 && db < -45) {
    return told("warn", "Something was heard", "Somebody spoke, or something fell. Check once more without a word.");
  }
  if (db <= -60) return told("good", "A very quiet room", "Nothing to do.");
  if (db <= -50) return told("good", "Quiet enough", "Nothing to do. Switching off what hums makes it better still.");
  if (db <= -40) return told("warn", "There is some noise", "Close windows and doors, switch off fans, and go farther from the computer. Then check again.");
  return told("bad", "It is loud here", "A voice learns the noise as well. Find a quieter room, or turn down the microphone's gain and come closer to it. Then check again.");
}
