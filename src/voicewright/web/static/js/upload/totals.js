// The figures of an upload: how much is sent and how good it is, and how long the rest takes.

const RECENT_MS = 20_000;

/**
 * @param {any[]} items of a `Queue`; `size` in bytes, `progress` 0..1 of what is being sent, `result.samples` with
 *   `verdict`, `speech_seconds` and `transcript`
 */
export function totals(items) {
  const sum = { files: items.length, done: 0, failed: 0, bytes: 0, sentBytes: 0, recordings: 0, wordless: 0, speechS: 0, good: 0, usable: 0, rejected: 0, refused: 0 };
  for (const item of items) {
    sum.bytes += item.size;
    if (item.state === "done") {
      sum.done += 1;
      sum.sentBytes += item.size;
      for (const sample of item.result?.samples ?? []) {
        sum.recordings += 1;
        if (!sample.transcript && sample.verdict !== "rejected") sum.wordless += 1;
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

/** Seconds of usable speech in a dataset: of what was there, by digest, and of what was sent since. */
export function speechWith(there, items) {
  const samples = new Map(there);
  for (const sample of items.flatMap((item) => item.result?.samples ?? [])) samples.set(sample.sha256, sample);
  return [...samples.values()].reduce((sum, sample) => sum + sample.speech_seconds, 0);
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
