// The figures of an upload: how much is sent and how good it is, and how long the rest takes.

const RECENT_MS = 20_000;

/**
 * @param {any[]} items of a `Queue`; `size` in bytes, `progress` 0..1 of what is being sent, `result.samples` with
 *   `verdict` and `speech_seconds`
 */
export function totals(items) {
  const sum = { files: items.length, done: 0, failed: 0, bytes: 0, sentBytes: 0, recordings: 0, speechS: 0, good: 0, usable: 0, rejected: 0, refused: 0 };
  for (const item of items) {
    sum.bytes += item.size;
    if (item.state === "done") {
      sum.done += 1;
      sum.sentBytes += item.size;
      for (const sample of item.result?.samples ?? []) {
        sum.recordings += 1;
        sum.speechS += sample.speech_seconds;
        sum[sample.verdict] += 1;
      }
      sum.refused += item.result?.refused?.length ?? 0;
    } else if (item.state === "failed") {
      sum.failed += 1;
      sum.sentBytes += item.size;
    } else if (item.state === "sending") sum.sentBytes += item.size * (item.progress ?? 0);
  }
  sum.goodShare = sum.recordings ? sum.good / sum.recordings : null;
  sum.share = sum.bytes ? sum.sentBytes / sum.bytes : 0;
  return sum;
}

/** Tells from the last seconds how long the rest takes; what is paused does not count. */
export class Pace {
  #seen = [];

  /** Note how many bytes are sent, at a moment. */
  note(sentBytes, nowMs) {
    this.#seen.push([nowMs, sentBytes]);
    while (this.#seen.length > 2 && nowMs - this.#seen[0][0] > RECENT_MS) this.#seen.shift();
  }

  /** Forget: after a pause. */
  clear() {
    this.#seen = [];
  }

  /** Seconds that so many bytes take; null while nobody can tell. */
  secondsFor(bytes) {
    const [first] = this.#seen;
    const last = this.#seen.at(-1);
    if (!first || last[0] - first[0] < 1000 || last[1] <= first[1]) return null;
    return (bytes * (last[0] - first[0])) / (last[1] - first[1]) / 1000;
  }
}

/** `8 s`, `2 min`, `1 h 20 min`: about how long. */
export function roughly(seconds) {
  if (seconds < 55) return `${Math.max(5, Math.round(seconds / 5) * 5)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `12 s`, `3:05 min`, `1:02 h`. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
  return `${Math.floor(whole / 3600)}:${String(Math.floor(whole / 60) % 60).padStart(2, "0")} h`;
}

/** `512 bytes`, `3.4 MB`. */
export function size(bytes) {
  let left = bytes;
  let unit = 0;
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  while (left >= 1024 && unit < units.length - 1) [left, unit] = [left / 1024, unit + 1];
  return unit === 0 ? `${left} bytes` : `${left.toFixed(1)} ${units[unit]}`;
}
