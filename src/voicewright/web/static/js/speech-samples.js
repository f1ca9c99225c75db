// A WAV that is still being made: its samples as they come, when each block is to be heard, and the whole file.

const HEADER_BYTES = 44;
const FULL_SCALE = 32768;

/** Reads a stream of 16-bit mono WAV; a block may end anywhere, also in the middle of a sample. */
export class WavReader {
  constructor() {
    this.left = new Uint8Array(0);
    this.rate = 0;
  }

  /** @returns {Float32Array} what is complete of the sound; empty while only the header has come */
  take(bytes) {
    let all = joined([this.left, bytes]);
    if (!this.rate) {
      if (all.length < HEADER_BYTES) {
        this.left = all;
        return new Float32Array(0);
      }
      this.rate = view(all).getUint32(24, true);
      all = all.subarray(HEADER_BYTES);
    }
    const count = all.length >> 1;
    const samples = new Float32Array(count);
    const from = view(all);
    for (let index = 0; index < count; index += 1) samples[index] = from.getInt16(index * 2, true) / FULL_SCALE;
    this.left = all.slice(count * 2);
    return samples;
  }
}

/** When blocks are heard, one after another; where one comes late, there is a pause before it. */
export class Schedule {
  constructor(lead = 0.12) {
    this.lead = lead;
    this.parts = [];
    this.end = null;
    this.length = 0;
  }

  /** @returns {number} the moment at which a block of so many seconds begins */
  place(seconds, now) {
    const at = this.end === null || this.end < now ? now + this.lead : this.end;
    this.parts.push({ at, from: this.length, seconds });
    this.end = at + seconds;
    this.length += seconds;
    return at;
  }

  /** How much of the sound is heard by a moment; it stands still in a pause. */
  position(now) {
    let heard = 0;
    for (const { at, from, seconds } of this.parts) {
      if (now < at) break;
      heard = from + Math.min(now - at, seconds);
    }
    return heard;
  }
}

/** The whole file, with the lengths in its header that nobody knew when it began. */
export function sealedWav(pieces) {
  const file = joined(pieces);
  if (file.length < HEADER_BYTES) return file;
  view(file).setUint32(4, file.length - 8, true);
  view(file).setUint32(40, file.length - HEADER_BYTES, true);
  return file;
}

/** Pieces behind each other. */
export function joined(pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function view(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
